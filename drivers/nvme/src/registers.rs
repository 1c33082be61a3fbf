// SPDX-License-Identifier: BSD-2-Clause
//! Controller registers (§3.1) in BAR 0.

use mmio::Register;

/// Controller capabilities.
pub const CAP: Register<u64> = Register::at(0x00);
/// Interrupt mask set.
pub(crate) const INTMS: Register<u32> = Register::at(0x0c);
/// Controller configuration.
pub const CC: Register<u32> = Register::at(0x14);
/// Controller status.
pub const CSTS: Register<u32> = Register::at(0x1c);
/// Admin queue sizes.
pub(crate) const AQA: Register<u32> = Register::at(0x24);
/// Admin submission queue address.
pub(crate) const ASQ: Register<u64> = Register::at(0x28);
/// Admin completion queue address.
pub(crate) const ACQ: Register<u64> = Register::at(0x30);
/// Tail doorbell of the admin submission queue.
pub(crate) const ADMIN_TAIL: Register<u32> = Register::at(0x1000);

/// Head doorbell of the admin completion queue, whose place depends on CAP.DSTRD.
pub(crate) const fn admin_head(capabilities: u64) -> Register<u32> {
    let stride = (capabilities >> 32 & 0xf) as u32;
    Register::at(0x1000 + (4 << stride))
}
