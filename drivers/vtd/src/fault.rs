// SPDX-License-Identifier: BSD-2-Clause
//! Fault records (§7.2, §11.4.14): who did what, and why it was stopped.

#[cfg(test)]
mod tests;

use core::ops::RangeInclusive;

use crate::{Bdf, Iova};

/// Upper half of a record: it holds a fault (written as one to free it); the type's upper bit (a
/// read, if the lower is clear) and lower bit; where the reason is. The source is at its start.
pub(crate) const F: u64 = 1 << 63;
const T1: u64 = 1 << 62;
const T2: u64 = 1 << 28;
const REASON: u32 = 32;
/// Reasons of interrupt remapping and posting.
const INTERRUPT_REASONS: RangeInclusive<u8> = 0x20..=0x2f;

/// What a device tried to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// A read of memory.
    Read,
    /// A write to memory.
    Write,
    /// A page request or an atomic operation (T2 set).
    Other,
}

/// The request that was stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Request {
    /// DMA to the page at this device address.
    Dma(Iova, Access),
    /// An interrupt with this index (0 if the request has none that makes sense).
    Interrupt(u16),
}

/// One fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The device that sent the request.
    pub source: Bdf,
    /// The request.
    pub request: Request,
    /// Why it was stopped: the fault reason code (§7.1.3, §5.1.4.1).
    pub reason: u8,
}

impl Fault {
    /// Decodes a record whose F bit is set.
    pub(crate) fn decode(low: u64, high: u64) -> Self {
        let reason = (high >> REASON) as u8;
        let request = if INTERRUPT_REASONS.contains(&reason) {
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
