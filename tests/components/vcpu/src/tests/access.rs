// SPDX-License-Identifier: BSD-2-Clause
//! What guests reach: memory and ports.

use sel4_test::{TestResult, check, check_eq, fail};
use sel4_vcpu::{ControlRegister, CrAccess, Exit, IoAccess, IoPort, Register};
use test_guests::{CODE, DATA, Lab, program};

use super::{go_on, load, run};

program! {
    increment: "inc qword ptr [0x6000]", "vmcall",
}

pub fn guest_memory_is_shared(lab: &mut Lab) -> TestResult {
    for word in [0, 41, u64::MAX] {
        let mut context = load(lab, increment())?;
        lab.memory.write64(DATA, word);
        check_eq!(run(lab, &mut context)?, Exit::Vmcall);
        check_eq!(lab.memory.read64(DATA), word.wrapping_add(1));
    }
    Ok(())
}

program! {
    outside:
    "mov [0x300000], rax",
    "mov rax, [0x300008]",
    "mov eax, 0x300010", "jmp rax",
}

pub fn an_address_outside_exits(lab: &mut Lab) -> TestResult {
    let mut context = load(lab, outside())?;
    let mut rights = [(false, false, false); 3];
    for (i, found) in rights.iter_mut().enumerate() {
        let Exit::EptViolation(violation) = run(lab, &mut context)? else {
            fail!("{:?}", context.exit());
        };
        let address = 0x30_0000 + 8 * i as u64;
        check_eq!(violation.address, address);
        check_eq!(violation.linear, Some(address));
        check!(!violation.mapped && !violation.in_page_walk);
        *found = (violation.read, violation.write, violation.fetch);
        // The length is not told for faults. Both instructions have eight bytes.
        context.rip = CODE as u64 + 8 * (i as u64 + 1);
    }
    check_eq!(
        rights,
        [
            (false, true, false),
            (true, false, false),
            (false, false, true)
        ]
    );
    Ok(())
}

const PORT: u16 = 0x80;
const PORTS: IoPort = IoPort::new(0);

program! {
    port: "out 0x80, al", "in eax, 0x80", "vmcall",
}

pub fn ports_exit_until_they_are_given(lab: &mut Lab) -> TestResult {
    let out = IoAccess {
        port: PORT,
        size: 1,
        input: false,
        string: false,
        repeated: false,
    };
    let mut context = load(lab, port())?;
    check_eq!(run(lab, &mut context)?, Exit::Io(out));
    let input = IoAccess {
        size: 4,
        input: true,
        ..out
    };
    check_eq!(go_on(lab, &mut context)?, Exit::Io(input));

    check_eq!(lab.vcpu.enable_io_ports(PORTS, PORT, PORT), Ok(()));
    let mut context = load(lab, port())?;
    // The other three bytes of the wide access are not given.
    check_eq!(run(lab, &mut context)?, Exit::Io(input), "with the port");
    check_eq!(go_on(lab, &mut context)?, Exit::Vmcall);

    check_eq!(lab.vcpu.disable_io_ports(PORT, PORT), Ok(()));
    let mut context = load(lab, port())?;
    check_eq!(run(lab, &mut context)?, Exit::Io(out), "taken back");
    Ok(())
}

program! {
    cr8: "mov cr8, rax", "mov rbx, cr8",
}

/// CR8 is the host's task priority.
pub fn cr8_exits(lab: &mut Lab) -> TestResult {
    let mut context = load(lab, cr8())?;
    context.registers.rax = 15;
    let write = ControlRegister {
        number: 8,
        access: CrAccess::Write(Register::Rax),
    };
    check_eq!(run(lab, &mut context)?, Exit::ControlRegister(write));
    let read = ControlRegister {
        number: 8,
        access: CrAccess::Read(Register::Rbx),
    };
    check_eq!(go_on(lab, &mut context)?, Exit::ControlRegister(read));
    Ok(())
}
