// SPDX-License-Identifier: BSD-2-Clause
//! Finds ACPI tables (ACPI 6.5 §5.2), checks their sums, and reads what guests need of them.

/// A table, with its header.
#[derive(Clone, Copy, Debug)]
pub struct Table {
    at: usize,
    length: usize,
}

fn byte(at: usize) -> u8 {
    // SAFETY: the first 4 GiB are mapped, and firmware tables are nobody's Rust object.
    unsafe { core::ptr::read_volatile(at as *const u8) }
}

fn sum(at: usize, length: usize) -> u8 {
    (at..at + length).fold(0, |sum, at| sum.wrapping_add(byte(at)))
}

fn number(at: usize, bytes: usize) -> u64 {
    (0..bytes).fold(0, |value, i| value | u64::from(byte(at + i)) << (8 * i))
}

fn has(at: usize, text: &[u8]) -> bool {
    text.iter()
        .enumerate()
        .all(|(i, wanted)| byte(at + i) == *wanted)
}

impl Table {
    fn at(at: usize) -> Option<Self> {
        let length = number(at + 4, 4) as usize;
        let sound = (36..1 << 20).contains(&length) && sum(at, length) == 0;
        sound.then_some(Self { at, length })
    }

    /// Finds a table by its signature; none also if a sum on the way is wrong.
    pub fn find(signature: &[u8; 4]) -> Option<Self> {
        let mut rsdp = (0xe_0000..0x10_0000).step_by(16);
        let rsdp = rsdp.find(|at| has(*at, b"RSD PTR ") && sum(*at, 20) == 0)?;
        let (root, width) = match byte(rsdp + 15) {
            0 => (number(rsdp + 16, 4), 4),
            _ if sum(rsdp, 36) != 0 => return None,
            _ => (number(rsdp + 24, 8), 8),
        };
        let root = Self::at(usize::try_from(root).ok()?)?;
        let entries = (36..root.length).step_by(width);
        let mut tables = entries.map(|at| number(root.at + at, width) as usize);
        tables.find(|at| has(*at, signature)).and_then(Self::at)
    }

    /// A field of so many bytes; 0 if it is not in the table.
    pub fn field(&self, offset: usize, bytes: usize) -> u64 {
        if offset + bytes > self.length {
            return 0;
        }
        number(self.at + offset, bytes)
    }

    /// Its length in bytes.
    pub fn length(&self) -> usize {
        self.length
    }
}

/// Where the configuration space of PCI is in memory.
pub fn ecam() -> Option<usize> {
    let table = Table::find(b"MCFG")?;
    Some(table.field(44, 8) as usize).filter(|at| *at != 0)
}
