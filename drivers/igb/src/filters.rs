// SPDX-License-Identifier: BSD-2-Clause
//! The filters that all virtual functions share: station addresses, multicast hashes, VLANs. Each
//! virtual function's part is kept here, so what one adds or drops never touches another's.

use heapless::Vec;
use mmio::Mmio;

use crate::registers::{ADDRESS_FILTERS, MAX_VFS, MTA_WORDS, mta, ral, vfta, vlvf};
use crate::{Mac, Refusal};

/// Multicast hashes that one message can carry, and one virtual function can have.
pub const MULTICAST_HASHES: usize = 30;
/// VLANs that the device can filter.
pub const VLAN_FILTERS: usize = 32;

const RAH_VALID: u32 = 1 << 31;
const RAH_POOL_SHIFT: u8 = 18;
const VLVF_ENABLE: u32 = 1 << 31;
const VLVF_POOL_SHIFT: u8 = 12;

/// One VLAN and the virtual functions in it, one bit each.
#[derive(Clone, Copy, Debug, Default)]
struct Vlan {
    id: u16,
    pools: u8,
}

#[derive(Debug, Default)]
pub(crate) struct Filters {
    addresses: [Option<Mac>; MAX_VFS as usize],
    multicast: [Vec<u16, MULTICAST_HASHES>; MAX_VFS as usize],
    vlans: [Vlan; VLAN_FILTERS],
}

impl Filters {
    /// Has frames to `mac` delivered to `vf` and no longer those to its address before.
    ///
    /// # Errors
    ///
    /// [`Refusal::Address`] if another virtual function has this address.
    pub fn set_address(
        &mut self,
        registers: &mut impl Mmio,
        vf: u8,
        mac: Option<Mac>,
    ) -> Result<(), Refusal> {
        let own = usize::from(vf);
        let mut others = self.addresses.iter().enumerate().filter(|(n, _)| *n != own);
        if mac.is_some() && others.any(|(_, other)| *other == mac) {
            return Err(Refusal::Address);
        }
        if let Some(slot) = self.addresses.get_mut(own) {
            *slot = mac;
            // From the end: the first entries are firmware's.
            let at = ral(ADDRESS_FILTERS - 1 - vf);
            // Not valid while it changes.
            registers.write32(at + 4, 0);
            let [low, high] = mac.map_or([0, 0], Mac::words);
            registers.write32(at, low);
            if mac.is_some() {
                let pool = 1 << (RAH_POOL_SHIFT + vf);
                registers.write32(at + 4, RAH_VALID | pool | high);
            }
        }
        Ok(())
    }

    /// Replaces the multicast hashes of `vf`; those of others stay.
    pub fn set_multicast(
        &mut self,
        registers: &mut impl Mmio,
        vf: u8,
        hashes: &Vec<u16, MULTICAST_HASHES>,
    ) {
        let Some(own) = self.multicast.get_mut(usize::from(vf)) else {
            return;
        };
        if own == hashes {
            return;
        }
        own.clone_from(hashes);
        let mut table = [0u32; MTA_WORDS];
        for hash in self.multicast.iter().flatten() {
            table[usize::from(hash >> 5 & 0x7f)] |= 1 << (hash & 31);
        }
        for (word, value) in table.into_iter().enumerate() {
            registers.write32(mta(word), value);
        }
    }

    /// How many VLANs `vf` is in.
    pub fn vlans_of(&self, vf: u8) -> usize {
        let inside = self.vlans.iter().filter(|vlan| vlan.pools & 1 << vf != 0);
        inside.count()
    }

    /// Whether `vf` is in VLAN `id`.
    pub fn in_vlan(&self, vf: u8, id: u16) -> bool {
        let mut vlans = self.vlans.iter();
        vlans.any(|vlan| vlan.id == id && vlan.pools & 1 << vf != 0)
    }

    /// Has `vf` join VLAN `id` (1 to 4094).
    ///
    /// # Errors
    ///
    /// [`Refusal::VlanFilters`] if all filters are in use.
    pub fn join(&mut self, registers: &mut impl Mmio, vf: u8, id: u16) -> Result<(), Refusal> {
        let used = |vlan: &Vlan| vlan.pools != 0;
        let known = self.vlans.iter().position(|v| used(v) && v.id == id);
        let index = known.or_else(|| self.vlans.iter().position(|v| !used(v)));
        let index = index.ok_or(Refusal::VlanFilters)?;
        let pools = self.vlans[index].pools | 1 << vf;
        self.write_vlan(registers, index, Vlan { id, pools });
        Ok(())
    }

    /// Has `vf` leave VLAN `id`, if it is in it.
    pub fn leave(&mut self, registers: &mut impl Mmio, vf: u8, id: u16) {
        for index in 0..VLAN_FILTERS {
            let vlan = self.vlans[index];
            if vlan.id == id && vlan.pools & 1 << vf != 0 {
                let pools = vlan.pools & !(1 << vf);
                self.write_vlan(registers, index, Vlan { id, pools });
            }
        }
    }

    /// Drops everything that `vf` has.
    pub fn clear(&mut self, registers: &mut impl Mmio, vf: u8) {
        // Nobody can have no address already.
        let _ = self.set_address(registers, vf, None);
        self.set_multicast(registers, vf, &Vec::new());
        for index in 0..VLAN_FILTERS {
            self.leave(registers, vf, self.vlans[index].id);
        }
    }

    fn write_vlan(&mut self, registers: &mut impl Mmio, index: usize, vlan: Vlan) {
        self.vlans[index] = vlan;
        let used = vlan.pools != 0;
        let pools = u32::from(vlan.pools) << VLVF_POOL_SHIFT;
        let entry = if used {
            VLVF_ENABLE | pools | u32::from(vlan.id)
        } else {
            0
        };
        registers.write32(vlvf(index), entry);
        // The table that frames have to pass first.
        let word = vfta(usize::from(vlan.id >> 5 & 0x7f));
        let bit = 1 << (vlan.id & 31);
        let before = registers.read32(word);
        registers.write32(word, if used { before | bit } else { before & !bit });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use igb_model::Card;

    #[test]
    fn addresses_lead_to_one_function() {
        let (mut card, mut filters) = (Card::new(), Filters::default());
        let mac = Mac::new([0x52, 0x54, 0, 0xbb, 0, 1]);
        filters.set_address(&mut card, 2, mac).unwrap();
        // Entry 21: in the second part of the table.
        assert_eq!(card.get(0x54e0 + 5 * 8), 0xbb00_5452);
        assert_eq!(card.get(0x54e4 + 5 * 8), 1 << 31 | 1 << 20 | 0x0100);
        assert_eq!(filters.set_address(&mut card, 2, mac), Ok(()));
        assert_eq!(
            filters.set_address(&mut card, 3, mac),
            Err(Refusal::Address)
        );
        assert_eq!(card.get(0x54e4 + 4 * 8), 0);
        filters.clear(&mut card, 2);
        assert_eq!(card.get(0x54e4 + 5 * 8), 0);
        assert_eq!(filters.set_address(&mut card, 3, mac), Ok(()));
    }

    #[test]
    fn multicast_hashes_of_others_stay() {
        let (mut card, mut filters) = (Card::new(), Filters::default());
        let list = |hashes: &[u16]| hashes.iter().copied().collect();
        filters.set_multicast(&mut card, 0, &list(&[0x800, 0x021]));
        filters.set_multicast(&mut card, 1, &list(&[0x021, 0xfff]));
        filters.set_multicast(&mut card, 1, &list(&[0xfff]));
        assert_eq!(card.get(mta(0x40)), 1);
        assert_eq!(card.get(mta(1)), 2, "still wanted by the other one");
        assert_eq!(card.get(mta(0x7f)), 1 << 31);
        filters.clear(&mut card, 0);
        assert_eq!((card.get(mta(1)), card.get(mta(0x7f))), (0, 1 << 31));
    }

    #[test]
    fn vlans_are_shared_and_freed() {
        let (mut card, mut filters) = (Card::new(), Filters::default());
        filters.join(&mut card, 0, 100).unwrap();
        filters.join(&mut card, 7, 100).unwrap();
        assert_eq!(card.get(0x5d00), 1 << 31 | 0x81 << 12 | 100);
        assert_eq!(card.get(vfta(3)), 1 << 4);
        filters.leave(&mut card, 0, 100);
        assert!(!filters.in_vlan(0, 100) && filters.in_vlan(7, 100));
        filters.clear(&mut card, 7);
        assert_eq!((card.get(0x5d00), card.get(vfta(3))), (0, 0));
        for id in 1..=32 {
            assert_eq!(filters.join(&mut card, 1, id), Ok(()));
        }
        assert_eq!(filters.join(&mut card, 2, 33), Err(Refusal::VlanFilters));
        assert_eq!(filters.join(&mut card, 2, 32), Ok(()));
        assert_eq!((filters.vlans_of(1), filters.vlans_of(2)), (32, 1));
    }
}
