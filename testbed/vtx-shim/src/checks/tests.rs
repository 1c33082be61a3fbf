// SPDX-License-Identifier: BSD-2-Clause
use super::*;
use crate::fake::{HOST_RIP, VMLAUNCH, ZERO, execute, ready};
use crate::leave::{ENTRY_FAILED, reason};

const UNUSABLE: u64 = 1 << 16;

#[test]
fn controls_and_host_state_fail_early() {
    let both = u64::from(primary::DEFAULT | primary::SECONDARY);
    for (field, value, expected) in [
        (Field::PIN, 0, error::ENTRY_CONTROLS),
        (Field::PIN, u64::MAX, error::ENTRY_CONTROLS),
        (Field::PRIMARY, both | 1 << 17, error::ENTRY_CONTROLS),
        (
            Field::PRIMARY,
            both | u64::from(primary::NMI_WINDOW),
            error::ENTRY_CONTROLS,
        ),
        (
            Field::SECONDARY,
            u64::from(secondary::UNRESTRICTED_GUEST),
            error::ENTRY_CONTROLS,
        ),
        (
            Field::SECONDARY,
            u64::from(secondary::EPT | secondary::VPID),
            error::ENTRY_CONTROLS,
        ),
        (
            Field::SECONDARY,
            u64::from(secondary::EPT | secondary::VIRTUAL_INTERRUPT_DELIVERY),
            error::ENTRY_CONTROLS,
        ),
        (Field::EPT_POINTER, 0x1_2006, error::ENTRY_CONTROLS),
        (Field::CR3_TARGETS, 5, error::ENTRY_CONTROLS),
        (Field::ENTRY_EVENT, 1 << 31 | 1 << 8, error::ENTRY_CONTROLS),
        (
            Field::ENTRY_EVENT,
            1 << 31 | 3 << 8 | 13,
            error::ENTRY_CONTROLS,
        ),
        (
            Field::ENTRY_EVENT,
            1 << 31 | 3 << 8 | 40,
            error::ENTRY_CONTROLS,
        ),
        (Field::HOST_CR0, 0x31, error::ENTRY_HOST_STATE),
        (Field::HOST_CR4, 0x20, error::ENTRY_HOST_STATE),
        (Field::HOST_TR_SELECTOR, 0, error::ENTRY_HOST_STATE),
        (Field::HOST_CS_SELECTOR, 9, error::ENTRY_HOST_STATE),
        (Field::HOST_GS_BASE, 1 << 50, error::ENTRY_HOST_STATE),
        (Field::HOST_RIP, 1 << 60, error::ENTRY_HOST_STATE),
    ] {
        let mut cpu = ready();
        cpu.set(field, value);
        assert_eq!(execute(&mut cpu, VMLAUNCH), ZERO, "{field:?} = {value:#x}");
        assert_eq!(
            cpu.get(Field::INSTRUCTION_ERROR),
            expected.into(),
            "{field:?} = {value:#x}"
        );
        assert!(!cpu.inside);
    }
}

#[test]
fn guest_state_fails_late() {
    for (field, value, qualification) in [
        (Field::CR0, 0x8000_0030, 0),
        (Field::CR4, 0x2000, 0),
        (Field::EFER, 0x100, 0),
        (Field::RFLAGS, 0, 0),
        (Field::RFLAGS, 0x2_0202, 0),
        (Field::RIP, 1 << 50, 0),
        (Field::CS_RIGHTS, 0xe09b, 0),
        (Field::CS_RIGHTS, 0xa092, 0),
        (Field::CS_LIMIT, 0xffff_0000, 0),
        (Field::SS_RIGHTS, 0xc09b, 0),
        (Field::DS_RIGHTS, 0xc090, 0),
        (Field::TR_RIGHTS, UNUSABLE | 0x8b, 0),
        (Field::TR_SELECTOR, 4, 0),
        (Field::FS_BASE, 1 << 50, 0),
        (Field::GDTR_LIMIT, 0x1_0000, 0),
        (Field::ACTIVITY, 2, 0),
        (Field::INTERRUPTIBILITY, 3, 0),
        (Field::PENDING_DEBUG, 1 << 20, 0),
        (Field::LINK, 0, 4),
    ] {
        let mut cpu = ready();
        cpu.set(field, value);
        cpu.hypervisor.rax = 0x1234;
        execute(&mut cpu, VMLAUNCH);
        let expected = u64::from(reason::INVALID_GUEST_STATE | ENTRY_FAILED);
        assert_eq!(cpu.get(Field::REASON), expected, "{field:?} = {value:#x}");
        assert_eq!(cpu.get(Field::QUALIFICATION), qualification);
        assert_eq!(
            (cpu.inside, cpu.hypervisor.rip, cpu.hypervisor.rax),
            (false, HOST_RIP, 0x1234)
        );
        // It was not launched.
        cpu.set(field, 0);
        assert!(!cpu.vmx.current.expect("a VMCS").is_launched(&cpu.host));
    }
}

#[test]
fn a_guest_in_real_mode_is_one_if_it_is_unrestricted() {
    let real = |cpu: &mut crate::Cpu<crate::fake::Fake>| {
        for (field, value) in [
            (Field::CR0, 0x30),
            (Field::EFER, 0),
            (Field::ENTRY, u64::from(entry::DEFAULT | entry::LOAD_EFER)),
            (Field::CS_RIGHTS, 0x93),
            (Field::CS_LIMIT, 0xffff),
            (Field::SS_RIGHTS, 0x93),
            (Field::SS_LIMIT, 0xffff),
            (Field::RIP, 0x8000),
        ] {
            cpu.set(field, value);
        }
    };
    let mut cpu = ready();
    real(&mut cpu);
    execute(&mut cpu, VMLAUNCH);
    assert!(cpu.inside);
    let mut cpu = ready();
    real(&mut cpu);
    cpu.set(Field::SECONDARY, secondary::EPT.into());
    execute(&mut cpu, VMLAUNCH);
    assert!(!cpu.inside);
}
