// SPDX-License-Identifier: BSD-2-Clause
//! Access control services (§7.7.8), which keep functions behind one port from reaching each
//! other past the IOMMU, and alternative routing-id interpretation (§7.8.7).

use bitfield_struct::bitfield;

use crate::capability::{find_extended, id};
use crate::{Bdf, PciConfig, Result};

/// What a port can do, or does, against requests that it should not let pass.
#[bitfield(u16)]
#[derive(PartialEq, Eq)]
pub struct Acs {
    /// Requests with a foreign bus number are blocked.
    pub source_validation: bool,
    /// Requests with a translated address are blocked.
    pub translation_blocking: bool,
    /// Requests to a peer are sent up to the IOMMU.
    pub request_redirect: bool,
    /// Completions to a peer are sent up to the IOMMU.
    pub completion_redirect: bool,
    /// Requests that come from above are never sent back up.
    pub upstream_forwarding: bool,
    #[bits(11)]
    __: u16,
}

impl Acs {
    /// Everything that keeps functions apart.
    pub const ISOLATE: Self = Self::from_bits(0b1_1111);

    /// Switches on everything of this that the function has, the rest off. Returns what is on;
    /// nothing if the function has no such services, and then its peers can reach each other
    /// (unless it is an endpoint that is alone).
    ///
    /// # Errors
    ///
    /// If the list of capabilities is broken.
    pub fn enable(self, config: &mut impl PciConfig, function: Bdf) -> Result<Self> {
        let Some(offset) = find_extended(config, function, id::ACS)? else {
            return Ok(Self::new());
        };
        let able = config.read16(function, offset + 4);
        // The low half, the capabilities, is read-only.
        config.write_high16(function, offset + 4, self.into_bits() & able);
        let control = config.read16(function, offset + 6);
        Ok(Self::from_bits(control & Self::ISOLATE.into_bits()))
    }
}

/// The next function of the same device, where functions are not found by trying all eight.
/// `None` after the last, for a function without ARI, and if the chain goes backwards.
pub fn next_ari_function(config: &impl PciConfig, function: Bdf) -> Option<Bdf> {
    let offset = find_extended(config, function, id::ARI).ok()??;
    let next = config.read16(function, offset + 4) >> 8;
    let next = Bdf(function.0 & 0xff00 | next);
    (next > function).then_some(next)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake::{FakeConfig, FakeFunction};

    const AT: Bdf = Bdf(0x100);

    #[test]
    fn what_is_missing_is_not_claimed() {
        let mut function = FakeFunction::endpoint(1, 1);
        function.extended(0x100, id::ACS, 0);
        function.set(0x104, 0x001d);
        function.writable(0x104, 0x001d_0000);
        let mut config = FakeConfig::<1>::new();
        config.add(AT, function);
        let on = Acs::ISOLATE.enable(&mut config, AT).unwrap();
        assert_eq!(on, Acs::ISOLATE.with_translation_blocking(false));
        assert_eq!(config.read32(AT, 0x104), 0x001d_001d);
        let only = Acs::new().with_source_validation(true);
        assert_eq!(only.enable(&mut config, AT), Ok(only));

        config.add(AT, FakeFunction::endpoint(1, 1));
        assert_eq!(Acs::ISOLATE.enable(&mut config, AT), Ok(Acs::new()));
    }

    #[test]
    fn the_chain_of_functions_goes_forward() {
        for (next, expected) in [(9, Some(Bdf(0x109))), (0, None)] {
            let mut function = FakeFunction::endpoint(1, 1);
            function.extended(0x100, id::ARI, 0);
            function.set(0x104, next << 8);
            let mut config = FakeConfig::<1>::new();
            config.add(AT, function);
            assert_eq!(next_ari_function(&config, AT), expected);
        }
        assert_eq!(next_ari_function(&FakeConfig::<1>::new(), AT), None);
    }
}
