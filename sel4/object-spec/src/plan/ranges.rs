// SPDX-License-Identifier: BSD-2-Clause
//! The physical memory there is, for messages.

use alloc::vec::Vec;

use super::Untyped;

/// Physical addresses without a gap, all RAM or all device memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range {
    /// First address.
    pub start: u64,
    /// First address behind it.
    pub end: u64,
    /// No RAM.
    pub device: bool,
}

/// Joins untypeds that lie side by side, in order of their addresses.
pub fn ranges(untypeds: &[Untyped]) -> Vec<Range> {
    let mut sorted: Vec<Untyped> = untypeds.to_vec();
    sorted.sort_unstable_by_key(|untyped| untyped.paddr);
    let mut ranges: Vec<Range> = Vec::new();
    for untyped in sorted {
        let Untyped {
            paddr: start,
            device,
            ..
        } = untyped;
        match ranges.last_mut() {
            Some(last) if last.end == start && last.device == device => last.end = untyped.end(),
            _ => ranges.push(Range {
                start,
                end: untyped.end(),
                device,
            }),
        }
    }
    ranges
}

/// The last range that starts below `paddr` and the first that starts at it or above.
pub fn nearest(ranges: &[Range], paddr: u64) -> impl Iterator<Item = Range> {
    let above = ranges.partition_point(|range| range.start < paddr);
    let from = above.saturating_sub(1);
    ranges.iter().skip(from).take(above - from + 1).copied()
}
