// SPDX-License-Identifier: BSD-2-Clause
//! Second-level tables (§3.7, §9.8): from device addresses to host-physical ones, in 3 or 4
//! levels, with the largest pages that alignment and hardware allow.
//!
//! This module changes tables and nothing else. What hardware has cached of an old entry is the
//! caller's to invalidate; until then the pages of removed tables wait (see [`Tree::free_removed`]).

mod table;
#[cfg(test)]
mod tests;
mod tree;

use crate::{Error, Hpa, Iova, PAGE_BYTES, Result};

pub use table::Table;
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
    /// The highest level that may have leaves: 1 (4 KiB), 2 (2 MiB) or 3 (1 GiB).
    pub leaf_levels: u8,
    /// Snoop control is supported: set in every leaf, so that a device cannot bypass caches.
    pub snoop: bool,
}

/// A checked range of device addresses: page aligned, not empty, inside the format, and clear of
/// the interrupt range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IovaRange {
    start: u64,
    end: u64,
}

impl IovaRange {
    /// The numbers of the first page and the last.
    pub const fn pages(self) -> (u64, u64) {
        (self.start / PAGE_BYTES, (self.end - 1) / PAGE_BYTES)
    }

    /// The number of bytes.
    pub const fn bytes(self) -> u64 {
        self.end - self.start
    }
}

impl Format {
    /// Checks a range of device addresses.
    ///
    /// # Errors
    ///
    /// [`Error::Unaligned`], [`Error::IovaRange`].
    pub fn range(&self, at: Iova, bytes: u64) -> Result<IovaRange> {
        let end = checked_end(at.0, bytes, self.address_bits, Error::IovaRange(at))?;
        Ok(IovaRange { start: at.0, end })
    }

    /// Whether `part` is one leaf of `level` that leads to `host`.
    fn is_leaf(&self, level: u8, part: IovaRange, host: Hpa) -> bool {
        let whole = part.bytes() == table::span(level);
        whole && level <= self.leaf_levels && host.0.is_multiple_of(part.bytes())
    }
}

/// The end of a range of whole pages that ends within `bits` and is clear of interrupts.
fn checked_end(start: u64, bytes: u64, bits: u8, outside: Error) -> Result<u64> {
    if bytes == 0 || !(start | bytes).is_multiple_of(PAGE_BYTES) {
        return Err(Error::Unaligned);
    }
    let end = start.checked_add(bytes).ok_or(Error::Unaligned)?;
    let interrupts = start < INTERRUPT_RANGE.1 && INTERRUPT_RANGE.0 < end;
    if end > 1_u64.unbounded_shl(bits.into()) || interrupts {
        return Err(outside);
    }
    Ok(end)
}
