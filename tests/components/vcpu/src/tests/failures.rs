// SPDX-License-Identifier: BSD-2-Clause
//! Entries that fail, and guests that do.

use sel4_test::{TestResult, check_eq, check_matches};
use sel4_vcpu::{
    Event, Exit, Msr, Segment,
    field::{exit, guest},
};
use test_guests::{Lab, program};

use super::{load, run};

program! {
    call: "vmcall",
}

/// The first entry of the program: not even launched when it fails.
pub fn an_invalid_state_is_told_and_mended(lab: &mut Lab) -> TestResult {
    let mut context = load(lab, call())?;
    check_matches!(
        lab.vcpu.write(Segment::Cs.access_rights(), 0xf0_0000u32),
        Ok(_)
    );
    for _ in 0..2 {
        check_eq!(run(lab, &mut context)?, Exit::InvalidGuestState);
        check_eq!(context.reason, 0x8000_0021);
    }
    check_matches!(
        lab.vcpu.write(Segment::Cs.access_rights(), 0xa09bu32),
        Ok(_)
    );
    check_eq!(run(lab, &mut context)?, Exit::Vmcall);
    Ok(())
}

pub fn an_msr_that_cannot_be_loaded_is_told(lab: &mut Lab) -> TestResult {
    const NOT_CANONICAL: u64 = 1 << 60;
    let mut context = load(lab, call())?;
    check_eq!(lab.vcpu.write_msr(Msr::Lstar, NOT_CANONICAL), Ok(()));
    check_eq!(run(lab, &mut context)?, Exit::MsrLoadFailed(2));
    check_eq!(lab.vcpu.write_msr(Msr::Lstar, 0), Ok(()));
    check_eq!(run(lab, &mut context)?, Exit::Vmcall);
    Ok(())
}

/// An exception with a vector that none has.
pub fn an_invalid_entry_has_its_error_number(lab: &mut Lab) -> TestResult {
    const INVALID_CONTROL_FIELDS: u32 = 7;
    let mut context = load(lab, call())?;
    context.event = Event::exception(0x80);
    let failed = Exit::EntryInstructionFailed(Some(INVALID_CONTROL_FIELDS));
    check_eq!(run(lab, &mut context)?, failed);
    check_eq!(
        lab.vcpu.read(exit::INSTRUCTION_ERROR),
        Ok(INVALID_CONTROL_FIELDS)
    );
    context.event = Event::NONE;
    check_eq!(run(lab, &mut context)?, Exit::Vmcall);
    Ok(())
}

program! {
    undefined: "ud2",
}

pub fn a_triple_fault_is_no_end(lab: &mut Lab) -> TestResult {
    let mut context = load(lab, undefined())?;
    check_matches!(lab.vcpu.write(guest::IDTR_LIMIT, 0u32), Ok(_));
    check_eq!(run(lab, &mut context)?, Exit::TripleFault);
    let mut context = load(lab, call())?;
    check_eq!(run(lab, &mut context)?, Exit::Vmcall);
    Ok(())
}

program! {
    virtualize: "vmxoff",
}

program! {
    read_field: "vmread rax, rcx",
}

/// CR4.VMXE is on, so they are no undefined instructions.
pub fn instructions_of_vmx_exit(lab: &mut Lab) -> TestResult {
    for program in [virtualize(), read_field()] {
        let mut context = load(lab, program)?;
        check_eq!(run(lab, &mut context)?, Exit::VmxInstruction);
    }
    Ok(())
}
