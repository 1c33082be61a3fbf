// SPDX-License-Identifier: BSD-2-Clause
use super::*;
use crate::fake::{
    CARRY, Fake, HOST_RIP, INVEPT, INVVPID, OPERAND, VMCLEAR, VMCS_REGION, VMLAUNCH, VMPTRLD,
    VMPTRST, VMREAD, VMRESUME, VMWRITE, VMXOFF, VMXON, VMXON_REGION, ZERO, cpu, enable, execute,
    operand, ready,
};
use crate::host::Memory;

const INVALID_OPCODE: u64 = 0x8000_0306;
const GENERAL_PROTECTION: u64 = 0x8000_0b0d;

/// The error that the instruction left.
fn error_of(cpu: &mut Cpu<Fake>, instruction: &[u8]) -> u64 {
    assert_eq!(execute(cpu, instruction), ZERO);
    cpu.get(Field::INSTRUCTION_ERROR)
}

fn write(cpu: &mut Cpu<Fake>, field: u64, value: u64) -> u64 {
    (cpu.registers[3], cpu.hypervisor.rax) = (field, value);
    execute(cpu, VMWRITE)
}

fn read(cpu: &mut Cpu<Fake>, field: u64) -> u64 {
    cpu.registers[3] = field;
    assert_eq!(execute(cpu, VMREAD), 0);
    cpu.hypervisor.rax
}

#[test]
fn outside_vmx_operation_nothing_works() {
    for instruction in [
        VMXON, VMXOFF, VMPTRLD, VMCLEAR, VMREAD, VMWRITE, VMLAUNCH, INVEPT,
    ] {
        let mut cpu = cpu();
        execute(&mut cpu, instruction);
        assert_eq!(cpu.hypervisor.event, INVALID_OPCODE, "{instruction:x?}");
    }
}

#[test]
fn vmxon_wants_firmware_to_allow_it_and_a_region() {
    let mut cpu = cpu();
    enable(&mut cpu);
    operand(&mut cpu, VMXON_REGION + 8);
    assert_eq!(execute(&mut cpu, VMXON), CARRY, "not aligned");
    operand(&mut cpu, 0x3000);
    assert_eq!(execute(&mut cpu, VMXON), CARRY, "another revision");
    operand(&mut cpu, VMXON_REGION);
    cpu.vmx.feature_control = 1;
    execute(&mut cpu, VMXON);
    assert_eq!(
        cpu.hypervisor.event, GENERAL_PROTECTION,
        "locked without it"
    );
    cpu.vmx.feature_control = 5;
    assert_eq!(execute(&mut cpu, VMXON), 0);
    assert_eq!(execute(&mut cpu, VMXON), CARRY, "again, without a VMCS");
}

#[test]
fn user_level_gets_a_fault() {
    let mut cpu = ready();
    cpu.hypervisor.ss.attributes = 3 << 5;
    for instruction in [VMXOFF, VMPTRLD, VMREAD, VMLAUNCH] {
        execute(&mut cpu, instruction);
        assert_eq!(cpu.hypervisor.event, GENERAL_PROTECTION, "{instruction:x?}");
    }
}

#[test]
fn pointers_are_checked() {
    let mut cpu = ready();
    for (at, instruction, error) in [
        (0x123, VMPTRLD, error::LOAD_ADDRESS),
        (1 << 41, VMPTRLD, error::LOAD_ADDRESS),
        (0x20_0000, VMPTRLD, error::LOAD_ADDRESS),
        (VMXON_REGION, VMPTRLD, error::LOAD_VMXON),
        (0x3000, VMPTRLD, error::LOAD_REVISION),
        (0x123, VMCLEAR, error::CLEAR_ADDRESS),
        (VMXON_REGION, VMCLEAR, error::CLEAR_VMXON),
    ] {
        operand(&mut cpu, at);
        assert_eq!(error_of(&mut cpu, instruction), error.into(), "{at:#x}");
    }
    assert_eq!(execute(&mut cpu, VMPTRST), 0);
    assert_eq!(cpu.host.read_u64(OPERAND), Ok(VMCS_REGION));
    assert_eq!(execute(&mut cpu, VMCLEAR), 0);
    assert_eq!(execute(&mut cpu, VMREAD), CARRY, "no current VMCS");
    assert_eq!(execute(&mut cpu, VMPTRST), 0);
    assert_eq!(cpu.host.read_u64(OPERAND), Ok(u64::MAX));
}

#[test]
fn fields_have_their_width() {
    let mut cpu = ready();
    for (field, kept) in [
        (0x0800, 0xfedc),
        (0x4000, 0x7654_fedc),
        (0x2010, 0x0123_4567_7654_fedc),
        (0x681e, 0x0123_4567_7654_fedc),
    ] {
        assert_eq!(write(&mut cpu, field, 0x0123_4567_7654_fedc), 0);
        assert_eq!(read(&mut cpu, field), kept, "{field:#x}");
    }
    assert_eq!(read(&mut cpu, 0x2011), 0x0123_4567, "upper half");
    assert_eq!(write(&mut cpu, 0x2011, 0xaaaa_bbbb_cccc_dddd), 0);
    assert_eq!(read(&mut cpu, 0x2010), 0xcccc_dddd_7654_fedc);
    for (field, error) in [
        (0x4402, error::READ_ONLY_FIELD),
        (0x7000, error::NO_SUCH_FIELD),
        (u64::MAX, error::NO_SUCH_FIELD),
    ] {
        assert_eq!(write(&mut cpu, field, 0), ZERO);
        assert_eq!(
            cpu.get(Field::INSTRUCTION_ERROR),
            error.into(),
            "{field:#x}"
        );
    }
}

#[test]
fn launching_and_resuming_follow_each_other() {
    let mut cpu = ready();
    assert_eq!(
        error_of(&mut cpu, VMRESUME),
        error::RESUME_NOT_LAUNCHED.into()
    );
    execute(&mut cpu, VMLAUNCH);
    assert!(cpu.inside);
    cpu.leave(crate::leave::Exit::of(52));
    assert_eq!((cpu.inside, cpu.hypervisor.rip), (false, HOST_RIP));
    assert_eq!(error_of(&mut cpu, VMLAUNCH), error::LAUNCH_NOT_CLEAR.into());
    execute(&mut cpu, VMRESUME);
    assert!(cpu.inside);
}

#[test]
fn invalidation_has_scopes() {
    let mut cpu = ready();
    let all = [0u64, 1, 2, 3, 4];
    let mut try_all = |instruction: &[u8], descriptor: [u64; 2]| {
        let bytes: Vec<u8> = descriptor
            .iter()
            .flat_map(|word| word.to_le_bytes())
            .collect();
        cpu.host.write(OPERAND, &bytes).expect("memory");
        all.map(|kind| {
            cpu.hypervisor.rax = kind;
            execute(&mut cpu, instruction) == 0
        })
    };
    assert_eq!(
        try_all(INVEPT, [0x1_201e, 0]),
        [false, true, true, false, false]
    );
    assert_eq!(
        try_all(INVEPT, [0x1_2000, 0]),
        [false, false, true, false, false]
    );
    assert_eq!(
        try_all(INVVPID, [1, 0x1000]),
        [true, true, true, true, false]
    );
    assert_eq!(
        try_all(INVVPID, [0, 0x1000]),
        [false, false, true, false, false]
    );
    assert_eq!(
        try_all(INVVPID, [1, 1 << 50]),
        [false, true, true, true, false]
    );
    assert_eq!(try_all(INVVPID, [0x1_0001, 0]), [false; 5]);
}

#[test]
fn an_operand_that_is_not_mapped_is_a_page_fault() {
    let mut cpu = ready();
    // VMPTRLD [rax], beyond the only page.
    cpu.hypervisor.rax = 1 << 30;
    execute(&mut cpu, &[0x0f, 0xc7, 0x30]);
    assert_eq!(
        (cpu.hypervisor.event, cpu.hypervisor.cr2),
        (0x8000_0b0e, 1 << 30)
    );
}
