// SPDX-License-Identifier: BSD-2-Clause
//! The sequences that `tests/components/vtd-replay` runs on QEMU's intel-iommu, on the model of the
//! same hardware. Both compare with the same map at each step, and the digest of what happened
//! shows that it was the same: so the model is checked by QEMU.

mod common;

use common::modelled::{Modelled, abilities};
use common::{expect_clean, start};
use vtd_model::{Board, Options, Registers};
use vtd_sequences::broken::{Case, Insides, Victim};
use vtd_sequences::{Digest, Replay, Tally};

/// QEMU's, as it is started for tests.
const QEMU: Options = Options {
    coherent: false,
    three_levels: true,
    four_levels: true,
    address_bits: 48,
    host_bits: 46,
    mega: true,
    giga: true,
    caching_mode: false,
    write_buffer: false,
    fault_records: 1,
    page_selective: true,
    max_address_mask: 18,
    drains: true,
    snoop_control: false,
    queue: true,
    remapping: true,
    extended_interrupts: true,
    posting: false,
    pointer_flushes: false,
    protected_memory: false,
    nd: 6,
    latency: 0,
    eager: false,
    folds_faults: true,
};

fn run(replay: Replay) -> (Digest, Tally) {
    let (board, driver) = start(&[QEMU]);
    let ended = replay.run(driver, Modelled::new(&board), abilities(&QEMU));
    let ended = ended.unwrap_or_else(|why| panic!("seed {:#x}, {why}", replay.seed()));
    ended.hardware.end();
    expect_clean(&board);
    (ended.digest, ended.tally)
}

#[test]
fn the_model_does_what_qemu_does() {
    let (mut digest, mut tally) = (Digest::default(), Tally::default());
    for replay in Replay::all() {
        let (one, what) = run(replay);
        digest.add(one.0);
        tally.merge(what);
    }
    println!("{tally}");
    for reason in [1, 2, 4, 5, 6, 0x21, 0x22, 0x26] {
        let times = tally.stopped.get(&reason).copied().unwrap_or(0);
        assert!(times >= 10, "reason {reason:#x} came up {times} times only");
    }
    let through = [tally.reads, tally.writes, tally.interrupts];
    assert!(through.iter().all(|&times| times >= 50), "{through:?}");
    assert_eq!(
        digest,
        Replay::DIGEST,
        "the sequences or the map have changed: this belongs in Replay::DIGEST"
    );
}

struct Behind(Board);

impl Insides for Behind {
    type Registers = Registers;

    fn registers(&self) -> Registers {
        self.0.registers(0)
    }

    fn peek(&self, at: u64) -> u64 {
        self.0.read(at)
    }

    fn poke(&mut self, at: u64, value: u64) {
        self.0.write(at, value);
        self.0.write_back(at, 8);
    }
}

#[test]
fn broken_tables_are_told_apart() {
    for case in &Case::ALL {
        let (board, driver) = start(&[QEMU]);
        let host = Replay::PLAN.landing.unwrap().start;
        let hardware = Modelled::new(&board);
        let mut victim = Victim::new(driver, hardware, Behind(board), host).unwrap();
        let done = victim.suffer(case);
        assert_eq!(done, Ok(()), "{}", case.what);
    }
}
