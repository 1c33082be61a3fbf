// SPDX-License-Identifier: BSD-2-Clause
use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::sum;

/// Memory with pieces at some addresses; how often it is read is counted.
#[derive(Default)]
struct Pieces {
    pieces: BTreeMap<u64, Vec<u8>>,
    reads: usize,
}

impl Memory for Pieces {
    fn read(&mut self, paddr: u64, bytes: &mut [u8]) -> Option<()> {
        self.reads += 1;
        let (start, piece) = self.pieces.range(..=paddr).next_back()?;
        let from = usize::try_from(paddr - start).ok()?;
        bytes.copy_from_slice(piece.get(from..from.checked_add(bytes.len())?)?);
        Some(())
    }
}

const LIST: u64 = 0x7fe1_0000;
const AT: u64 = 0x7fe2_0030;

fn table(signature: &[u8; 4], content: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0; HEADER];
    bytes[..4].copy_from_slice(signature);
    bytes.extend(content);
    let len = bytes.len() as u32;
    bytes[4..8].copy_from_slice(&len.to_le_bytes());
    bytes[9] = sum(&bytes).wrapping_neg();
    bytes
}

/// A table DMAR with flags, and a unit with a scope of a kind.
fn dmar(flags: u8, kind: u8) -> Vec<u8> {
    let mut content = vec![38, flags, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    content.extend([0, 0, 24, 0, 0, 0, 0, 0]);
    content.extend(0xfed9_0000u64.to_le_bytes());
    content.extend([kind, 8, 0, 0, 0, 0xff, 0, 0]);
    table(b"DMAR", &content)
}

fn xsdt(entries: &[u64]) -> Vec<u8> {
    let content: Vec<u8> = entries.iter().flat_map(|at| at.to_le_bytes()).collect();
    table(b"XSDT", &content)
}

fn rsdp(revision: u8, rsdt: u32, xsdt: u64) -> [u8; RSDP] {
    let mut rsdp = [0; RSDP];
    rsdp[15] = revision;
    rsdp[16..20].copy_from_slice(&rsdt.to_le_bytes());
    rsdp[24..32].copy_from_slice(&xsdt.to_le_bytes());
    rsdp
}

fn memory(pieces: &[(u64, Vec<u8>)]) -> Pieces {
    Pieces {
        pieces: pieces.iter().cloned().collect(),
        reads: 0,
    }
}

/// What is found from an XSDT in this memory.
fn find(pieces: &[(u64, Vec<u8>)]) -> Result<Option<Vec<u8>>, Error> {
    find_dmar(&mut memory(pieces), &rsdp(2, 0, LIST))
}

#[test]
fn the_table_is_found_from_both_lists() {
    let dmar = dmar(1, 3);
    let other = (0x7fe3_0000, table(b"APIC", &[0; 8]));
    let xsdt = (LIST, xsdt(&[0x7fe3_0000, AT]));
    let entries = [0x7fe3_0000, AT as u32].map(u32::to_le_bytes).concat();
    let rsdt = (0x7fe0_0000, table(b"RSDT", &entries));
    let mut memory = memory(&[xsdt, rsdt, other, (AT, dmar.clone())]);
    for rsdp in [
        rsdp(2, 0, LIST),
        rsdp(2, 0x7fe0_0000, 0),
        rsdp(0, 0x7fe0_0000, 0xdead),
    ] {
        assert_eq!(find_dmar(&mut memory, &rsdp), Ok(Some(dmar.clone())));
    }
}

#[test]
fn a_machine_may_have_none() {
    assert_eq!(find(&[(LIST, xsdt(&[]))]), Ok(None));
    let apic = (AT, table(b"APIC", &[]));
    assert_eq!(find(&[(LIST, xsdt(&[AT])), apic]), Ok(None));
}

#[test]
fn what_cannot_be_read_is_passed_over() {
    // The list itself, page 0, the end of the address space, nothing.
    let entries = [LIST, 0, u64::MAX - 3, 0x1234_0000, AT];
    let pieces = [(LIST, xsdt(&entries)), (AT, dmar(1, 3))];
    assert_eq!(find(&pieces), Ok(Some(dmar(1, 3))));
}

#[test]
fn two_tables_are_refused_but_one_may_be_listed_twice() {
    let pieces = [(LIST, xsdt(&[AT, AT])), (AT, dmar(1, 3))];
    assert_eq!(find(&pieces), Ok(Some(dmar(1, 3))));
    let pieces = [
        (LIST, xsdt(&[AT, 0x7fe4_0000])),
        (AT, dmar(1, 3)),
        (0x7fe4_0000, dmar(1, 3)),
    ];
    assert_eq!(find(&pieces), Err(Error::Two(AT, 0x7fe4_0000)));
}

#[test]
fn lists_that_are_none_are_refused() {
    assert_eq!(find(&[]), Err(Error::NoList(LIST)));
    assert_eq!(
        find(&[(LIST, table(b"RSDT", &[]))]),
        Err(Error::NoList(LIST))
    );
    let mut list = xsdt(&[AT]);
    list[36] ^= 1;
    assert_eq!(find(&[(LIST, list)]), Err(Error::ListChecksum(LIST)));
    for len in [0, 35, 0x7fff_ffff, u32::MAX] {
        let mut list = xsdt(&[AT]);
        list[4..8].copy_from_slice(&len.to_le_bytes());
        assert_eq!(find(&[(LIST, list)]), Err(Error::ListLength(LIST, len)));
    }
}

#[test]
fn lengths_of_the_table_have_a_limit() {
    for len in [0, 35, 0x1_0001, u32::MAX] {
        let mut table = dmar(1, 3);
        table.resize(0x2_0000, 0);
        table[4..8].copy_from_slice(&len.to_le_bytes());
        let pieces = [(LIST, xsdt(&[AT])), (AT, table)];
        assert_eq!(find(&pieces), Err(Error::Length(AT, len)));
    }
    // Longer than the memory that it lies in.
    let mut table = dmar(1, 3);
    table[4..8].copy_from_slice(&0x1000u32.to_le_bytes());
    let pieces = [(LIST, xsdt(&[AT])), (AT, table)];
    assert_eq!(find(&pieces), Err(Error::Length(AT, 0x1000)));
}

#[test]
fn a_wrong_checksum_is_for_whoever_uses_the_table() {
    let mut table = dmar(1, 3);
    table[9] ^= 1;
    let pieces = [(LIST, xsdt(&[AT])), (AT, table.clone())];
    assert_eq!(find(&pieces), Ok(Some(table.clone())));
    assert!(!remaps_ioapic(&table));
}

#[test]
fn ioapics_are_remapped_if_the_table_says_so() {
    assert!(remaps_ioapic(&dmar(1, 3)));
    // No interrupt remapping; no scope of an I/O APIC; cut; zeros, as where there is no table.
    assert!(!remaps_ioapic(&dmar(0, 3)));
    assert!(!remaps_ioapic(&dmar(1, 1)));
    let table = dmar(1, 3);
    assert!(!remaps_ioapic(&table[..table.len() - 1]));
    assert!(!remaps_ioapic(&[0; 0x1000]));
    assert!(!remaps_ioapic(&[]));
    // In a region the rest is zero.
    assert!(remaps_ioapic(&[&table[..], &[0; 100]].concat()));
}

proptest! {
    #[test]
    fn hostile_firmware_costs_a_bounded_number_of_reads(
        rsdp in any::<[u8; 4]>(),
        list in prop::collection::vec(any::<u8>(), 36..400),
        len in 0u32..600,
        fix: bool,
    ) {
        let mut list = list;
        if fix {
            list[..4].copy_from_slice(b"XSDT");
            list[4..8].copy_from_slice(&len.to_le_bytes());
            // Entries that point back at the list.
            for entry in list[36..].chunks_exact_mut(8) {
                let at = LIST + u64::from(entry[0]);
                entry.copy_from_slice(&at.to_le_bytes());
            }
            let end = list.len().min(len as usize).max(36);
            list[9] = 0;
            list[9] = sum(&list[..end]).wrapping_neg();
        }
        let mut memory = memory(&[(LIST, list)]);
        let mut root = self::rsdp(2, 0, LIST);
        if !fix {
            root[24..28].copy_from_slice(&rsdp);
        }
        let _ = find_dmar(&mut memory, &root);
        prop_assert!(memory.reads <= 2 + TABLES_MAX + 1);
    }
}
