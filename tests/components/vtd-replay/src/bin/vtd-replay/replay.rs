// SPDX-License-Identifier: BSD-2-Clause
//! The tests.

use core::arch::x86_64::__cpuid;

use mmio::MmioRegion;
use sel4_test::{Failure, TestResult, check, check_eq, fail};
use vtd::{Config, Iommu, Memory, Unit};
use vtd_sequences::broken::{Case, Victim};
use vtd_sequences::{Abilities, Digest, Plan, Replay, Tally};

use crate::differences::{BROKEN, KNOWN};
use crate::emulated::Emulated;
use crate::machine;
use crate::tables::{Behind, Tables};

fn unit() -> Result<Unit<MmioRegion>, Failure> {
    Ok(Unit::probe(machine::vtd_registers())?)
}

/// The capabilities that `testbed/vtd-model` has by default, but for pass-through.
pub fn the_unit_is_the_one_that_is_modelled() -> TestResult {
    let unit = unit()?;
    check_eq!(unit.capabilities().0, 0x00d2_008c_222f_0606);
    check_eq!(unit.extended_capabilities().0, 0x00f0_0f5a);
    Ok(())
}

fn config() -> Config {
    // CPUID leaf 1, ECX: the processor has an x2APIC. Where it has one, the kernel uses it.
    const X2APIC: u32 = 1 << 21;
    let x2apic = __cpuid(1).ecx & X2APIC != 0;
    Config {
        extended_interrupts: x2apic,
        interrupt_order: Plan::INTERRUPT_ORDER,
        polls: 100_000,
        ..Config::default()
    }
}

pub fn take_over(half: usize) -> Result<Iommu<MmioRegion, Tables>, Failure> {
    let mut driver = Iommu::take_over(Tables::new(half), [unit()?], config())?;
    driver.remap_interrupts()?;
    Ok(driver)
}

/// As `testbed/vtd-model/tests/replay.rs` has it for the model.
pub fn it_tells_broken_tables_apart() -> TestResult {
    let mut devices = machine::devices()?;
    let mut landing = machine::landing()?;
    let mut clock = machine::clock()?;
    let mut differences = [0; KNOWN.len()];
    let host = Replay::PLAN.landing.unwrap_or_default().start;
    let mut wrong = 0;
    for (number, case) in Case::ALL.iter().enumerate() {
        let hardware = Emulated::new(
            number,
            &mut devices,
            &mut landing,
            &mut clock,
            &mut differences,
        );
        let driver = take_over(number)?;
        let done =
            Victim::new(driver, hardware, Behind, host).and_then(|mut victim| victim.suffer(case));
        let known = BROKEN.iter().find(|(what, _)| *what == case.what);
        match (done, known) {
            (Ok(()), None) => {}
            (Err(_), Some((_, what))) => log::info!("known: {what}"),
            (Ok(()), Some((_, what))) => fail!("not met any more: {what}"),
            (Err(why), None) => {
                log::error!("{}: {why}", case.what);
                wrong += 1;
            }
        }
    }
    check_eq!(wrong, 0, "cases that differ");
    Ok(())
}

pub fn it_does_what_the_model_does() -> TestResult {
    let mut devices = machine::devices()?;
    let mut landing = machine::landing()?;
    let mut clock = machine::clock()?;
    let mut differences = [0; KNOWN.len()];
    let (mut digest, mut tally) = (Digest::default(), Tally::default());
    for (number, replay) in Replay::all().enumerate() {
        let abilities = Abilities::of(unit()?.capabilities());
        let driver = take_over(number)?;
        let before = driver.memory().pages().0;
        let hardware = Emulated::new(
            number,
            &mut devices,
            &mut landing,
            &mut clock,
            &mut differences,
        );
        let ended = match replay.run(driver, hardware, abilities) {
            Ok(ended) => ended,
            Err(why) => {
                log::error!("sequence {number} of seed {:#x}, {why}", replay.seed());
                fail!("sequence {number}, {why}");
            }
        };
        let leaked = ended.driver.memory().pages().0 - before - ended.context_tables;
        check_eq!(leaked, 0, "pages leaked in {:#x}", replay.seed());
        if let Err(why) = ended.hardware.landing.check_all() {
            fail!("sequence {:#x}: {why}", replay.seed());
        }
        digest.add(ended.digest.0);
        tally.merge(ended.tally);
    }
    log::info!("{tally}");
    for (known, times) in KNOWN.iter().zip(differences) {
        log::info!("{times} times: {}", known.what);
        check!(times != 0, "not met any more: {}", known.what);
    }
    check!(digest == Replay::DIGEST, "not what ran on the model");
    Ok(())
}
