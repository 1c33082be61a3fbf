// SPDX-License-Identifier: BSD-2-Clause
//! The registers of a unit (§11.4).

use mmio::Register;

/// Version.
pub const VER: Register<u32> = Register::at(0x00);
/// Capability.
pub const CAP: Register<u64> = Register::at(0x08);
/// Extended capability.
pub const ECAP: Register<u64> = Register::at(0x10);
/// Global command.
pub const GCMD: Register<u32> = Register::at(0x18);
/// Global status.
pub const GSTS: Register<u32> = Register::at(0x1c);
/// Root table address.
pub const RTADDR: Register<u64> = Register::at(0x20);
/// Fault status.
pub const FSTS: Register<u32> = Register::at(0x34);
/// Fault event control.
pub const FECTL: Register<u32> = Register::at(0x38);
/// Fault event data.
pub const FEDATA: Register<u32> = Register::at(0x3c);
/// Fault event address.
pub const FEADDR: Register<u32> = Register::at(0x40);
/// Fault event upper address.
pub const FEUADDR: Register<u32> = Register::at(0x44);
/// Protected memory enable.
pub const PMEN: Register<u32> = Register::at(0x64);
/// Invalidation queue head.
pub const IQH: Register<u64> = Register::at(0x80);
/// Invalidation queue tail.
pub const IQT: Register<u64> = Register::at(0x88);
/// Invalidation queue address.
pub const IQA: Register<u64> = Register::at(0x90);
/// Invalidation completion event control.
pub const IECTL: Register<u32> = Register::at(0xa0);
/// Interrupt remapping table address.
pub const IRTA: Register<u64> = Register::at(0xb8);
