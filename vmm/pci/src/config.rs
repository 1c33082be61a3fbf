// SPDX-License-Identifier: BSD-2-Clause
//! Configuration space of a function: registers, and which of their bits a guest can change.

use core::fmt;

use vmm_base::Width;

use crate::Identity;
use crate::bar::Bars;

/// Bytes of the configuration space of a function (§7.2).
pub const CONFIG_BYTES: u16 = 4096;

/// Bytes of which something can be other than zero: the space that PCI had, and the first extended
/// capabilities. It keeps a function's state at 2 KiB.
const STORED_BYTES: u16 = 1024;
const REGISTERS: usize = STORED_BYTES as usize / 4;

/// Registers of the header, §7.5.1.
pub(crate) mod register {
    pub const ID: u16 = 0x00;
    pub const COMMAND: u16 = 0x04;
    pub const STATUS: u16 = 0x06;
    pub const REVISION: u16 = 0x08;
    pub const CACHE_LINE: u16 = 0x0c;
    pub const BARS: u16 = 0x10;
    pub const SUBSYSTEM: u16 = 0x2c;
    pub const CAPABILITIES: u16 = 0x34;
    pub const INTERRUPT_LINE: u16 = 0x3c;
}

/// Bits of the command register, §7.5.1.1.3.
mod command {
    pub const MEMORY: u32 = 1 << 1;
    pub const BUS_MASTER: u32 = 1 << 2;
    pub const PARITY_RESPONSE: u32 = 1 << 6;
    pub const SERR: u32 = 1 << 8;
    pub const INTERRUPT_DISABLE: u32 = 1 << 10;
}

/// What is wrong with a function that is being made; never the guest's doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BuildError {
    /// There is no space left for a capability of this length in bytes.
    NoRoom(usize),
    /// This base address register is taken, or there is none of this number.
    BarTaken(u8),
    /// A base address register cannot decode this many bytes: not a power of 2, too few, too many.
    BarSize(u64),
    /// The table of messages is not wholly in the BAR of this number, or its size is not possible.
    MessageTable(u8),
    /// The bus has no device of this number, or it is taken.
    DeviceTaken(u8),
    /// The window of the bus has no space left for a BAR of this size in bytes.
    WindowFull(u64),
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::NoRoom(bytes) => write!(f, "no room for a capability of {bytes} bytes"),
            Self::BarTaken(number) => write!(f, "base address register {number} is not free"),
            Self::BarSize(bytes) => {
                write!(f, "a base address register cannot decode {bytes:#x} bytes")
            }
            Self::MessageTable(bar) => {
                write!(f, "the table of messages does not fit into BAR {bar}")
            }
            Self::DeviceTaken(device) => write!(f, "device {device} of the bus is not free"),
            Self::WindowFull(bytes) => {
                write!(
                    f,
                    "the bus has no {bytes:#x} bytes of addresses left for a BAR"
                )
            }
        }
    }
}

impl core::error::Error for BuildError {}

/// The registers of a function.
///
/// A guest changes them through [`write`](Self::write), which leaves all bits alone that were not
/// declared writable; the device itself through [`set`](Self::set).
#[derive(Debug, Clone)]
pub struct ConfigSpace {
    values: [u32; REGISTERS],
    writable: [u32; REGISTERS],
    pub(crate) bars: Bars,
    /// Where the next capability goes.
    pub(crate) next: u16,
    /// Where the next extended capability goes.
    pub(crate) next_extended: u16,
    /// The last capability, which will point to the next one.
    pub(crate) last: Option<u16>,
    /// The last extended capability.
    pub(crate) last_extended: Option<u16>,
    /// The PCI Express capability.
    pub(crate) express: Option<u16>,
}

impl ConfigSpace {
    /// A function without base addresses and capabilities, with its memory and bus mastering off.
    pub fn new(identity: Identity) -> Self {
        let mut config = Self {
            values: [0; REGISTERS],
            writable: [0; REGISTERS],
            bars: Bars::default(),
            next: 0x40,
            next_extended: 0x100,
            last: None,
            last_extended: None,
            express: None,
        };
        let Identity {
            vendor,
            device,
            revision,
            class,
            subsystem_vendor,
            subsystem,
        } = identity;
        let pair = |low: u16, high: u16| u32::from(high) << 16 | u32::from(low);
        config.set(register::ID, Width::Dword, pair(vendor, device));
        config.set(
            register::REVISION,
            Width::Dword,
            class << 8 | u32::from(revision),
        );
        let subsystem = pair(subsystem_vendor, subsystem);
        config.set(register::SUBSYSTEM, Width::Dword, subsystem);
        let command = command::MEMORY
            | command::BUS_MASTER
            | command::PARITY_RESPONSE
            | command::SERR
            | command::INTERRUPT_DISABLE;
        config.allow(register::COMMAND, Width::Word, command);
        config.allow(register::CACHE_LINE, Width::Byte, 0xff);
        config.allow(register::INTERRUPT_LINE, Width::Byte, 0xff);
        config
    }

    /// What a guest reads. All ones if the access goes over the end of a register of 4 bytes, or of
    /// the space; bits beyond `width` are 0.
    pub fn read(&self, offset: u16, width: Width) -> u32 {
        let ones = width.mask() as u32;
        let Some(shift) = shift(offset, width) else {
            return ones;
        };
        // What is not stored is an end of the list of capabilities: zero.
        let register = self.values.get(usize::from(offset / 4));
        register.map_or(0, |value| value >> shift) & ones
    }

    /// What a guest writes. Bits that are not declared writable, and accesses for which
    /// [`read`](Self::read) gives all ones, change nothing.
    pub fn write(&mut self, offset: u16, width: Width, value: u32) {
        let index = usize::from(offset / 4);
        let (Some(shift), Some(&writable)) = (shift(offset, width), self.writable.get(index))
        else {
            return;
        };
        let mask = (width.mask() as u32) << shift & writable;
        self.merge(index, mask, value << shift);
    }

    /// What the device itself writes, into any bits.
    pub fn set(&mut self, offset: u16, width: Width, value: u32) {
        if let Some(shift) = shift(offset, width) {
            let mask = (width.mask() as u32) << shift;
            self.merge(usize::from(offset / 4), mask, value << shift);
        }
    }

    /// Lets guests write these bits, beside those that they could write before.
    pub fn allow(&mut self, offset: u16, width: Width, bits: u32) {
        let Some(shift) = shift(offset, width) else {
            return;
        };
        if let Some(writable) = self.writable.get_mut(usize::from(offset / 4)) {
            *writable |= (bits & width.mask() as u32) << shift;
        }
    }

    /// A reset: all bits that guests can write are 0, the base addresses with them.
    pub fn reset(&mut self) {
        for (value, writable) in self.values.iter_mut().zip(&self.writable) {
            *value &= !writable;
        }
    }

    /// Does it decode its base addresses?
    pub fn memory_enabled(&self) -> bool {
        self.read(register::COMMAND, Width::Word) & command::MEMORY != 0
    }

    /// May it read and write memory, and so send messages?
    pub fn bus_master(&self) -> bool {
        self.read(register::COMMAND, Width::Word) & command::BUS_MASTER != 0
    }

    /// The bytes of which something can be other than zero.
    pub(crate) const fn stored_bytes() -> u16 {
        STORED_BYTES
    }

    fn merge(&mut self, index: usize, mask: u32, value: u32) {
        if let Some(register) = self.values.get_mut(index) {
            *register = *register & !mask | value & mask;
        }
    }
}

/// Where in its register of 4 bytes an access is, in bits; `None` if it is not in one.
fn shift(offset: u16, width: Width) -> Option<u32> {
    let first = usize::from(offset % 4);
    let inside = offset < CONFIG_BYTES && first + width.bytes() <= 4;
    inside.then_some(8 * first as u32)
}
