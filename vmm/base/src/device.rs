// SPDX-License-Identifier: BSD-2-Clause
//! What a model of a device offers to whoever routes the guest's accesses to it.

use crate::Width;

/// A device behind I/O ports. `offset` counts from its first port. An access of a width that the
/// device does not have reads as all ones, and writes nothing.
pub trait PortDevice {
    /// IN. Bits beyond `width` are 0.
    fn read(&mut self, offset: u16, width: Width) -> u32;

    /// OUT. Bits of `value` beyond `width` are 0.
    fn write(&mut self, offset: u16, width: Width, value: u32);
}

/// A device in the physical address space. `offset` counts from its first byte; it need not be a
/// multiple of the width. An access that the device does not have reads as all ones, and writes
/// nothing.
pub trait MmioDevice {
    /// A read. Bits beyond `width` are 0.
    fn read(&mut self, offset: u64, width: Width) -> u64;

    /// A write. Bits of `value` beyond `width` are 0.
    fn write(&mut self, offset: u64, width: Width, value: u64);
}
