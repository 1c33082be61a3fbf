// SPDX-License-Identifier: BSD-2-Clause
//! The heart of the virtual machine monitor: what is done about each VM exit.
//!
//! A [`Machine`] is one virtual CPU with memory and a [`Platform`]: interrupt controllers and devices.
//! Its [`exit`](Machine::exit) looks at what the last VM entry left in the context, does what is to be
//! done, and leaves the context ready for the next entry. It routes: what an exit means is decided in
//! a module of its own, and what a device does in a model that knows nothing of CPUs.
//!
//! Usual exits cost no system call, no allocation and no output. Everything that a guest can make it do
//! is bounded: four reads to translate an address, 15 bytes of an instruction, 64 repetitions of a
//! string instruction, then the guest goes on or gets a fault, or [`Stop`] says why it does not.
//!
//! It knows nothing of protection domains: the program around it enters the CPU, waits while the guest
//! does, and brings what comes from outside.
//!
//! "SDM" is Intel's Software Developer's Manual.
#![no_std]
#![cfg_attr(not(test), forbid(unsafe_code))]

#[cfg(test)]
extern crate std;

mod alu;
mod bus;
mod control;
mod cpu;
mod cpuid;
mod decode;
mod gpr;
mod inject;
mod machine;
mod memory;
mod mmio;
mod mode;
mod msr;
mod outcome;
pub mod pc;
mod platform;
mod port;
mod stop;
mod string;
#[cfg(test)]
mod testing;
mod walk;

pub use bus::Bus;
pub use cpu::Cpu;
pub use cpuid::{Cpuid, Leaf, SIGNATURE};
pub use machine::{Machine, Next};
pub use platform::{Platform, VirtualAccess};
pub use stop::{Stop, Unsupported};
