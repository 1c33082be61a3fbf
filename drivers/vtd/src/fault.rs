// SPDX-License-Identifier: BSD-2-Clause
//! Fault records (§7.2, §11.4.14): who did what, and why it was stopped.

#[cfg(test)]
mod tests;

use core::fmt;

use displaydoc::Display;

use crate::{Bdf, Iova};

/// Upper half of a record: it holds a fault (written as one to free it); the type's upper bit (a
/// read, if the lower is clear) and lower bit; where the reason is. The source is at its start.
pub(crate) const F: u64 = 1 << 63;
const T1: u64 = 1 << 62;
const T2: u64 = 1 << 28;
const REASON: u32 = 32;

/// What a device tried to do. The first lines are how messages say it.
#[derive(Clone, Copy, Debug, Display, PartialEq, Eq)]
#[ignore_extra_doc_attributes]
pub enum Access {
    /// read of
    ///
    /// Memory was to be read.
    Read,
    /// write to
    ///
    /// Memory was to be written.
    Write,
    /// request for
    ///
    /// A page request or an atomic operation (T2 set).
    Other,
}

/// The request that was stopped. The first lines are how messages say it.
#[derive(Clone, Copy, Debug, Display, PartialEq, Eq)]
#[ignore_extra_doc_attributes]
pub enum Request {
    /// {1} {0}
    ///
    /// DMA to the page at this device address.
    Dma(Iova, Access),
    /// interrupt {0}
    ///
    /// Its index (0 if the request has none that makes sense).
    Interrupt(u16),
}

/// The fault reason code (§7.1.3, §5.1.4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reason(pub u8);

/// One fault.
#[derive(Clone, Copy, Debug, Display, PartialEq, Eq)]
#[displaydoc("{source}: {request} stopped: {reason}")]
pub struct Fault {
    /// The device that sent the request.
    pub source: Bdf,
    /// The request.
    pub request: Request,
    /// Why it was stopped.
    pub reason: Reason,
}

impl Fault {
    /// Decodes a record whose F bit is set.
    pub(crate) fn decode(low: u64, high: u64) -> Self {
        let reason = Reason((high >> REASON) as u8);
        let request = if reason.is_interrupt() {
            Request::Interrupt((low >> 48) as u16)
        } else {
            let access = match (high & T1 != 0, high & T2 != 0) {
                (true, false) => Access::Read,
                (false, false) => Access::Write,
                _ => Access::Other,
            };
            Request::Dma(Iova(low & !0xfff), access)
        };
        Self {
            source: Bdf(high as u16),
            request,
            reason,
        }
    }
}

impl Reason {
    /// Whether it is one of interrupt remapping or posting.
    pub const fn is_interrupt(self) -> bool {
        matches!(self.0, 0x20..=0x2f)
    }

    /// The reason in words.
    pub const fn words(self) -> &'static str {
        match self.0 {
            0x01 => "its bus has no context table",
            0x02 => "it is attached to no domain",
            0x03 => "its context entry is programmed wrongly",
            0x04 => "the address is beyond the domain's width",
            0x05 => "no right to write there",
            0x06 => "no right to read there",
            0x07 => "a page table cannot be read",
            0x08 => "the root table cannot be read",
            0x09 => "a context table cannot be read",
            0x0a => "reserved bits are set in a root entry",
            0x0b => "reserved bits are set in its context entry",
            0x0c => "reserved bits are set in a page-table entry",
            0x0d => "translated and translation requests are blocked for it",
            0x0e => "the translation leads into the interrupt range",
            0x20 => "reserved bits are set in the interrupt request",
            0x21 => "the interrupt index is beyond the table",
            0x22 => "the interrupt entry is not present",
            0x23 => "the interrupt table cannot be read",
            0x24 => "reserved bits are set in the interrupt entry",
            0x25 => "interrupts in compatibility format are blocked",
            0x26 => "the interrupt entry belongs to another device",
            0x27 => "the posted-interrupt descriptor cannot be accessed",
            0x28 => "reserved bits are set in the posted-interrupt descriptor",
            0x30..=0x8f => "a scalable-mode fault, though legacy mode is set",
            _ => "a reason that this driver does not know",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({:#04x})", self.words(), self.0)
    }
}
