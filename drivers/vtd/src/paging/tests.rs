// SPDX-License-Identifier: BSD-2-Clause
//! Entries bit for bit (§9.8), and what is written back.

use std::collections::BTreeMap;
use std::vec::Vec;

use super::*;
use crate::memory::TableMemory;
use crate::{Memory, Rights};

/// Memory that counts and remembers.
#[derive(Default)]
struct Words {
    words: BTreeMap<u64, u64>,
    pages: u64,
    freed: Vec<u64>,
    /// Words written and not written back.
    dirty: Vec<u64>,
}

impl Memory for Words {
    fn allocate(&mut self, _: usize) -> Option<Hpa> {
        self.pages += 1;
        Some(Hpa(self.pages << 12))
    }
    fn free(&mut self, page: Hpa) {
        self.freed.push(page.0);
    }
    fn pages(&self) -> (usize, usize) {
        (self.pages as usize - self.freed.len(), usize::MAX)
    }
    fn read64(&self, at: Hpa) -> u64 {
        self.words.get(&at.0).copied().unwrap_or(0)
    }
    fn write64(&mut self, at: Hpa, value: u64) {
        self.words.insert(at.0, value);
        self.dirty.push(at.0);
    }
    fn write128(&mut self, _: Hpa, _: u128) {
        unreachable!("page tables have entries of 64 bits");
    }
    fn write_back(&mut self, at: Hpa, bytes: u64) {
        self.dirty
            .retain(|word| !(at.0..at.0 + bytes).contains(word));
    }
}

fn tables(coherent: bool) -> TableMemory<Words> {
    let memory = Words::default();
    TableMemory { coherent, memory }
}

const FORMAT: Format = Format {
    levels: 4,
    address_bits: 48,
    host_bits: 46,
    leaf_levels: 3,
    snoop: false,
};

#[test]
fn entries_bit_for_bit() {
    let snooping = Format {
        snoop: true,
        ..FORMAT
    };
    let cases = [
        (
            FORMAT,
            0x1000,
            0x1234_5000,
            0x1000,
            Rights::Read,
            4,
            0x1234_5001,
        ),
        (
            FORMAT,
            0x1000,
            0x1234_5000,
            0x1000,
            Rights::Write,
            4,
            0x1234_5002,
        ),
        (
            FORMAT,
            0x20_0000,
            0x40_0000,
            0x20_0000,
            Rights::ReadWrite,
            3,
            0x40_0083,
        ),
        (
            FORMAT,
            1 << 30,
            5 << 30,
            1 << 30,
            Rights::ReadWrite,
            2,
            5 << 30 | 0x83,
        ),
        (
            snooping,
            0x1000,
            0x5000,
            0x1000,
            Rights::ReadWrite,
            4,
            0x5803,
        ),
        (
            snooping,
            1 << 30,
            1 << 30,
            1 << 30,
            Rights::Read,
            2,
            1 << 30 | 0x881,
        ),
    ];
    for (format, at, host, bytes, rights, pages, leaf) in cases {
        let mut tables = tables(true);
        let tree = Tree::new(format, &mut tables).unwrap();
        let range = format.range(Iova(at), bytes).unwrap();
        tree.map(&mut tables, tree.root, range, Hpa(host), rights)
            .unwrap();
        assert_eq!(tables.memory.pages, pages, "{leaf:#x}");
        let mut entries: Vec<_> = tables
            .memory
            .words
            .values()
            .copied()
            .filter(|&word| word != 0)
            .collect();
        entries.sort_unstable();
        let mut expected: Vec<_> = (2..=pages)
            .map(|page| page << 12 | 3)
            .chain([leaf])
            .collect();
        expected.sort_unstable();
        assert_eq!(entries, expected);
    }
}

#[test]
fn everything_is_written_back_where_hardware_does_not_snoop() {
    let mut tables = tables(false);
    let mut tree = Tree::new(FORMAT, &mut tables).unwrap();
    let range = FORMAT.range(Iova(0x1f_e000), 0x60_5000).unwrap();
    tree.map(&mut tables, tree.root, range, Hpa(0x1f_e000), Rights::Read)
        .unwrap();
    assert_eq!(tables.memory.dirty, []);
    tree.unmap(&mut tables, range).unwrap();
    assert_eq!(tables.memory.dirty, []);
    assert!(
        tree.removed.is_some() && tables.memory.freed.is_empty(),
        "nothing is freed yet"
    );
    tree.free_removed(&mut tables);
    tree.remove(&mut tables, tree.root);
    assert_eq!(tables.memory.dirty, []);
    tree.free_removed(&mut tables);
    assert_eq!(
        tables.memory.freed.len() as u64,
        tables.memory.pages,
        "every table is freed once"
    );
    tables.memory.freed.sort_unstable();
    tables.memory.freed.dedup();
    assert_eq!(tables.memory.freed.len() as u64, tables.memory.pages);
}

#[test]
fn removed_tables_read_as_empty_where_the_chain_goes() {
    let mut tables = tables(true);
    let mut tree = Tree::new(FORMAT, &mut tables).unwrap();
    for at in [0, 1 << 39, 3 << 30] {
        let range = FORMAT.range(Iova(at), 0x1000).unwrap();
        tree.map(&mut tables, tree.root, range, Hpa(at), Rights::ReadWrite)
            .unwrap();
    }
    let pages = tables.memory.pages;
    tree.remove(&mut tables, tree.root);
    for page in 1..=pages {
        let first = tables.memory.read64(Hpa(page << 12));
        assert_eq!(first & 3, 0, "a late walker finds nothing in page {page}");
    }
}

#[test]
fn odd_formats_do_not_overflow() {
    let wide = Format {
        address_bits: 64,
        host_bits: 255,
        ..FORMAT
    };
    assert!(wide.range(Iova(0x1000), 0x1000).is_err());
}
