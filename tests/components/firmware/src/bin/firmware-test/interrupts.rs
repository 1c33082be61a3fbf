// SPDX-License-Identifier: BSD-2-Clause
//! Entries of interrupts, and whether the IOAPIC's pins use theirs.

use dmar::Dmar;
use image_spec::dma_grants::{IOAPIC_PIN, Interrupt, MSI};
use sel4_microkit::{Channel, var};
use sel4_test::{TestResult, check, check_eq, skip};
use sel4_vcpu::IoPort;
use test_support::event::{drain, wait_for};
use test_support::rtc::Rtc;

use crate::regions::{dmar, grants};

pub fn ioapics_are_remapped_if_the_table_allows_it(_: &mut ()) -> TestResult {
    let allowed = Dmar::parse(dmar()).is_ok_and(|table| table.interrupt_remapping());
    check_eq!(grants()?.ioapic_remapped(), allowed);
    Ok(())
}

pub fn every_interrupt_of_others_has_an_entry(_: &mut ()) -> TestResult {
    let fields = |i: &Interrupt| (i.index.get(), i.source.get(), i.kind, i.vector, i.pin);
    let table = grants()?;
    let mut found = table.interrupts().iter().map(fields);
    // In the order of their entries; those of this protection domain's own device are not remapped.
    check_eq!(found.next(), Some((0, 0x28, MSI, 0x33, 0)));
    check_eq!(found.next(), Some((1, 0, IOAPIC_PIN, 0x31, 8)));
    check_eq!(found.next(), Some((0xffff, 0x28, MSI, 0x34, 0)));
    check!(found.next().is_none(), "one too many");
    Ok(())
}

pub fn without_remapping_a_pin_interrupts_as_ever(_: &mut ()) -> TestResult {
    if grants()?.ioapic_remapped() {
        skip!("pins interrupt once the unit remaps, which is the IOMMU manager's to do");
    }
    let rtc = Rtc::new(IoPort::new(*var!(rtc_ports: usize = 0)));
    let irq = Channel::new(*var!(rtc_irq: usize = 0));
    rtc.stop()?;
    irq.irq_ack()?;
    drain();
    irq.irq_ack()?;
    rtc.start()?;
    for _ in 0..4 {
        wait_for(irq)?;
        rtc.clear()?;
        irq.irq_ack()?;
    }
    rtc.stop()?;
    Ok(())
}
