// SPDX-License-Identifier: BSD-2-Clause
//! Where the BARs of virtual functions are.

use pci::{BarKind, Bars};

use crate::capability::step;
use crate::{Error, Result, Sriov};

/// The unit in which BARs of virtual functions are placed.
pub const PAGE_BYTES: u64 = 4096;

const BELOW_4G: u64 = 1 << 32;
/// Below are legacy devices and firmware.
const LOWEST: u64 = 1 << 20;

/// The address of each VF BAR of one physical function: that of the first virtual function; the
/// others follow. Everything is checked: aligned, apart from each other, below 4 GiB.
///
/// Below 4 GiB, since QEMU 10.0.2 ignores the upper half of 64-bit VF BARs: it would decode them
/// at what is left of the address, possibly in the middle of memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placement {
    bars: Bars,
    addresses: [Option<u64>; 6],
}

impl Placement {
    /// From what the device has and what the system description wants (number and address), for
    /// `count` virtual functions.
    ///
    /// # Errors
    ///
    /// [`Error::NotPlaced`], [`Error::NoSuchBar`], [`Error::Address`], [`Error::Overlap`].
    pub fn new(sriov: &Sriov, bars: Bars, wanted: &[(u8, u64)], count: u16) -> Result<Self> {
        let at = sriov.function();
        let mut addresses = [None; 6];
        for &(index, address) in wanted {
            let missing = Error::NoSuchBar(at, index);
            let bar = bars.memory(at, index).map_err(|_| missing)?;
            let bytes = step(bar).checked_mul(count.into());
            let end = bytes.and_then(|bytes| address.checked_add(bytes));
            let inside = address >= LOWEST && end.is_some_and(|end| end <= BELOW_4G);
            if !inside || !address.is_multiple_of(step(bar)) {
                return Err(Error::Address(at, index, address));
            }
            addresses[usize::from(index)] = Some(address);
        }
        let placement = Self { bars, addresses };
        let memory = || bars.iter().filter(|bar| bar.kind != BarKind::Io);
        for bar in memory() {
            let range = placement.all(bar.index, count);
            let (start, end) = range.ok_or(Error::NotPlaced(at, bar.index))?;
            for other in memory().filter(|other| other.index < bar.index) {
                if let Some((from, to)) = placement.all(other.index, count)
                    && start < to
                    && from < end
                {
                    return Err(Error::Overlap(at, other.index, bar.index));
                }
            }
        }
        Ok(placement)
    }

    fn all(&self, index: u8, count: u16) -> Option<(u64, u64)> {
        let (address, bytes) = self.bar(0, index)?;
        Some((address, address + bytes * u64::from(count)))
    }

    /// Address and bytes of BAR `index` of virtual function `vf`; `None` if it has no such BAR.
    pub fn bar(&self, vf: u16, index: u8) -> Option<(u64, u64)> {
        let bytes = step(self.bars.get(index)?);
        let address = (*self.addresses.get(usize::from(index))?)?;
        Some((address.checked_add(bytes.checked_mul(vf.into())?)?, bytes))
    }

    /// The BARs of one virtual function, to check an MSI-X table against.
    pub const fn bars(&self) -> &Bars {
        &self.bars
    }

    /// Each BAR with its address.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&pci::Bar, u64)> {
        let address = |bar: &pci::Bar| self.addresses[usize::from(bar.index)];
        self.bars
            .iter()
            .filter_map(move |bar| Some((bar, address(bar)?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{PF, network_card};

    #[test]
    fn only_what_fits_below_4_gib_is_accepted() {
        let mut config = network_card();
        let sriov = Sriov::read(&config, PF).unwrap();
        let bars = sriov.probe_bars(&mut config).unwrap();
        let (a, b) = (0xc000_0000, 0xc002_0000);
        for (wanted, expected) in [
            (&[(0, a), (3, b)][..], Ok(())),
            (&[(3, b), (0, a)], Ok(())),
            (&[(0, a)], Err(Error::NotPlaced(PF, 3))),
            (&[(0, a), (3, b), (1, b)], Err(Error::NoSuchBar(PF, 1))),
            (&[(0, a), (9, b)], Err(Error::NoSuchBar(PF, 9))),
            (&[(0, a), (3, a)], Err(Error::Overlap(PF, 0, 3))),
            (&[(0, a), (3, a + 0x1c000)], Err(Error::Overlap(PF, 0, 3))),
            (
                &[(0, a), (3, b + 0x1000)],
                Err(Error::Address(PF, 3, b + 0x1000)),
            ),
            (&[(0, 1 << 32), (3, b)], Err(Error::Address(PF, 0, 1 << 32))),
            (
                &[(0, 0xffff_0000), (3, b)],
                Err(Error::Address(PF, 0, 0xffff_0000)),
            ),
            (&[(0, 0xfffe_0000), (3, b)], Ok(())),
            (&[(0, 0), (3, b)], Err(Error::Address(PF, 0, 0))),
            (&[(0, !0x3fff), (3, b)], Err(Error::Address(PF, 0, !0x3fff))),
        ] {
            let result = Placement::new(&sriov, bars, wanted, 8).map(|_| ());
            assert_eq!(result, expected, "{wanted:x?}");
        }
        let placement = Placement::new(&sriov, bars, &[(0, a), (3, b)], 8).unwrap();
        assert_eq!(placement.bar(7, 0), Some((a + 0x1c000, 0x4000)));
        assert_eq!(placement.bar(1, 3), Some((b + 0x4000, 0x4000)));
        assert_eq!(placement.bar(0, 1), None);
    }
}
