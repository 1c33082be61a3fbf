// SPDX-License-Identifier: BSD-2-Clause
//! Faults without end.

use nvme_io::Direction;
use pf_manager_interface::{Access, State};
use sel4_test::{TestResult, check, check_eq};

use crate::card::Card;
use crate::disk::{BUFFER_BYTES, Disk, MANY};
use crate::world::{CARD, DISK, Watch, diary, ms, now, secret_paddr, sleep};

const ROUNDS: usize = 20;
/// Each moves 64 pages, and the device is stopped at every word of them.
const COMMANDS: usize = 4;
const RINGS: u32 = 100_000;

pub fn more_than_a_hundred_thousand_faults() -> TestResult {
    let watch = Watch::begin();
    for _ in 0..ROUNDS {
        let mut disk = Disk::start()?;
        let (from, start) = (diary().passes, now()?);
        for _ in 0..COMMANDS {
            disk.order(Direction::Read, 0, MANY, secret_paddr())?;
        }
        let range = secret_paddr()..secret_paddr() + BUFFER_BYTES as u64;
        DISK.expect_caught_in(Access::Write, range, 5)?;
        sleep(ms(100))?;
        // One pass a millisecond, by a program below all others.
        let passed = (now()? - start).as_millis() as u64;
        let passes = diary().passes - from;
        check!(
            passes + passed / 4 >= passed,
            "{passes} passes in {passed} ms"
        );
    }
    DISK.have()?;
    watch.end()
}

pub fn whoever_is_quarantined_may_ring_for_ever() -> TestResult {
    let mut card = Card::start()?;
    card.begin_sending();
    card.queue(secret_paddr());
    card.send();
    CARD.expect_caught(Access::Read, secret_paddr(), 6)?;
    let before = CARD.manager().query()?.faults;
    let watch = Watch::begin();
    for _ in 0..RINGS {
        card.queue(secret_paddr());
        card.send();
    }
    watch.end()?;
    let query = CARD.manager().query()?;
    check_eq!(query.state, State::Quarantined);
    check_eq!(query.faults, before, "faults");
    CARD.have()
}
