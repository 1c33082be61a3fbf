// SPDX-License-Identifier: BSD-2-Clause
//! What a modelled unit can do, and the capability registers that say so (§11.4.2, §11.4.3).

/// The properties of one unit. The default is QEMU's `intel-iommu` with `eim=on`, but with
/// coherent walks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Second-level tables of 3 levels.
    pub three_levels: bool,
    /// Second-level tables of 4 levels.
    pub four_levels: bool,
    /// Bits of a device address.
    pub address_bits: u8,
    /// Bits of a host-physical address: entries with higher bits have reserved bits set.
    pub host_bits: u8,
    /// 2 MiB leaves.
    pub mega: bool,
    /// 1 GiB leaves.
    pub giga: bool,
    /// Hardware snoops its table walks.
    pub coherent: bool,
    /// Not-present entries are cached.
    pub caching_mode: bool,
    /// The write buffer must be flushed.
    pub write_buffer: bool,
    /// Fault records, 1 to 256.
    pub fault_records: u16,
    /// Page-selective invalidation.
    pub page_selective: bool,
    /// Largest address mask.
    pub max_address_mask: u8,
    /// Drains reads and writes.
    pub drains: bool,
    /// Snoop control in leaves.
    pub snoop_control: bool,
    /// Queued invalidation.
    pub queue: bool,
    /// Interrupt remapping.
    pub remapping: bool,
    /// 32-bit destinations.
    pub extended_interrupts: bool,
    /// Interrupt posting.
    pub posting: bool,
    /// Setting a table pointer drops what was cached of the old table.
    pub pointer_flushes: bool,
    /// Protected memory regions.
    pub protected_memory: bool,
    /// ND: `1 << (4 + 2 * nd)` domains.
    pub nd: u8,
    /// Accesses of the driver until a command or a descriptor is carried out; 0 for at once.
    pub latency: u32,
    /// Hardware caches an entry as soon as it is present, as prefetching hardware may.
    pub eager: bool,
    /// Faults of a source that has one pending are folded into it.
    pub folds_faults: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            three_levels: true,
            four_levels: true,
            address_bits: 48,
            host_bits: 46,
            mega: true,
            giga: true,
            coherent: true,
            caching_mode: false,
            write_buffer: false,
            fault_records: 1,
            page_selective: true,
            max_address_mask: 18,
            drains: true,
            snoop_control: false,
            queue: true,
            remapping: true,
            extended_interrupts: true,
            posting: false,
            pointer_flushes: false,
            protected_memory: false,
            nd: 6,
            latency: 0,
            eager: false,
            folds_faults: false,
        }
    }
}

/// Where the fault records are: behind all other registers.
pub(crate) const FAULT_RECORDS: usize = 0x220;
/// Where the IOTLB registers are.
const IOTLB: u64 = 0xf0;
/// The largest interrupt mask of an invalidation.
pub(crate) const MAX_HANDLE_MASK: u8 = 15;

impl Options {
    /// CAP_REG.
    pub fn cap(&self) -> u64 {
        let sagaw = u64::from(self.three_levels) << 1 | u64::from(self.four_levels) << 2;
        let large = u64::from(self.mega) | u64::from(self.giga) << 1;
        u64::from(self.nd)
            | u64::from(self.write_buffer) << 4
            | u64::from(self.protected_memory) << 5
            | u64::from(self.protected_memory) << 6
            | u64::from(self.caching_mode) << 7
            | sagaw << 8
            | u64::from(self.address_bits - 1) << 16
            | (FAULT_RECORDS as u64 / 16) << 24
            | large << 34
            | u64::from(self.page_selective) << 39
            | u64::from(self.fault_records - 1) << 40
            | u64::from(self.max_address_mask) << 48
            | u64::from(self.drains) << 54
            | u64::from(self.drains) << 55
            | u64::from(self.posting) << 59
            | u64::from(self.pointer_flushes) << 62
            | u64::from(self.pointer_flushes) << 63
    }

    /// ECAP_REG.
    pub fn ecap(&self) -> u64 {
        u64::from(self.coherent)
            | u64::from(self.queue) << 1
            | u64::from(self.remapping) << 3
            | u64::from(self.extended_interrupts) << 4
            | u64::from(self.snoop_control) << 7
            | (IOTLB / 16) << 8
            | u64::from(MAX_HANDLE_MASK) << 20
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_is_what_qemu_reports_but_for_coherence_and_pass_through() {
        let options = Options {
            coherent: false,
            ..Options::default()
        };
        assert_eq!(options.cap(), 0x00d2_008c_222f_0606);
        const PASS_THROUGH: u64 = 1 << 6;
        assert_eq!(options.ecap() | PASS_THROUGH, 0xf0_0f5a);
    }
}
