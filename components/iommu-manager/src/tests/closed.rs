// SPDX-License-Identifier: BSD-2-Clause
//! Machines on which nothing can be granted.

use iommu_manager_interface::{Error, Refusal, Status};
use log::Level;
use pci::Message;
use vtd_model::{Interrupt, Options};

use super::log::complaints;
use super::machine::{IO_APIC, Machine, NIC, REGISTERS, dmar, grants, reserved, unit};

/// Starts the machine and checks that it grants nothing, says so in one line, and blocks and
/// remaps what it can.
#[track_caller]
fn expect_closed(machine: &Machine, refusal: Refusal, words: &str, blocks: bool, remaps: bool) {
    let mut running = machine.start();
    let lines = complaints();
    assert_eq!(lines.len(), 1, "{lines:?}");
    let (level, line) = &lines[0];
    assert_eq!(*level, Level::Error);
    assert!(
        line.starts_with("fail closed: ") && line.contains(words),
        "{line}"
    );
    let protection = running.other().status().unwrap();
    assert_eq!(protection.refusal, refusal as u8, "{line}");
    assert_eq!(
        (protection.blocking, protection.remapping),
        (blocks.into(), remaps.into())
    );
    let refused = Err(Error::Refused(Status::Refused));
    let client = running.trusted();
    assert_eq!(client.attach(NIC), refused);
    assert_eq!(client.detach(NIC), refused);
    assert_eq!(client.bind(NIC, 1), refused);
    assert_eq!(client.unbind(NIC, 1), refused);
    assert_eq!(client.quarantine(NIC), refused);
    assert!(client.query(NIC).is_ok() && client.counters().is_ok() && client.next_fault().is_ok());
    if blocks {
        assert!(running.board.dma(0, NIC, 0x1000, false).is_err());
    }
    if remaps {
        let pin = running
            .board
            .message(0, IO_APIC, Message::single(0).address, 0);
        assert!(
            matches!(pin, Interrupt::Remapped { vector: 0x44, .. }),
            "{pin:?}"
        );
    }
    running.expect_clean();
}

fn with(options: Options) -> Machine {
    Machine {
        units: std::vec![options],
        ..Machine::default()
    }
}

fn with_dmar(dmar: std::vec::Vec<u8>) -> Machine {
    Machine {
        dmar,
        ..Machine::default()
    }
}

#[test]
fn no_iommu() {
    let machine = Machine {
        units: std::vec![],
        dmar: std::vec![0; 4096],
        grants: grants(0),
        ..Machine::default()
    };
    expect_closed(&machine, Refusal::NoDmar, "no DMAR table", false, false);
    let machine = Machine {
        dmar: std::vec![],
        grants: grants(0),
        ..Machine::default()
    };
    expect_closed(&machine, Refusal::NoDmar, "no DMAR table", true, false);
}

#[test]
fn broken_tables() {
    let whole = Machine::default();
    let mut cut = whole.dmar.clone();
    cut.truncate(60);
    let mut wrong = whole.dmar.clone();
    wrong[9] ^= 1;
    for (dmar, words) in [(cut, "impossible length 72"), (wrong, "wrong checksum")] {
        let machine = Machine {
            dmar,
            grants: grants(0),
            ..whole.clone()
        };
        expect_closed(&machine, Refusal::BrokenDmar, words, true, false);
    }
    let machine = Machine {
        grants: std::vec![0; 4096],
        ..whole
    };
    expect_closed(&machine, Refusal::Grants, "no DMA grant table", true, false);
}

#[test]
fn units_that_lack_something() {
    let whole = Options::default();
    let mut machine = with(Options {
        remapping: false,
        ..whole
    });
    machine.grants = grants(0);
    expect_closed(
        &machine,
        Refusal::InterruptRemapping,
        "ECAP.IR",
        true,
        false,
    );
    let mut machine = with(Options {
        extended_interrupts: false,
        ..whole
    });
    machine.apic = 3;
    expect_closed(
        &machine,
        Refusal::ExtendedInterrupts,
        "ECAP.EIM",
        true,
        true,
    );
    machine.x2apic = false;
    let protection = machine.start().other().status().unwrap();
    assert_eq!(protection.refusal, 0, "xAPIC mode does without");
    let machine = with(Options {
        address_bits: 30,
        ..whole
    });
    expect_closed(
        &machine,
        Refusal::Lacking,
        "do not fit in 30 bits",
        true,
        true,
    );
    let machine = with_dmar(dmar(0, &[unit(1, REGISTERS)]));
    expect_closed(
        &machine,
        Refusal::InterruptRemapping,
        "DMAR table says",
        true,
        true,
    );
}

#[test]
fn too_little_memory_for_tables() {
    let machine = Machine {
        pages: 3,
        ..Machine::default()
    };
    let protection = machine.start().other().status().unwrap();
    assert_eq!(protection.refusal, Refusal::Hardware as u8);
    assert_eq!((protection.blocking, protection.remapping), (0, 0));
    let lines = complaints();
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert!(
        lines[0].1.contains("no memory left for IOMMU tables"),
        "{lines:?}"
    );
    assert!(
        lines[1].1.contains("interrupts of the I/O APIC are lost"),
        "{lines:?}"
    );
}

#[test]
fn firmware_that_keeps_memory_for_a_device() {
    let table = |structure| dmar(1, &[unit(1, REGISTERS), structure]);
    let machine = with_dmar(table(reserved(NIC, 0)));
    let words = "00:13.0: firmware reserved memory 0x7f000000 to 0x7fffffff for it (RMRR)";
    expect_closed(&machine, Refusal::ReservedMemory, words, true, true);
    let machine = with_dmar(table(reserved(NIC, 1)));
    expect_closed(
        &machine,
        Refusal::ReservedMemory,
        "behind a bridge",
        true,
        true,
    );
    let machine = with_dmar(table(reserved(0x40, 0)));
    let protection = machine.start().other().status().unwrap();
    assert_eq!(
        protection.refusal, 0,
        "a device that is not granted is of no concern"
    );
}

#[test]
fn units_that_do_not_agree() {
    let machine = with_dmar(dmar(1, &[unit(1, 0xfed8_0000)]));
    let mut running = machine.start();
    let lines = complaints();
    for (words, (_, line)) in [
        "besides: the DMAR table does not have the I/O APIC",
        "fail closed: the system description and the DMAR table disagree about an IOMMU at 0xfed80000",
        "interrupts of the I/O APIC are lost",
    ]
    .iter()
    .zip(&lines)
    {
        assert!(line.starts_with(words), "{lines:?}");
    }
    let protection = running.other().status().unwrap();
    assert_eq!(protection.refusal, Refusal::UnknownUnit as u8);
    assert_eq!(protection.blocking, 1);

    let two = |second| with_dmar(dmar(1, &[unit(1, REGISTERS), unit(0, second)]));
    expect_closed(
        &two(0xfed9_2000),
        Refusal::UnknownUnit,
        "0xfed92000",
        true,
        true,
    );
    let mut both = two(REGISTERS + 0x1000);
    both.units.push(Options::default());
    assert_eq!(both.start().other().status().unwrap().units, 2);
    both.dmar = Machine::default().dmar;
    expect_closed(&both, Refusal::UnknownUnit, "0xfed91000", true, true);

    let nobody = with_dmar(dmar(1, &[unit(0, REGISTERS)]));
    expect_closed(
        &nobody,
        Refusal::Device,
        "no remapping unit is responsible",
        true,
        true,
    );
}

#[test]
fn an_io_apic_that_was_left_as_it_was() {
    let machine = Machine {
        grants: grants(0),
        ..Machine::default()
    };
    expect_closed(
        &machine,
        Refusal::IoApic,
        "I/O APIC are not remapped",
        true,
        false,
    );
    // An entry that names an I/O APIC which the table does not have.
    let mut machine = Machine::default();
    let ioapic = machine.grants.len() - 4 * 16 + 7;
    machine.grants[ioapic] = 1;
    let running = machine.start();
    let lines = complaints();
    assert!(
        lines[0].1.contains("does not have the I/O APIC"),
        "{lines:?}"
    );
    drop(running);
}

#[test]
fn without_devices_it_is_a_warning() {
    let mut machine = Machine {
        units: std::vec![],
        dmar: std::vec![],
        grants: grants(0),
        ..Machine::default()
    };
    // No devices and no grants, and what follows is not looked at.
    machine.grants[8..20].fill(0);
    machine.start();
    let lines = complaints();
    assert_eq!((lines.len(), lines[0].0), (1, Level::Warn));
}
