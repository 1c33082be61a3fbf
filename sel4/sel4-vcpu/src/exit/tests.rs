// SPDX-License-Identifier: BSD-2-Clause

use super::*;
use crate::EventKind;
use proptest::prelude::*;

fn exit(reason: u32, qualification: Word) -> Context {
    let mut context = Context::at(0x1000);
    context.reason = reason.into();
    context.qualification = qualification;
    context
}

#[test]
fn qualifications_become_data() {
    for (reason, qualification, expected) in [
        (
            reason::IO,
            0x3f8_0000,
            Exit::Io(IoAccess {
                port: 0x3f8,
                size: 1,
                input: false,
                string: false,
                repeated: false,
            }),
        ),
        (
            reason::IO,
            0xcfc_003b,
            Exit::Io(IoAccess {
                port: 0xcfc,
                size: 4,
                input: true,
                string: true,
                repeated: true,
            }),
        ),
        (
            reason::CONTROL_REGISTER,
            0xf08,
            Exit::ControlRegister(ControlRegister {
                number: 8,
                access: CrAccess::Write(Register::R15),
            }),
        ),
        (
            reason::CONTROL_REGISTER,
            0x413,
            Exit::ControlRegister(ControlRegister {
                number: 3,
                access: CrAccess::Read(Register::Rsp),
            }),
        ),
        (
            reason::CONTROL_REGISTER,
            0x20,
            Exit::ControlRegister(ControlRegister {
                number: 0,
                access: CrAccess::Clts,
            }),
        ),
        (
            reason::CONTROL_REGISTER,
            0x9_0030,
            Exit::ControlRegister(ControlRegister {
                number: 0,
                access: CrAccess::Lmsw {
                    value: 9,
                    from: None,
                },
            }),
        ),
        (
            reason::DEBUG_REGISTER,
            0x317,
            Exit::DebugRegister(DrAccess {
                number: 7,
                read: true,
                register: Register::Rbx,
            }),
        ),
        (reason::INVLPG, 0xffff_8000, Exit::Invlpg(0xffff_8000)),
        (reason::VIRTUALIZED_EOI, 0x31, Exit::Eoi(0x31)),
        (reason::APIC_WRITE, 0x300, Exit::ApicWrite(0x300)),
        (
            reason::APIC_ACCESS,
            0x1_0b0,
            Exit::ApicAccess(ApicAccess {
                offset: 0xb0,
                kind: ApicAccessKind::Write,
            }),
        ),
        (reason::START_UP, 0x9a, Exit::StartUp(0x9a)),
        (
            reason::TASK_SWITCH,
            0xc000_0028,
            Exit::TaskSwitch(TaskSwitch {
                selector: 0x28,
                source: TaskSwitchSource::Gate,
            }),
        ),
        (reason::MSR_LOAD_FAILED, 2, Exit::MsrLoadFailed(2)),
        (
            reason::ENTRY_INSTRUCTION_FAILED,
            7,
            Exit::EntryInstructionFailed(Some(7)),
        ),
        (
            reason::ENTRY_INSTRUCTION_FAILED,
            Word::MAX,
            Exit::EntryInstructionFailed(None),
        ),
    ] {
        assert_eq!(exit(reason, qualification).exit(), expected, "{reason}");
    }
}

#[test]
fn registers_are_data_too() {
    let mut context = exit(reason::WRMSR, 0);
    context.registers.rcx = 0xffff_ffff_c000_0082;
    context.registers.rax = 0xdead_beef_0000_1234;
    context.registers.rdx = 0x5678;
    assert_eq!(
        context.exit(),
        Exit::WriteMsr(MsrAccess {
            index: 0xc000_0082,
            value: 0x5678_0000_1234,
        })
    );
    context.reason = reason::RDMSR.into();
    assert_eq!(context.exit(), Exit::ReadMsr(0xc000_0082));
}

#[test]
fn ept_violations() {
    let mut context = exit(reason::EPT_VIOLATION, 0x182);
    context.guest_physical = 0xfee0_00b0;
    context.guest_linear = 0xffff_ffff_ff5f_d0b0;
    let Exit::EptViolation(violation) = context.exit() else {
        panic!("{:?}", context.exit());
    };
    assert_eq!(violation.address, 0xfee0_00b0);
    assert_eq!(violation.linear, Some(0xffff_ffff_ff5f_d0b0));
    assert!(violation.write && !violation.read && !violation.fetch);
    assert!(!violation.in_page_walk && !violation.mapped);

    context.qualification = 0x89;
    let Exit::EptViolation(walk) = context.exit() else {
        panic!("{:?}", context.exit());
    };
    assert!(walk.in_page_walk && walk.mapped && walk.read);
}

#[test]
fn an_entry_that_failed_is_no_exit() {
    assert_eq!(
        exit(33 | reason::ENTRY_FAILED, 0).exit(),
        Exit::InvalidGuestState
    );
    assert_eq!(exit(33, 0).exit(), Exit::Other(33));
    let cpuid = reason::CPUID | reason::ENTRY_FAILED;
    assert_eq!(exit(cpuid, 0).exit(), Exit::Other(cpuid));
}

#[test]
fn an_exception_is_the_event() {
    let mut context = exit(reason::EXCEPTION_OR_NMI, 0);
    context.interruption = Event::exception(14).with_error_code(2);
    let Exit::Exception(event) = context.exit() else {
        panic!("{:?}", context.exit());
    };
    assert_eq!((event.kind(), event.vector()), (EventKind::Exception, 14));
}

#[test]
fn operands_name_their_register() {
    let mut context = exit(reason::CONTROL_REGISTER, 0);
    context.registers.r11 = 11;
    context.registers.rbp = 5;
    assert_eq!(context.registers.operand(Register::R11), Some(&mut 11));
    assert_eq!(context.registers.operand(Register::Rbp), Some(&mut 5));
    assert_eq!(context.registers.operand(Register::Rsp), None);
}

proptest! {
    /// Whatever the CPU says, it can be decoded, and no two registers are one.
    #[test]
    fn anything_decodes(reason: u32, qualification: u64) {
        let mut context = exit(reason, qualification);
        let decoded = context.exit();
        if let Exit::Io(io) = decoded {
            prop_assert!(matches!(io.size, 1 | 2 | 4));
        }
        if let Exit::ControlRegister(ControlRegister { access: CrAccess::Write(r), .. }) = decoded
            && let Some(place) = context.registers.operand(r)
        {
            *place = 1;
            prop_assert_eq!(context.words_mut()[10..25].iter().sum::<u64>(), 1);
        }
    }

    #[test]
    fn reasons_that_we_name_decode(reason in 0u32..62, qualification: u64) {
        let known = ![1, 5, 6, 11, 17, 33, 34, 35, 38, 41, 42, 60].contains(&reason);
        let other = matches!(exit(reason, qualification).exit(), Exit::Other(_));
        prop_assert_eq!(known, !other);
    }
}
