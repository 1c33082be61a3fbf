// SPDX-License-Identifier: BSD-2-Clause
//! MSI-X (§7.7.2): where the table and the pending bits are, and single entries.

use core::ops::Range;

use mmio::Mmio;

use crate::capability::{find, id};
use crate::{Bars, Bdf, Error, PciConfig, Result};

const ENABLE: u16 = 1 << 15;
const MASK_ALL: u16 = 1 << 14;
const ENTRY_BYTES: u64 = 16;
const ENTRY_MASKED: u32 = 1;
const PAGE_BYTES: u64 = 4096;

/// A place in one of the function's BARs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Location {
    /// The number of the BAR.
    pub bar: u8,
    /// Bytes from its start; a multiple of 8.
    pub offset: u32,
    /// Bytes there.
    pub bytes: u32,
}

impl Location {
    fn new(register: u32, bytes: u32) -> Self {
        Self {
            bar: (register & 0b111) as u8,
            offset: register & !0b111,
            bytes,
        }
    }

    fn end(&self) -> u64 {
        u64::from(self.offset) + u64::from(self.bytes)
    }

    /// The pages of the BAR that it touches, as byte offsets: what must not be mapped for whoever
    /// shall not write the messages.
    pub fn pages(&self) -> Range<u64> {
        let start = u64::from(self.offset) / PAGE_BYTES * PAGE_BYTES;
        start..self.end().next_multiple_of(PAGE_BYTES)
    }
}

/// The capability of a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MsiX {
    function: Bdf,
    offset: u16,
    /// Entries of the table: 1 to 2048.
    pub vectors: u16,
    /// The table.
    pub table: Location,
    /// The pending bits.
    pub pending: Location,
}

impl MsiX {
    /// Looks for it. The locations are what the function claims: see [`check`](Self::check).
    ///
    /// # Errors
    ///
    /// [`Error::NoCapability`], or why the list cannot be read.
    pub fn read(config: &impl PciConfig, function: Bdf) -> Result<Self> {
        let missing = Error::NoCapability(function, "MSI-X");
        let offset = find(config, function, id::MSIX)?.ok_or(missing)?;
        let vectors = (config.read16(function, offset + 2) & 0x7ff) + 1;
        let count = u32::from(vectors);
        let table = config.read32(function, offset + 4);
        let pending = config.read32(function, offset + 8);
        Ok(Self {
            function,
            offset,
            vectors,
            table: Location::new(table, count * ENTRY_BYTES as u32),
            pending: Location::new(pending, count.div_ceil(64) * 8),
        })
    }

    /// Whether table and pending bits are inside memory BARs of the function and apart from each
    /// other. For a virtual function these are its physical function's VF BARs.
    ///
    /// # Errors
    ///
    /// [`Error::MsiXLocation`].
    pub fn check(&self, bars: &Bars) -> Result<()> {
        let inside = |part: &Location| {
            let bar = bars.memory(self.function, part.bar);
            bar.is_ok_and(|bar| part.end() <= bar.size)
        };
        let (table, pending) = (&self.table, &self.pending);
        let apart = table.bar != pending.bar
            || table.end() <= pending.offset.into()
            || pending.end() <= table.offset.into();
        if inside(table) && inside(pending) && apart {
            Ok(())
        } else {
            Err(Error::MsiXLocation(self.function))
        }
    }

    /// Lets the function send messages, or stops it; `masked` holds all of them back meanwhile.
    pub fn set(&self, config: &mut impl PciConfig, enabled: bool, masked: bool) {
        let enable = if enabled { ENABLE } else { 0 };
        let mask = if masked { MASK_ALL } else { 0 };
        config.write_high16(self.function, self.offset, enable | mask);
    }
}

/// Writes entry `index` of a table at `offset` bytes into `bar`: masked while it changes, and
/// left masked if `masked`.
pub fn write_entry(
    bar: &mut impl Mmio,
    offset: usize,
    index: u16,
    message: (u64, u32),
    masked: bool,
) {
    let entry = offset.saturating_add(usize::from(index) * ENTRY_BYTES as usize);
    let (address, data) = message;
    bar.write32(entry.saturating_add(12), ENTRY_MASKED);
    bar.write32(entry, address as u32);
    bar.write32(entry.saturating_add(4), (address >> 32) as u32);
    bar.write32(entry.saturating_add(8), data);
    if !masked {
        bar.write32(entry.saturating_add(12), 0);
    }
}

#[cfg(test)]
mod tests {
    use mmio::FakeMmio;

    use super::*;
    use crate::fake::{FakeConfig, FakeFunction};
    use crate::probe_bars;

    const AT: Bdf = Bdf(0x18);

    fn config(table: u32, pending: u32) -> FakeConfig<1> {
        let mut function = FakeFunction::endpoint(0x8086, 0x10c9);
        function.bar(0x1c, 16 << 10, 0b100);
        function.set(0x24, 1);
        function.writable(0x24, 0xffff_ffe0);
        function.capability(0x70, 0x11, 0, 9);
        function.writable(0x70, 0xc000_0000);
        function.set(0x74, table);
        function.set(0x78, pending);
        let mut config = FakeConfig::new();
        config.add(AT, function);
        config
    }

    #[test]
    fn reads_where_the_table_is() {
        let mut config = config(3, 0x2003);
        let msix = MsiX::read(&config, AT).unwrap();
        assert_eq!(msix.vectors, 10);
        assert_eq!(
            msix.table,
            Location {
                bar: 3,
                offset: 0,
                bytes: 160
            }
        );
        assert_eq!(
            msix.pending,
            Location {
                bar: 3,
                offset: 0x2000,
                bytes: 8
            }
        );
        assert_eq!(msix.table.pages(), 0..0x1000);
        assert_eq!(msix.pending.pages(), 0x2000..0x3000);
        let bars = probe_bars(&mut config, AT).unwrap();
        assert_eq!(msix.check(&bars), Ok(()));
        msix.set(&mut config, true, true);
        assert_eq!(config.read32(AT, 0x70) >> 16, 0xc009);
        assert_eq!(MsiX::read(&config, AT), Ok(msix), "flags are not the size");
    }

    #[test]
    fn tables_elsewhere_are_refused() {
        for (table, pending) in [
            (0x3f80 | 3, 0x2003), // over the end
            (3, 0x4003),          // behind the end
            (3, 0x0083),          // in the table
            (5, 0x2003),          // in I/O ports
            (1, 0x2003),          // no such BAR
            (7, 0x2003),          // reserved
            (0xffff_fff8 | 3, 3),
        ] {
            let mut config = config(table, pending);
            let bars = probe_bars(&mut config, AT).unwrap();
            let result = MsiX::read(&config, AT).unwrap().check(&bars);
            assert_eq!(
                result,
                Err(Error::MsiXLocation(AT)),
                "{table:#x} {pending:#x}"
            );
        }
    }

    #[test]
    fn an_entry_changes_only_while_masked() {
        let mut bar = FakeMmio::<64>::new();
        write_entry(&mut bar, 16, 1, (0x1_fee0_0010, 7), false);
        let writes = [(44, 1), (32, 0xfee0_0010), (36, 1), (40, 7), (44, 0)];
        let seen: std::vec::Vec<_> = bar.log().iter().map(|w| (w.offset, w.value)).collect();
        assert_eq!(seen, writes);
        write_entry(&mut bar, 0, 0, (0, 0), true);
        assert_eq!(bar.read32(12), 1);
        write_entry(&mut bar, usize::MAX, 9, (0, 0), true);
    }
}
