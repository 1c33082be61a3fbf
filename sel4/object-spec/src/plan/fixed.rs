// SPDX-License-Identifier: BSD-2-Clause
//! Objects at fixed addresses.

use alloc::vec::Vec;

use super::{Arena, Error, Planner, Step};

impl Planner<'_> {
    /// Places every request with an address. `initial` is the number of untypeds of the kernel: what
    /// is split off lies before the address that it was split off for, so the ascending order of
    /// addresses never leads back into it.
    pub(super) fn place_fixed(&mut self, initial: usize) -> Result<(), Error> {
        let fixed = self.requests.iter().enumerate();
        let mut order: Vec<(u64, usize)> = fixed
            .filter_map(|(request, wanted)| Some((wanted.paddr?, request)))
            .collect();
        order.sort_unstable();
        for (paddr, request) in order {
            self.place_at(paddr, request, initial)?;
        }
        Ok(())
    }

    fn place_at(&mut self, start: u64, request: usize, initial: usize) -> Result<(), Error> {
        let wanted = self.requests[request];
        let size = 1u64 << wanted.size_bits;
        let (mut paddr, mut first) = (start, 0);
        while first < wanted.count {
            let holds = |arena: &Arena| arena.next <= paddr && paddr < arena.end;
            let Some(from) = self.arenas[..initial].iter().position(holds) else {
                return Err(self.why_not(paddr, request));
            };
            let here = (self.arenas[from].end - paddr) / size;
            let count = u32::try_from(here)
                .unwrap_or(u32::MAX)
                .min(wanted.count - first);
            if count == 0 {
                return Err(Error::NoSuchMemory { request, paddr });
            }
            self.make(from, request, first, count, paddr);
            first += count;
            paddr = self.arenas[from].next;
        }
        Ok(())
    }

    /// Tells memory that is not there from memory that an earlier request has.
    fn why_not(&self, paddr: u64, request: usize) -> Error {
        let made = self.steps.iter().any(|step| match *step {
            Step::Make {
                request: other,
                count,
                paddr: at,
                ..
            } => {
                let len = u64::from(count) << self.requests[other].size_bits;
                (at..at + len).contains(&paddr)
            }
            Step::Split { .. } => false,
        });
        if made {
            Error::Taken { request, paddr }
        } else {
            Error::NoSuchMemory { request, paddr }
        }
    }
}
