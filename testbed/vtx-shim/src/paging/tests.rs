// SPDX-License-Identifier: BSD-2-Clause
use super::*;
use crate::host::Outside;
use std::cell::RefCell;
use std::collections::BTreeMap;

/// Memory by words of 8 bytes; what was never written is 0.
#[derive(Default)]
struct Words(RefCell<BTreeMap<u64, u64>>);

impl Words {
    fn with(entries: &[(u64, u64)]) -> Self {
        Self(RefCell::new(entries.iter().copied().collect()))
    }
}

impl Memory for Words {
    fn read(&self, at: u64, into: &mut [u8]) -> Result<(), Outside> {
        for (byte, address) in into.iter_mut().zip(at..) {
            let word = self.0.borrow().get(&(address & !7)).copied().unwrap_or(0);
            *byte = word.to_le_bytes()[address as usize % 8];
        }
        Ok(())
    }

    fn write(&self, _: u64, _: &[u8]) -> Result<(), Outside> {
        Err(Outside)
    }

    fn is_whole(&self, _: u64, _: u32) -> bool {
        true
    }

    fn swap_u32(&self, _: u64, _: u32) -> Result<u32, Outside> {
        Err(Outside)
    }

    fn clear_u32(&self, _: u64, _: u32) -> Result<(), Outside> {
        Err(Outside)
    }
}

fn translate(paging: Paging, memory: &Words, linear: u64) -> Option<u64> {
    paging.translate(linear, |at, bytes| {
        let mut word = [0; 8];
        memory.read(at, &mut word[..bytes]).ok()?;
        Some(u64::from_le_bytes(word))
    })
}

const LONG: Paging = Paging {
    cr0: CR0_PG | 1,
    cr3: 0x1000,
    cr4: CR4_PAE,
    efer: EFER_LMA,
};

#[test]
fn without_paging_addresses_are_physical() {
    let off = Paging { cr0: 1, ..LONG };
    assert_eq!(
        translate(off, &Words::default(), 0x1_2345_6789),
        Some(0x2345_6789)
    );
}

#[test]
fn four_levels_and_all_sizes_of_pages() {
    let memory = Words::with(&[
        (0x1000, 0x2003),
        (0x2000, 0x3003),
        (0x2008, 0xc000_0083),
        (0x3000, 0x4003),
        (0x3008, 0x60_0083),
        (0x4010, 0x8000_0000_0000_9003),
    ]);
    for (linear, physical) in [
        (0x2abc, Some(0x9abc)),
        (0x3000, None),
        (0x20_1234, Some(0x60_1234)),
        (0x4123_4567, Some(0xc123_4567)),
        (0x8000_0000, None),
        (1 << 39, None),
    ] {
        assert_eq!(translate(LONG, &memory, linear), physical, "{linear:#x}");
    }
}

#[test]
fn three_levels() {
    let memory = Words::with(&[(0x1018, 0x2001), (0x2000, 0x40_0083)]);
    let pae = Paging { efer: 0, ..LONG };
    assert_eq!(translate(pae, &memory, 0xc000_1234), Some(0x40_1234));
    assert_eq!(translate(pae, &memory, 0x1234), None);
}

#[test]
fn two_levels_with_large_pages_above_4_gib() {
    // Entries 0 and 1 of the directory, and entry 1 of the table.
    let memory = Words::with(&[
        (0x1000, 0x0000_2003 | 0x0080_2083 << 32),
        (0x2000, 0x7003 << 32),
    ]);
    let plain = Paging {
        efer: 0,
        cr4: CR4_PSE,
        ..LONG
    };
    assert_eq!(translate(plain, &memory, 0x1456), Some(0x7456));
    assert_eq!(translate(plain, &memory, 0x40_1456), Some(0x1_0080_1456));
    assert_eq!(translate(plain, &memory, 0x2456), None);
}

const POINTER: u64 = 0x1000 | 3 << 3 | 6;

#[test]
fn extended_tables_give_rights_of_all_levels() {
    let memory = Words::with(&[
        (0x1000, 0x2007),
        (0x2000, 0x3005),
        (0x2008, 0x4000_00b7),
        (0x3000, 0x80_00b7),
        (0x3008, 0x4007),
        (0x4000, 0x9037),
    ]);
    let mapping = |physical, rights, bits| {
        Extended::Mapped(Mapping {
            physical,
            rights,
            bits,
        })
    };
    for (address, expected) in [
        (0x12_3456, mapping(0x92_3456, 5, 21)),
        (0x20_0123, mapping(0x9123, 5, 12)),
        (0x20_1123, Extended::Absent),
        (0x4000_0042, mapping(0x4000_0042, 7, 30)),
        (0x8000_0000, Extended::Absent),
        (1 << 48, Extended::Absent),
    ] {
        assert_eq!(
            extended(&memory, POINTER, address),
            expected,
            "{address:#x}"
        );
    }
}

#[test]
fn malformed_entries_are_told() {
    for entry in [
        0x2002, // writable only
        0x2004, // executable only
        0x200f, // reserved bit of a table
        0x20f7, // a leaf of the highest level
    ] {
        let memory = Words::with(&[(0x1000, entry)]);
        assert_eq!(
            extended(&memory, POINTER, 0),
            Extended::Malformed,
            "{entry:#x}"
        );
    }
    // Memory type 2, and a large page that is not aligned.
    for entry in [0x80_0097, 0x80_10b7] {
        let memory = Words::with(&[(0x1000, 0x2007), (0x2000, 0x3007), (0x3000, entry)]);
        assert_eq!(
            extended(&memory, POINTER, 0),
            Extended::Malformed,
            "{entry:#x}"
        );
    }
}
