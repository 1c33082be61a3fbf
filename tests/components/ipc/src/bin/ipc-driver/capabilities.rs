// SPDX-License-Identifier: BSD-2-Clause
//! Capabilities that `system.xml` gives: I/O ports and slots.

use sel4::{CPtrBits, Error, invoke, sys::invocation_label as label};
use sel4_test::{TestResult, check, check_eq};
use sel4_vcpu::{Context as Guest, Ended, IoPort, Vcpu};

use crate::{
    context::{Context, LISTENER},
    interrupts::wait_for_ticks,
};

/// Address and data port of PCI configuration.
const PCI: IoPort = IoPort::new(2);
const ADDRESS: u16 = 0xcf8;
const DATA: u16 = 0xcfc;

/// The listener's thread.
const THREAD: sel4::cap::Tcb = sel4::Cap::from_bits(slot(1));
/// This program's address space.
const SPACE: sel4::cap::VSpace = sel4::Cap::from_bits(slot(63));

/// Address of a slot of `cspace`.
const fn slot(index: CPtrBits) -> CPtrBits {
    index << 58
}

/// Configuration space of 00:00.0, which every PC has.
pub fn io_ports_reach_the_device(_: &mut Context) -> TestResult {
    check_eq!(PCI.out32(ADDRESS, 0x8000_0000), Ok(()));
    check_eq!(PCI.in32(ADDRESS), Ok(0x8000_0000));
    check_eq!(PCI.in16(DATA), Ok(0x8086));
    check_eq!(PCI.in8(DATA + 1), Ok(0x80));
    Ok(())
}

pub fn io_ports_end_where_the_range_ends(_: &mut Context) -> TestResult {
    check_eq!(PCI.in8(ADDRESS - 1), Err(Error::IllegalOperation));
    check_eq!(PCI.in8(DATA + 4), Err(Error::IllegalOperation));
    check_eq!(
        PCI.out32(DATA + 1, 0),
        Err(Error::IllegalOperation),
        "across the end"
    );
    check_eq!(
        IoPort::new(3).in8(ADDRESS),
        Err(Error::InvalidCapability),
        "no such range"
    );
    Ok(())
}

/// Stopped, the listener does not answer; let go again, it does.
pub fn a_thread_is_controlled_through_a_slot(context: &mut Context) -> TestResult {
    check_eq!(THREAD.tcb_suspend(), Ok(()));
    let registers = THREAD.tcb_read_all_registers(false);
    let in_program = registers.map(|registers| registers.rip >= 0x20_0000);
    check_eq!(in_program, Ok(true), "instruction pointer");
    context.journal.clear();
    LISTENER.notify();
    wait_for_ticks(context);
    check!(context.journal.is_empty(), "a stopped thread answered");
    check_eq!(THREAD.tcb_resume(), Ok(()));
    context.wait(LISTENER);
    check_eq!(context.journal.events(), [1]);
    Ok(())
}

/// Address spaces have no methods of their own; the kernel says so, while it calls an empty slot
/// something else.
pub fn an_address_space_lies_in_a_slot(_: &mut Context) -> TestResult {
    let result = invoke(SPACE.cptr(), label::X86PageUnmap, &[], &[]);
    check_eq!(result.map(drop), Err(Error::IllegalOperation));
    Ok(())
}

pub fn an_empty_slot_is_refused(_: &mut Context) -> TestResult {
    let empty: sel4::cap::Tcb = sel4::Cap::from_bits(slot(2));
    check_eq!(empty.tcb_suspend(), Err(Error::InvalidCapability));
    Ok(())
}

pub fn no_guest_runs_without_a_virtual_cpu(_: &mut Context) -> TestResult {
    check_eq!(Vcpu::new(0).enter(&mut Guest::at(0)), Ended::NoVcpu);
    Ok(())
}
