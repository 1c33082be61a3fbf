// SPDX-License-Identifier: BSD-2-Clause
//! Device registers behind two traits, so that a driver runs unchanged on hardware and in a test.
//!
//! * [`Mmio`]: memory-mapped registers. [`MmioRegion`] is the real thing (volatile accesses to a
//!   mapped region); [`FakeMmio`] is an array that logs its writes. A [`Register`] is one by name.
//! * [`SharedRegion`] and [`OutgoingRegion`]: memory that a device reads and writes, or only reads.
//! * [`PortIo`]: byte-wide x86 I/O ports. The protection domain that owns the ports supplies the
//!   implementation, since port access is a system call on seL4.
//!
//! Offsets are often computed from values that a device reports. An access outside the region or
//! off its natural alignment therefore behaves like a bus with nothing at that address: reads
//! give all ones, writes are dropped. It never touches foreign memory and never panics.
#![no_std]

mod fake;
mod region;
mod register;
mod shared;

pub use fake::{FakeMmio, Write};
pub use region::MmioRegion;
pub use register::{Register, Registers, Width};
pub use shared::{OutgoingRegion, SharedRegion};

/// What a bus answers where no device is.
pub const ABSENT32: u32 = u32::MAX;
/// What a bus answers where no device is.
pub const ABSENT64: u64 = u64::MAX;

/// Registers in a memory-mapped region; all offsets are bytes from its start.
pub trait Mmio {
    /// The size of the region in bytes.
    fn size(&self) -> usize;
    /// Reads a 32-bit register.
    fn read32(&self, offset: usize) -> u32;
    /// Writes a 32-bit register.
    fn write32(&mut self, offset: usize, value: u32);
    /// Reads a 64-bit register in one access.
    fn read64(&self, offset: usize) -> u64;
    /// Writes a 64-bit register in one access.
    fn write64(&mut self, offset: usize, value: u64);
}

/// A range of byte-wide I/O ports; `offset` counts from the first port of the range.
pub trait PortIo {
    /// Reads the port (which may have side effects on the device). All ones if it cannot be read.
    fn read8(&mut self, offset: u16) -> u8;
    /// Writes the port. Dropped if it cannot be written.
    fn write8(&mut self, offset: u16, value: u8);
}

/// Whether an access of `width` bytes at `offset` is aligned and lies inside `size` bytes.
fn inside(offset: usize, width: usize, size: usize) -> bool {
    offset.is_multiple_of(width) && offset.checked_add(width).is_some_and(|end| end <= size)
}
