// SPDX-License-Identifier: BSD-2-Clause
//! Memory that is taken away from devices that are about to write to it, and have written there
//! before, so that the unit has the translation.

use sel4_test::{Failure, TestResult, check, check_eq, fail};
use vtd::{Bdf, Domain, Error, Hpa, Iommu, Iova, Rights};
use vtd_sequences::Replay;

use crate::edu::{Edu, pass};
use crate::landing::Landing;
use crate::machine;
use crate::replay::take_over;
use crate::tables::Tables;

type Driver = Iommu<mmio::MmioRegion, Tables>;

/// Each device loses its memory once in each round.
const ROUNDS: u64 = 2500;
const PAGE: u64 = 0x1000;
const AT: Iova = Iova(0x20_0000);

/// How memory is taken away.
#[derive(Clone, Copy)]
enum Way {
    Unmap,
    Detach,
    Quarantine,
}

/// A device and what it has.
struct Victim {
    device: Bdf,
    domain: Domain,
    host: u64,
}

impl Victim {
    fn new(driver: &mut Driver, number: usize, device: Bdf, start: u64) -> Result<Self, Failure> {
        let domain = driver.create_domain(0, if number.is_multiple_of(2) { 39 } else { 48 })?;
        let mut victim = Self {
            device,
            domain,
            host: start + number as u64 * PAGE,
        };
        victim.map(driver)?;
        driver.attach(device, &mut victim.domain)?;
        Ok(victim)
    }

    fn map(&mut self, driver: &mut Driver) -> Result<(), Error> {
        driver.map(
            &mut self.domain,
            AT,
            Hpa(self.host),
            PAGE,
            Rights::ReadWrite,
        )
    }

    /// When this returns, nothing reaches the memory any more.
    fn revoke(&mut self, driver: &mut Driver, way: Way) -> Result<(), Error> {
        match way {
            Way::Unmap => driver.unmap(&mut self.domain, AT, PAGE),
            Way::Detach => driver.detach(self.device, &mut self.domain),
            Way::Quarantine => driver.quarantine(0, self.device, true),
        }
    }

    fn restore(&mut self, driver: &mut Driver, way: Way) -> Result<(), Error> {
        match way {
            Way::Unmap => return self.map(driver),
            Way::Quarantine => driver.detach(self.device, &mut self.domain)?,
            Way::Detach => {}
        }
        driver.attach(self.device, &mut self.domain)
    }
}

/// Puts something there that no device holds.
fn mark(landing: &mut Landing, victim: &Victim, round: u64) -> u64 {
    let mark = 0x6d72 << 48 | round;
    landing.poke(victim.host, mark);
    mark
}

fn write_all(devices: &mut [Edu]) {
    devices.iter_mut().for_each(|edu| edu.start(AT.0, true));
}

pub fn ten_thousand_revocations_leave_no_window() -> TestResult {
    let mut devices = machine::devices()?;
    let mut landing = machine::landing()?;
    let mut clock = machine::clock()?;
    let mut driver = take_over(0)?;
    let start = Replay::PLAN.landing.unwrap_or_default().start;
    let mut victim = |number: usize| {
        let device = Replay::PLAN.devices[number];
        Victim::new(&mut driver, number, device, start)
    };
    let mut victims = [victim(0)?, victim(1)?, victim(2)?, victim(3)?];
    for round in 0..ROUNDS {
        let before = victims.each_ref().map(|one| mark(&mut landing, one, round));
        write_all(&mut devices);
        pass(&mut clock)?;
        for (one, mark) in victims.iter().zip(before) {
            check!(landing.peek(one.host) != mark, "it has nothing");
        }
        check_eq!(driver.take_fault(), None);

        write_all(&mut devices);
        let way = |number: usize| {
            [Way::Unmap, Way::Detach, Way::Quarantine][(round as usize + number) % 3]
        };
        for (number, one) in victims.iter_mut().enumerate() {
            one.revoke(&mut driver, way(number))?;
        }
        let after = victims.each_ref().map(|one| mark(&mut landing, one, round));
        pass(&mut clock)?;
        for (number, (one, mark)) in victims.iter().zip(after).enumerate() {
            if landing.peek(one.host) != mark {
                fail!("{} has written in round {round}", one.device);
            }
            devices[number].finish()?;
        }
        // Two or three of them are recorded, as far as there are records.
        check!(driver.take_fault().is_some(), "nothing was stopped");
        while driver.take_fault().is_some() || driver.take_overflow() {}
        for (number, one) in victims.iter_mut().enumerate() {
            one.restore(&mut driver, way(number))?;
        }
    }
    for mut one in victims {
        driver.detach(one.device, &mut one.domain)?;
        driver.destroy_domain(&mut Some(one.domain))?;
    }
    check_eq!(driver.domains(), 0);
    Ok(())
}
