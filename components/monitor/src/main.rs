// SPDX-License-Identifier: BSD-2-Clause
//! The monitor: reports faults of protection domains that have no parent, and restarts what policy
//! says. The image tool adds it to every system; it stands in no system description.
#![no_std]
#![no_main]

use core::convert::Infallible;
use core::fmt::Write;

use image_spec::monitor::Table;
use monitor_core::{Access, Cause, Control, Fault, Monitor};
use sel4_microkit::{Handler, debug_print, protection_domain, var};

/// The endpoint that faults come to.
const FAULTS: sel4::cap::Endpoint = sel4::Cap::from_bits(1);

/// The thread capability of the first protection domain; the others follow.
const FIRST_TCB: usize = 10;

/// Flags of a new thread: interrupts on, and the bit that is always set.
const RFLAGS: u64 = 0x202;

/// Room for a line: the monitor's are shorter than 400 bytes.
const LINE: usize = 420;

struct Threads;

impl Control for Threads {
    type Error = sel4::Error;

    fn restart(&mut self, pd: usize, entry: u64) -> Result<(), sel4::Error> {
        let thread: sel4::cap::Tcb = sel4::Cap::from_bits((FIRST_TCB + pd) as u64);
        thread.tcb_suspend()?;
        // rdi 1 tells the program that it is not its first start.
        let mut registers = sel4::UserContext {
            rip: entry,
            rdi: 1,
            rflags: RFLAGS,
            ..Default::default()
        };
        thread.tcb_write_all_registers(true, &mut registers)
    }
}

struct Watch(Monitor<'static>);

#[protection_domain]
fn init() -> Watch {
    let [address, len] = *var!(postern_monitor_info: [usize; 2] = [0; 2]);
    assert!(address != 0, "the image tool gave no table");
    // SAFETY: the image tool mapped the table there, read-only and with this length, and nobody
    // writes it once the system runs.
    let bytes = unsafe { core::slice::from_raw_parts(address as *const u8, len) };
    match Table::parse(bytes) {
        Ok(table) => Watch(Monitor::new(table)),
        Err(error) => panic!("{error}"),
    }
}

impl Handler for Watch {
    type Error = Infallible;

    fn run(&mut self) -> Result<Infallible, Infallible> {
        loop {
            let (info, badge) = FAULTS.recv(());
            let fault = sel4::with_ipc_buffer(|buffer| sel4::Fault::new(buffer, &info));
            let fault = Fault {
                badge,
                instruction: fault.ip(),
                cause: cause(&fault),
            };
            let mut line = heapless::String::<LINE>::new();
            // Cannot fail for want of room.
            let _ = write!(line, "MON|ERROR: ");
            let _ = self.0.handle(&fault, &mut Threads, &mut line);
            let _ = writeln!(line);
            debug_print!("{line}");
        }
    }
}

fn cause(fault: &sel4::Fault) -> Cause {
    match fault {
        sel4::Fault::VmFault(fault) => Cause::Memory {
            address: fault.addr,
            // Without NX the CPU does not tell a fetch from a read; the address does.
            access: match (
                fault.is_prefetch || fault.addr == fault.ip,
                fault.is_write(),
            ) {
                (true, _) => Access::Execute,
                (false, true) => Access::Write,
                (false, false) => Access::Read,
            },
            mapped: fault.fsr & 1 != 0,
        },
        sel4::Fault::UserException(fault) => Cause::Exception {
            vector: fault.number,
            code: fault.code,
        },
        sel4::Fault::CapFault(fault) => Cause::Capability {
            address: fault.addr,
            receiving: fault.in_recv_phase,
        },
        sel4::Fault::UnknownSyscall(fault) => Cause::Syscall {
            number: fault.syscall,
        },
        sel4::Fault::NullFault(_) => Cause::Unknown,
    }
}
