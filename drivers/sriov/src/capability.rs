// SPDX-License-Identifier: BSD-2-Clause
//! The SR-IOV extended capability (§9.3.3).

use bitfield_struct::bitfield;
use pci::{Bars, Bdf, PciConfig, find_extended, id, probe};

use crate::placement::PAGE_BYTES;
use crate::{Error, Result, Routing};

const CONTROL: u16 = 0x08;
const INITIAL_VFS: u16 = 0x0c;
const TOTAL_VFS: u16 = 0x0e;
const NUM_VFS: u16 = 0x10;
const FIRST_VF_OFFSET: u16 = 0x14;
const VF_STRIDE: u16 = 0x16;
const VF_DEVICE_ID: u16 = 0x1a;
const SUPPORTED_PAGE_SIZES: u16 = 0x1c;
const SYSTEM_PAGE_SIZE: u16 = 0x20;
const VF_BARS: u16 = 0x24;
/// Bit n of both page size registers: pages of 4 KiB << n.
const PAGES_4K: u32 = 1;

/// The control register (§9.3.3.3).
#[bitfield(u16)]
#[derive(PartialEq, Eq)]
pub struct Control {
    /// VFE: the virtual functions exist.
    pub enable: bool,
    /// VF migration, which no device has.
    pub migration: bool,
    /// VF migration interrupts.
    pub migration_interrupt: bool,
    /// MSE: the virtual functions decode their memory.
    pub memory: bool,
    /// Virtual functions may be anywhere on the bus, also at devices other than 0.
    pub ari: bool,
    #[bits(11)]
    __: u16,
}

/// The capability of a physical function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sriov {
    function: Bdf,
    offset: u16,
    /// How many virtual functions it can have: at least 1.
    pub total: u16,
    /// The device id of each; their own configuration spaces do not show it.
    pub vf_device_id: u16,
}

impl Sriov {
    /// Looks for it.
    ///
    /// # Errors
    ///
    /// [`Error::Counts`], [`Error::PageSize`], and if there is none.
    pub fn read(config: &impl PciConfig, function: Bdf) -> Result<Self> {
        let missing = pci::Error::NoCapability(function, "SR-IOV");
        let offset = find_extended(config, function, id::SRIOV)?.ok_or(missing)?;
        if offset > pci::CONFIG_BYTES - 0x40 {
            return Err(pci::Error::CapabilityOffset(function, offset).into());
        }
        let initial = config.read16(function, offset + INITIAL_VFS);
        let total = config.read16(function, offset + TOTAL_VFS);
        // Without migration both are the same (§9.3.3.5); what is not there at first never is.
        if total == 0 || initial == 0 || initial > total {
            return Err(Error::Counts(function, initial, total));
        }
        if config.read32(function, offset + SUPPORTED_PAGE_SIZES) & PAGES_4K == 0 {
            return Err(Error::PageSize(function));
        }
        Ok(Self {
            function,
            offset,
            total: initial,
            vf_device_id: config.read16(function, offset + VF_DEVICE_ID),
        })
    }

    /// The physical function.
    pub const fn function(&self) -> Bdf {
        self.function
    }

    /// The control register.
    pub fn control(&self, config: &impl PciConfig) -> Control {
        Control::from_bits(config.read16(self.function, self.offset + CONTROL))
    }

    /// Sets the control register. The status, which shares its double word, stays as it is.
    pub(crate) fn set_control(&self, config: &mut impl PciConfig, control: Control) {
        config.write_low16(self.function, self.offset + CONTROL, control.into_bits());
    }

    /// Has BARs in steps of 4 KiB.
    pub(crate) fn set_page_size(&self, config: &mut impl PciConfig) {
        config.write32(self.function, self.offset + SYSTEM_PAGE_SIZE, PAGES_4K);
    }

    /// Sets how many virtual functions there will be, and returns how many the function took.
    pub(crate) fn set_count(&self, config: &mut impl PciConfig, count: u16) -> u16 {
        config.write_low16(self.function, self.offset + NUM_VFS, count);
        config.read16(self.function, self.offset + NUM_VFS)
    }

    /// Who the first `count` virtual functions are. Depends on the number that was set and on
    /// ARI.
    ///
    /// # Errors
    ///
    /// [`Error::Routing`].
    pub fn routing(&self, config: &impl PciConfig, count: u16) -> Result<Routing> {
        let first = config.read16(self.function, self.offset + FIRST_VF_OFFSET);
        let stride = config.read16(self.function, self.offset + VF_STRIDE);
        Routing::new(self.function, first, stride, count)
    }

    /// The BARs of one virtual function: each size is that of one, each address that of the
    /// first. They must decode nothing meanwhile.
    ///
    /// # Errors
    ///
    /// [`Error::Enabled`], and if a BAR describes itself impossibly.
    pub fn probe_bars(&self, config: &mut impl PciConfig) -> Result<Bars> {
        let control = self.control(config);
        if control.enable() || control.memory() {
            return Err(Error::Enabled(self.function));
        }
        self.set_page_size(config);
        Ok(probe(config, self.function, self.offset + VF_BARS, 6)?)
    }

    /// Writes both halves of a VF BAR's address.
    pub(crate) fn write_bar(
        &self,
        config: &mut impl PciConfig,
        bar: &pci::Bar,
        address: u64,
    ) -> Result<()> {
        let offset = self.offset + VF_BARS;
        Ok(pci::write_address(
            config,
            self.function,
            offset,
            bar,
            address,
        )?)
    }
}

/// The distance from one virtual function's BAR to the next one's: at least a page (§9.2.1.1.1).
pub(crate) fn step(bar: &pci::Bar) -> u64 {
    bar.size.max(PAGE_BYTES)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{PF, network_card};

    #[test]
    fn reads_what_the_card_has() {
        let mut config = network_card();
        let sriov = Sriov::read(&config, PF).unwrap();
        assert_eq!((sriov.total, sriov.vf_device_id), (8, 0x10ca));
        let bars = sriov.probe_bars(&mut config).unwrap();
        let sizes = bars.iter().map(|bar| (bar.index, bar.size));
        assert!(sizes.eq([(0, 0x4000), (3, 0x4000)]));
        let routing = sriov.routing(&config, 8).unwrap();
        assert_eq!(routing.vf(7), Some(Bdf(0xa6)));
    }

    #[test]
    fn impossible_capabilities_are_refused() {
        for (offset, value, expected) in [
            (0x16c, 0, Error::Counts(PF, 0, 0)),
            (0x16c, 0x0002_0003, Error::Counts(PF, 3, 2)),
            (0x16c, 0x0002_0000, Error::Counts(PF, 0, 2)),
            (0x17c, 0x552, Error::PageSize(PF)),
            (0x160, 0, Error::Pci(pci::Error::NoCapability(PF, "SR-IOV"))),
        ] {
            let mut config = network_card();
            config.function(PF).unwrap().set(offset, value);
            assert_eq!(Sriov::read(&config, PF), Err(expected));
        }
        let mut config = network_card();
        let function = config.function(PF).unwrap();
        function.extended(0x100, id::SRIOV, 0xffc);
        function.extended(0x100, 1, 0xffc);
        function.extended(0xffc, id::SRIOV, 0);
        let beyond = Error::Pci(pci::Error::CapabilityOffset(PF, 0xffc));
        assert_eq!(Sriov::read(&config, PF), Err(beyond));
    }

    #[test]
    fn bars_are_not_sized_while_they_decode() {
        let mut config = network_card();
        let sriov = Sriov::read(&config, PF).unwrap();
        sriov.set_control(&mut config, Control::new().with_memory(true));
        assert_eq!(sriov.probe_bars(&mut config), Err(Error::Enabled(PF)));
    }
}
