// SPDX-License-Identifier: BSD-2-Clause
//! Objects that may lie anywhere in RAM.

use alloc::vec::Vec;
use core::cmp::Reverse;

use super::{Error, Planner};

impl Planner<'_> {
    /// Places every request without an address: those in one piece first, then by falling size.
    ///
    /// Each goes to the smallest arena that holds all of it, so that large untypeds stay whole, and
    /// those that nobody needs are never touched: seL4 clears all of an untyped at its first use.
    pub(super) fn place_floating(&mut self) -> Result<(), Error> {
        let floating = self
            .requests
            .iter()
            .enumerate()
            .filter(|(_, wanted)| wanted.paddr.is_none());
        let mut order: Vec<usize> = floating.map(|(request, _)| request).collect();
        order.sort_by_key(|&request| {
            let wanted = self.requests[request];
            (
                Reverse(wanted.size_bits),
                Reverse(wanted.contiguous),
                Reverse(wanted.count),
            )
        });
        let needed = order
            .iter()
            .fold(0u64, |sum, &at| sum.saturating_add(self.requests[at].len()));
        let free = self.rooms(0).map(|(_, bytes)| bytes).sum();
        for request in order {
            self.place_anywhere(request, needed, free)?;
        }
        Ok(())
    }

    fn place_anywhere(&mut self, request: usize, needed: u64, free: u64) -> Result<(), Error> {
        let wanted = self.requests[request];
        let whole = self.best_fit(wanted.size_bits, wanted.len());
        if wanted.is_empty() {
            return Ok(());
        }
        if wanted.contiguous && whole.is_none() {
            let largest = self
                .rooms(wanted.size_bits)
                .map(|(_, room)| room)
                .max()
                .unwrap_or(0);
            return Err(Error::NotContiguous { request, largest });
        }
        let mut first = 0;
        while first < wanted.count {
            let largest = || self.rooms(wanted.size_bits).max_by_key(|&(_, room)| room);
            let place = whole
                .or_else(largest)
                .map(|(from, room)| (from, room >> wanted.size_bits));
            let Some((from, here @ 1..)) = place else {
                return Err(Error::OutOfMemory {
                    request,
                    needed,
                    free,
                });
            };
            let count = u32::try_from(here)
                .unwrap_or(u32::MAX)
                .min(wanted.count - first);
            let Some(paddr) = self.arenas[from].first_fit(wanted.size_bits) else {
                return Err(Error::OutOfMemory {
                    request,
                    needed,
                    free,
                });
            };
            self.make(from, request, first, count, paddr);
            first += count;
        }
        Ok(())
    }

    /// The arena with the least room among those with room for `len` bytes.
    fn best_fit(&self, size_bits: u8, len: u64) -> Option<(usize, u64)> {
        self.rooms(size_bits)
            .filter(|&(_, room)| room >= len)
            .min_by_key(|&(_, room)| room)
    }

    /// The arenas of RAM, with the bytes that each has for objects of a size.
    fn rooms(&self, size_bits: u8) -> impl Iterator<Item = (usize, u64)> {
        let ram = self
            .arenas
            .iter()
            .enumerate()
            .filter(|(_, arena)| !arena.device);
        ram.map(move |(at, arena)| (at, arena.room(size_bits)))
    }
}
