// SPDX-License-Identifier: BSD-2-Clause
//! Second-level tables (§3.7, §9.8): from device addresses to host-physical ones, in 3 or 4
//! levels, with the largest pages that alignment and hardware allow.
//!
//! This module changes tables and nothing else. What hardware has cached of an old entry is the
//! caller's to invalidate; until then the pages of removed tables wait in a [`Detached`] list.

mod entry;
mod revoke;
#[cfg(test)]
mod tests;
mod tree;

use crate::memory::Coherence;
use crate::{Error, Hpa, Iova, Memory, PAGE_BYTES, Result};
use entry::ADDRESS;

pub use tree::Tree;

/// Requests to these addresses are interrupts and never reach a table (§3.14).
const INTERRUPT_RANGE: (u64, u64) = (0xfee0_0000, 0xfef0_0000);

/// The shape of tables that all units of the platform can walk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Format {
    /// 3 (39-bit device addresses) or 4 (48-bit).
    pub levels: u8,
    /// Bits of a device address, at most those of `levels`.
    pub address_bits: u8,
    /// Bits of a host-physical address (from the DMAR table's host address width).
    pub host_bits: u8,
    /// Leaves of 2 MiB are supported.
    pub mega: bool,
    /// Leaves of 1 GiB are supported.
    pub giga: bool,
    /// Snoop control is supported: set in every leaf, so that a device cannot bypass caches.
    pub snoop: bool,
    /// Hardware snoops its table walks.
    pub coherent: bool,
}

/// A checked range of device addresses: page aligned, not empty, inside the format, and clear of
/// the interrupt range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IovaRange {
    start: u64,
    end: u64,
}

impl IovaRange {
    /// The first byte.
    pub fn start(self) -> Iova {
        Iova(self.start)
    }

    /// The number of bytes.
    pub fn bytes(self) -> u64 {
        self.end - self.start
    }
}

/// Table pages that are linked nowhere but may still be in hardware's caches. They form a chain
/// through their first entries, which read as not present to a walker that comes late.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Detached {
    head: Option<Hpa>,
}

impl Detached {
    /// Whether no page waits.
    pub fn is_empty(&self) -> bool {
        self.head.is_none()
    }

    fn push<M: Memory>(&mut self, page: Hpa, format: Format, memory: &mut M) {
        memory.write64(page, self.head.map_or(0, |next| next.0));
        Coherence {
            coherent: format.coherent,
        }
        .publish(memory, page, 8);
        self.head = Some(page);
    }

    /// Gives all pages back. Only after hardware completed an invalidation that covers them.
    pub fn free<M: Memory>(&mut self, memory: &mut M) {
        while let Some(page) = self.head {
            let next = memory.read64(page) & ADDRESS;
            self.head = (next != 0).then_some(Hpa(next));
            memory.free(page, 1);
        }
    }
}

impl Format {
    /// Checks a range of device addresses.
    ///
    /// # Errors
    ///
    /// [`Error::Unaligned`], [`Error::IovaRange`].
    pub fn range(&self, start: Iova, bytes: u64) -> Result<IovaRange> {
        let end = checked_end(start.0, bytes)?;
        if end > 1_u64.unbounded_shl(self.address_bits.into()) || touches_interrupts(start.0, end) {
            return Err(Error::IovaRange(start));
        }
        Ok(IovaRange {
            start: start.0,
            end,
        })
    }

    fn host_range(&self, start: Hpa, bytes: u64) -> Result<()> {
        let end = checked_end(start.0, bytes)?;
        if end > 1_u64.unbounded_shl(self.host_bits.into()) || touches_interrupts(start.0, end) {
            return Err(Error::HpaRange(start));
        }
        Ok(())
    }

    fn leaf_allowed(&self, level: u8) -> bool {
        match level {
            1 => true,
            2 => self.mega,
            3 => self.giga,
            _ => false,
        }
    }

    fn coherence(&self) -> Coherence {
        Coherence {
            coherent: self.coherent,
        }
    }
}

fn checked_end(start: u64, bytes: u64) -> Result<u64> {
    if bytes == 0 || !start.is_multiple_of(PAGE_BYTES) || !bytes.is_multiple_of(PAGE_BYTES) {
        return Err(Error::Unaligned);
    }
    start.checked_add(bytes).ok_or(Error::Unaligned)
}

fn touches_interrupts(start: u64, end: u64) -> bool {
    start < INTERRUPT_RANGE.1 && INTERRUPT_RANGE.0 < end
}
