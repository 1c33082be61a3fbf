// SPDX-License-Identifier: BSD-2-Clause
//! What a protection domain needs of x86 that the crates named after rust-sel4's do not wrap: I/O
//! ports, and the virtual CPU (VM entry, decoded exits, VMCS, guest registers, virtual APIC).
//!
//! It is the only place that knows these kernel methods. A VMM's decisions (which controls, how an
//! exit is handled) are not made here.
//!
//! ```no_run
//! use sel4_vcpu::{Context, Ended, Exit, Vcpu, field::guest};
//!
//! # fn main() -> sel4::Result<()> {
//! let vcpu = Vcpu::new(0);
//! vcpu.write(guest::CR3, 0x1000)?;
//! let mut context = Context::at(0x2000);
//! loop {
//!     match vcpu.enter(&mut context) {
//!         Ended::Exit => match context.exit() {
//!             Exit::Cpuid => {
//!                 context.registers.rax = 0;
//!                 context.skip_instruction();
//!             }
//!             other => panic!("{other:?}"),
//!         },
//!         Ended::Notification(_) => {}
//!         Ended::NoVcpu => panic!("no virtual CPU"),
//!     }
//! }
//! # }
//! ```
//!
//! "SDM" is Intel's Software Developer's Manual, volume 3 (325384-083): chapters "Virtual Machine
//! Control Structures" (25), "VM Exits" (28), appendices "Field Encoding in VMCS" (B) and "VMX
//! Basic Exit Reasons" (C).
#![cfg_attr(not(test), no_std)]

mod apic;
mod context;
mod controls;
mod event;
mod exit;
pub mod field;
mod io_port;
mod msr;
mod segment;
mod vcpu;

pub use apic::ApicRegister;
pub use context::{ApicState, Context, Ended, Registers};
pub use controls::{Controls, EntryControls, ExitControls, Pin, Primary, Secondary};
pub use event::{Event, EventKind};
pub use exit::{
    ApicAccess, ApicAccessKind, ControlRegister, CrAccess, DrAccess, EptViolation, Exit, IoAccess,
    MsrAccess, Register, TaskSwitch, TaskSwitchSource, reason,
};
pub use io_port::IoPort;
pub use msr::Msr;
pub use segment::Segment;
pub use vcpu::Vcpu;
