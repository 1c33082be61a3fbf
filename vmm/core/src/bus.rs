// SPDX-License-Identifier: BSD-2-Clause
//! What lies behind the guest's ports and addresses.

use vmm_base::{Gpa, Width};

/// Routes accesses to models of devices. What nobody is behind reads as all ones, and takes writes
/// without effect, as on a PC.
pub trait Bus {
    /// IN. Bits beyond `width` are 0.
    fn read_port(&mut self, port: u16, width: Width) -> u32;

    /// OUT. Bits of `value` beyond `width` are 0.
    fn write_port(&mut self, port: u16, width: Width, value: u32);

    /// A read at an address that is no memory. Bits beyond `width` are 0.
    fn read(&mut self, at: Gpa, width: Width) -> u64;

    /// A write at an address that is no memory. Bits of `value` beyond `width` are 0.
    fn write(&mut self, at: Gpa, width: Width, value: u64);
}
