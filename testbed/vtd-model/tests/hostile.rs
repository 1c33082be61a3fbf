// SPDX-License-Identifier: BSD-2-Clause
//! Registers that answer anything: the driver gives up in bounded time and never panics.

mod common;

use std::cell::Cell;
use std::sync::atomic::{AtomicU32, Ordering};

use common::{Tables, device};
use mmio::Mmio;
use proptest::prelude::*;
use vtd::{ApicId, Config, Hpa, Iommu, Iova, Rights, Target, Unit, Vector, registers};
use vtd_model::Board;

/// A unit whose capabilities are given and whose other registers are noise: arbitrary words, or
/// after some accesses those of a device that is gone. It completes waits, and complains of the
/// queue now and then.
struct Noise {
    board: Board,
    ring: u64,
    done: u64,
    cap: u64,
    ecap: u64,
    seed: Cell<u64>,
    accesses: Cell<u32>,
    gone_after: u32,
}

impl Noise {
    fn word(&self) -> u64 {
        self.accesses.set(self.accesses.get() + 1);
        if self.accesses.get() > self.gone_after {
            return u64::MAX;
        }
        let next = self
            .seed
            .get()
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        self.seed.set(next);
        next ^ next >> 29
    }
}

impl Mmio for Noise {
    fn size(&self) -> usize {
        0x6000
    }
    fn read32(&self, offset: usize) -> u32 {
        const QUEUE_ERRORS: u32 = 7 << 4;
        let word = self.word();
        match offset {
            _ if offset == registers::VER.offset() => 0x10,
            _ if offset == registers::FSTS.offset() && word >> 40 & 0x3f != 0 => {
                word as u32 & !QUEUE_ERRORS
            }
            _ => word as u32,
        }
    }
    fn write32(&mut self, _: usize, _: u32) {}
    fn read64(&self, offset: usize) -> u64 {
        match offset {
            _ if offset == registers::CAP.offset() => self.cap,
            _ if offset == registers::ECAP.offset() => self.ecap,
            _ => self.word(),
        }
    }

    fn write64(&mut self, offset: usize, value: u64) {
        if offset == registers::IQA.offset() {
            (self.ring, self.done) = (value & !0xfff, 0);
        }
        if offset == registers::IQT.offset() && self.ring != 0 {
            // Capabilities may place other registers here: any value comes.
            while self.done != value & 0xff0 {
                let low = self.board.read(self.ring + self.done);
                let status = self.board.read(self.ring + self.done + 8);
                if low & 0x2f == 0x25 {
                    self.board.write(status & !7, low >> 32);
                }
                self.done = (self.done + 16) % 0x1000;
            }
        }
    }
}

/// Runs in which the driver got as far as serving devices.
static STARTED: AtomicU32 = AtomicU32::new(0);

#[test]
fn the_driver_survives_noise() {
    noise_does_no_harm();
    assert!(STARTED.load(Ordering::Relaxed) > 100, "{STARTED:?} runs");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    fn noise_does_no_harm(
        cap in any::<u64>(),
        ecap in any::<u64>(),
        seed in any::<u64>(),
        gone_after in prop_oneof![Just(u32::MAX), 0_u32..20_000],
    ) {
        // What the driver needs, so that it gets further than the first check.
        let (cap, ecap) = (cap | 1 << 9 | 1 << 10, ecap | 0b1_1010);
        let board = Board::new(512, &[]);
        let (ring, done) = (0, 0);
        let noise = Noise { board: board.clone(), ring, done, cap, ecap, seed: Cell::new(seed), accesses: Cell::new(0), gone_after };
        let Ok(unit) = Unit::probe(noise) else { return Ok(()) };
        let config = Config { polls: 50, ..Config::default() };
        let Ok(mut driver) = Iommu::take_over(Tables::new(&board), [unit], config) else {
            return Ok(());
        };
        if driver.remap_interrupts().is_err() {
            return Ok(());
        }
        STARTED.fetch_add(1, Ordering::Relaxed);
        for number in 0..20_u8 {
            let vf = device(number, 1, 0);
            let target = Target::Remapped {
                vector: Vector(0x30),
                destination: ApicId(0),
                level: false,
            };
            let _ = driver.bind(0, number.into(), vf, target);
            let _ = driver.rebind(0, number.into(), vf, target);
            let _ = driver.unbind(0, number.into(), vf);
            if let Ok(mut domain) = driver.create_domain(0, 48) {
                let _ = driver.attach(vf, &mut domain);
                let _ = driver.map(&mut domain, Iova(0), Hpa(0), 0x20_1000, Rights::Read);
                let _ = driver.unmap(&mut domain, Iova(0), 0x20_1000);
                let _ = driver.quarantine(0, vf, true);
                let _ = driver.detach(vf, &mut domain);
                let _ = driver.destroy_domain(&mut Some(domain));
            }
            for _ in 0..8 {
                let fault = driver.take_fault();
                prop_assert!(fault.is_none_or(|(unit, _)| unit == 0));
            }
            driver.units_mut()[0].take_overflow();
        }
    }
}
