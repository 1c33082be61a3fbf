// SPDX-License-Identifier: BSD-2-Clause
//! The tests.

use sel4::{Error, Word};
use sel4_test::{TestResult, check, check_eq, check_matches, fail};
use sel4_vcpu::{Exit, ExitInfo, IoPort, Registers};

use crate::{
    clock,
    guest::{DATA, Guest, Program},
    vmcs::*,
};

/// Basic exit reasons: Intel SDM volume 3, appendix "VMX Basic Exit Reasons".
const CPUID: u16 = 10;
const VMCALL: u16 = 18;
const IO_INSTRUCTION: u16 = 30;
const EPT_VIOLATION: u16 = 48;

const PORT: u16 = 0x80;
const PORTS: IoPort = IoPort::new(0);

const REGISTERS: Registers = Registers {
    rax: 0x1111_0000,
    rbx: 0x2222_0001,
    rcx: 0x3333_0002,
    rdx: 0x4444_0003,
    rsi: 0x5555_0004,
    rdi: 0x6666_0005,
    rbp: 0x7777_0006,
};

fn exit(result: sel4::Result<Option<ExitInfo>>) -> Result<ExitInfo, sel4_test::Failure> {
    match result {
        Ok(Some(info)) => Ok(info),
        other => fail!("no exit: {other:?}"),
    }
}

pub fn fields_read_back(guest: &mut Guest) -> TestResult {
    let before = guest.vcpu.read_vmcs(GUEST_RSP);
    check_matches!(before, Ok(_));
    check_eq!(guest.vcpu.write_vmcs(GUEST_RSP, 0x3f00), Ok(0x3f00));
    check_eq!(guest.vcpu.read_vmcs(GUEST_RSP), Ok(0x3f00));
    check_eq!(guest.vcpu.write_vmcs(GUEST_RSP, 0x4000), Ok(0x4000));
    Ok(())
}

pub fn fields_of_the_host_are_refused(guest: &mut Guest) -> TestResult {
    for field in [HOST_CR3, HOST_RIP] {
        check_eq!(guest.vcpu.read_vmcs(field), Err(Error::IllegalOperation));
        check_eq!(
            guest.vcpu.write_vmcs(field, 0),
            Err(Error::IllegalOperation)
        );
    }
    Ok(())
}

/// Whatever is written, interrupts of the host leave the guest.
pub fn controls_show_what_the_kernel_keeps(guest: &mut Guest) -> TestResult {
    const EXTERNAL_INTERRUPT_EXITING: Word = 1;
    let Ok(written) = guest.vcpu.write_vmcs(PIN_BASED_CONTROLS, 0) else {
        fail!("the controls cannot be written");
    };
    check!(
        written & EXTERNAL_INTERRUPT_EXITING != 0,
        "controls {written:#x}"
    );
    check_eq!(guest.vcpu.read_vmcs(PIN_BASED_CONTROLS), Ok(written));
    Ok(())
}

pub fn registers_go_in_and_out(guest: &mut Guest) -> TestResult {
    let info = exit(guest.run(Program::Invert, &REGISTERS))?;
    check_eq!(info.reason, VMCALL);
    let rax = Word::from(!(REGISTERS.rax as u32));
    check_eq!(info.registers, Registers { rax, ..REGISTERS });
    Ok(())
}

pub fn an_exit_tells_instruction_and_length(guest: &mut Guest) -> TestResult {
    let info = exit(guest.run(Program::Cpuid, &REGISTERS))?;
    check_eq!((info.reason, info.instruction_length), (CPUID, 2));
    check_eq!(info.entry.rip, Guest::entry(Program::Cpuid).rip);
    check_eq!(info.cr3, 0x1000);
    check_eq!(info.rflags & 0x200, 0x200, "interrupt flag");
    check_eq!(info.registers, REGISTERS);
    Ok(())
}

pub fn guest_memory_is_shared(guest: &mut Guest) -> TestResult {
    for word in [0, 41, u32::MAX] {
        guest.write_word(DATA, word);
        let info = exit(guest.run(Program::Increment, &REGISTERS))?;
        check_eq!(info.reason, VMCALL);
        check_eq!(guest.read_word(DATA), word.wrapping_add(1));
    }
    Ok(())
}

pub fn an_address_outside_exits(guest: &mut Guest) -> TestResult {
    const WRITE: Word = 2;
    let info = exit(guest.run(Program::Outside, &REGISTERS))?;
    check_eq!(
        (info.reason, info.guest_physical),
        (EPT_VIOLATION, 0x30_0000)
    );
    check_eq!(info.qualification & WRITE, WRITE);
    Ok(())
}

pub fn ports_exit_until_they_are_given(guest: &mut Guest) -> TestResult {
    let info = exit(guest.run(Program::Port, &REGISTERS))?;
    check_eq!(
        (info.reason, info.qualification >> 16),
        (IO_INSTRUCTION, PORT.into())
    );
    check_eq!(guest.vcpu.enable_io_ports(PORTS, PORT, PORT), Ok(()));
    let info = exit(guest.run(Program::Port, &REGISTERS))?;
    check_eq!(info.reason, VMCALL, "with the port");
    check_eq!(guest.vcpu.disable_io_ports(PORT, PORT), Ok(()));
    let info = exit(guest.run(Program::Port, &REGISTERS))?;
    check_eq!(info.reason, IO_INSTRUCTION, "with the port taken back");
    Ok(())
}

/// The guest never exits of itself.
pub fn an_interrupt_of_the_program_ends_the_run(guest: &mut Guest) -> TestResult {
    check_eq!(clock::start(), Ok(()));
    let entry = Guest::entry(Program::Spin);
    let exit = guest.vcpu.enter(&entry);
    check_eq!(clock::stop(), Ok(()));
    let Exit::Notification {
        badge,
        entry: state,
    } = exit
    else {
        fail!("{exit:?}");
    };
    check_eq!(badge, 1 << clock::CLOCK.index());
    check_eq!(state.rip, entry.rip);
    Ok(())
}
