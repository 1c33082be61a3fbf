// SPDX-License-Identifier: BSD-2-Clause
//! Domain ids in use. Id 0 is never given out: units in caching mode tag what they cache of
//! entries that are not present with it (§6.1), and a zero context entry would carry it.

use crate::{DomainId, Error, Result};

const WORDS: usize = 16;

/// At most this many ids, 0 included.
const MAX: u32 = WORDS as u32 * u64::BITS;

/// A set of ids.
#[derive(Debug)]
pub struct DomainIds {
    used: [u64; WORDS],
    limit: u32,
}

impl DomainIds {
    /// Ids from 1 to below `limit` (at most 1023 of them).
    pub fn new(limit: u32) -> Self {
        Self {
            used: [0; WORDS],
            limit: limit.min(MAX),
        }
    }

    /// Takes the lowest free id.
    pub fn take(&mut self) -> Result<DomainId> {
        let free = (1..self.limit)
            .find(|&id| !self.is_used(id))
            .ok_or(Error::OutOfIds)?;
        self.used[(free / u64::BITS) as usize] |= 1 << (free % u64::BITS);
        Ok(DomainId(free as u16))
    }

    /// Gives an id back, of which no unit has anything cached.
    pub fn give_back(&mut self, id: DomainId) {
        let id = u32::from(id.0);
        if id < MAX {
            self.used[(id / u64::BITS) as usize] &= !(1 << (id % u64::BITS));
        }
    }

    /// How many are in use.
    pub fn used(&self) -> usize {
        self.used
            .iter()
            .map(|word| word.count_ones() as usize)
            .sum()
    }

    fn is_used(&self, id: u32) -> bool {
        self.used[(id / u64::BITS) as usize] >> (id % u64::BITS) & 1 != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_start_at_one_are_unique_and_come_back() {
        let mut ids = DomainIds::new(16);
        for expected in 1..16 {
            assert_eq!(ids.take(), Ok(DomainId(expected)));
        }
        assert_eq!(ids.take(), Err(Error::OutOfIds));
        assert_eq!(ids.used(), 15);
        ids.give_back(DomainId(7));
        assert_eq!(ids.take(), Ok(DomainId(7)));
    }

    #[test]
    fn a_unit_with_many_domains_is_cut_down() {
        let mut ids = DomainIds::new(65_536);
        while ids.take().is_ok() {}
        assert_eq!(ids.used(), 1023);
        ids.give_back(DomainId(u16::MAX));
        assert_eq!(ids.used(), 1023);
    }
}
