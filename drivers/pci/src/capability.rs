// SPDX-License-Identifier: BSD-2-Clause
//! The two lists of capabilities (§7.5.3, §7.6.3). Each place is visited once at most, so a list
//! that leads back into itself ends with an error.

use crate::{Bdf, Error, PciConfig, Result};

const STATUS: u16 = 0x06;
const STATUS_HAS_LIST: u16 = 1 << 4;
const POINTER: u16 = 0x34;
const FIRST: u16 = 0x40;
const FIRST_EXTENDED: u16 = 0x100;

/// Capability ids that this crate and its users look for.
pub mod id {
    /// Message signalled interrupts.
    pub const MSI: u16 = 0x05;
    /// PCI Express.
    pub const EXPRESS: u16 = 0x10;
    /// MSI-X.
    pub const MSIX: u16 = 0x11;
    /// Extended: access control services.
    pub const ACS: u16 = 0x0d;
    /// Extended: alternative routing-id interpretation.
    pub const ARI: u16 = 0x0e;
    /// Extended: single root I/O virtualisation.
    pub const SRIOV: u16 = 0x10;
}

/// One entry of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capability {
    /// What it is; ids of the two lists are different numbers.
    pub id: u16,
    /// Where it begins in configuration space; a multiple of 4.
    pub offset: u16,
}

/// Walks a list. After an error there is nothing more.
struct Walk<'a, C> {
    config: &'a C,
    function: Bdf,
    /// 0 ends the list.
    next: u16,
    extended: bool,
    /// One bit for each double word.
    seen: [u64; 16],
}

impl<C: PciConfig> Iterator for Walk<'_, C> {
    type Item = Result<Capability>;

    fn next(&mut self) -> Option<Self::Item> {
        let offset = core::mem::take(&mut self.next);
        if offset == 0 {
            return None;
        }
        let first = if self.extended { FIRST_EXTENDED } else { FIRST };
        if offset < first {
            return Some(Err(Error::CapabilityOffset(self.function, offset)));
        }
        let word = usize::from(offset / 4);
        let (seen, bit) = (&mut self.seen[word / 64 % 16], 1 << (word % 64));
        if *seen & bit != 0 {
            return Some(Err(Error::CapabilityLoop(self.function, offset)));
        }
        *seen |= bit;

        let header = self.config.read32(self.function, offset);
        let (id, next) = if self.extended {
            (header as u16, (header >> 20) as u16)
        } else {
            ((header & 0xff) as u16, (header >> 8 & 0xff) as u16)
        };
        if header == u32::MAX || (self.extended && header == 0) {
            // The function is gone, or has no extended capabilities (§7.6.2).
            return None;
        }
        self.next = next & !3;
        Some(Ok(Capability { id, offset }))
    }
}

/// The capabilities in the first 256 bytes.
pub fn capabilities(
    config: &impl PciConfig,
    function: Bdf,
) -> impl Iterator<Item = Result<Capability>> {
    let listed = config.read16(function, STATUS) & STATUS_HAS_LIST != 0;
    let pointer = config.read16(function, POINTER) & 0xfc;
    walk(config, function, if listed { pointer } else { 0 }, false)
}

/// The capabilities from byte 256 on. Only PCI Express functions have them.
pub fn extended_capabilities(
    config: &impl PciConfig,
    function: Bdf,
) -> impl Iterator<Item = Result<Capability>> {
    walk(config, function, FIRST_EXTENDED, true)
}

fn walk<C: PciConfig>(config: &C, function: Bdf, next: u16, extended: bool) -> Walk<'_, C> {
    Walk {
        config,
        function,
        next,
        extended,
        seen: [0; 16],
    }
}

/// The offset of the first capability with this id, if there is one.
///
/// # Errors
///
/// If the list is broken before it is found.
pub fn find(config: &impl PciConfig, function: Bdf, id: u16) -> Result<Option<u16>> {
    first(capabilities(config, function), id)
}

/// The offset of the first extended capability with this id, if there is one.
///
/// # Errors
///
/// If the list is broken before it is found.
pub fn find_extended(config: &impl PciConfig, function: Bdf, id: u16) -> Result<Option<u16>> {
    first(extended_capabilities(config, function), id)
}

fn first(list: impl Iterator<Item = Result<Capability>>, id: u16) -> Result<Option<u16>> {
    for capability in list {
        let capability = capability?;
        if capability.id == id {
            return Ok(Some(capability.offset));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use proptest::prelude::*;

    use super::*;
    use crate::fake::{FakeConfig, FakeFunction};

    const AT: Bdf = Bdf(0x18);

    fn with(function: FakeFunction) -> FakeConfig<1> {
        let mut config = FakeConfig::new();
        config.add(AT, function);
        config
    }

    #[test]
    fn both_lists_are_followed_to_their_ends() {
        let mut function = FakeFunction::endpoint(0x8086, 0x10c9);
        function.capability(0x40, 1, 0x50, 0);
        function.capability(0x50, 5, 0x73, 0); // the two low bits are reserved
        function.capability(0x70, 0x11, 0, 0);
        function.extended(0x100, 1, 0x150);
        function.extended(0x150, id::ARI, 0x160);
        function.extended(0x160, id::SRIOV, 0);
        let config = with(function);
        assert_eq!(find(&config, AT, id::MSIX), Ok(Some(0x70)));
        assert_eq!(find(&config, AT, id::EXPRESS), Ok(None));
        assert_eq!(find_extended(&config, AT, id::SRIOV), Ok(Some(0x160)));
        assert_eq!(find_extended(&config, AT, id::ACS), Ok(None));
        assert_eq!(capabilities(&config, AT).count(), 3);
    }

    #[test]
    fn nothing_is_listed_where_nothing_is() {
        let config = with(FakeFunction::endpoint(1, 1));
        assert_eq!(capabilities(&config, AT).count(), 0);
        assert_eq!(extended_capabilities(&config, AT).count(), 0);
        assert_eq!(capabilities(&config, Bdf(0)).count(), 0);
        assert_eq!(extended_capabilities(&config, Bdf(0)).count(), 0);
    }

    #[test]
    fn loops_and_impossible_pointers_end_with_an_error() {
        let mut function = FakeFunction::endpoint(1, 1);
        function.capability(0x40, 1, 0x48, 0);
        function.capability(0x48, 2, 0x40, 0);
        function.extended(0x100, 1, 0x104);
        function.extended(0x104, 2, 0xf0);
        let config = with(function);
        let looped = Err(Error::CapabilityLoop(AT, 0x40));
        assert_eq!(find(&config, AT, id::MSIX), looped);
        let list: Vec<_> = extended_capabilities(&config, AT).collect();
        assert_eq!(list.len(), 3);
        assert_eq!(list[2], Err(Error::CapabilityOffset(AT, 0xf0)));

        let mut function = FakeFunction::endpoint(1, 1);
        function.set(4, 1 << 20);
        function.set(0x34, 0x3c);
        let list = find(&with(function), AT, id::MSIX);
        assert_eq!(list, Err(Error::CapabilityOffset(AT, 0x3c)));
    }

    proptest! {
        #[test]
        fn no_content_makes_a_walk_endless(words in prop::collection::vec(any::<u32>(), 1024)) {
            let mut function = FakeFunction::endpoint(1, 1);
            for (offset, word) in (8..4096).step_by(4).zip(&words) {
                function.set(offset, *word);
            }
            function.set(4, 1 << 20);
            let config = with(function);
            prop_assert!(capabilities(&config, AT).count() <= 49);
            prop_assert!(extended_capabilities(&config, AT).count() <= 961);
            for found in capabilities(&config, AT).chain(extended_capabilities(&config, AT)).flatten() {
                prop_assert!(found.offset >= FIRST && found.offset % 4 == 0);
            }
        }
    }
}
