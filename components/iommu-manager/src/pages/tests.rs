// SPDX-License-Identifier: BSD-2-Clause
//! The allocator on an array.

use std::collections::BTreeSet;
use std::vec::Vec;

use proptest::prelude::*;

use super::*;

const BASE: u64 = 0x1_2345_3000;

/// Words, and the bytes that were written back.
struct Array {
    words: Vec<u64>,
    written_back: Vec<(u64, u64)>,
}

impl Backing for Array {
    fn bytes(&self) -> u64 {
        self.words.len() as u64 * 8
    }
    fn read64(&self, offset: u64) -> u64 {
        self.words[offset as usize / 8]
    }
    fn write64(&mut self, offset: u64, value: u64) {
        self.words[offset as usize / 8] = value;
    }
    fn write128(&mut self, offset: u64, value: u128) -> bool {
        self.write64(offset, value as u64);
        self.write64(offset + 8, (value >> 64) as u64);
        true
    }
    fn write_back(&mut self, offset: u64, bytes: u64) {
        self.written_back.push((offset, bytes));
    }
}

fn pages(number: usize) -> Pages<Array> {
    let array = Array {
        words: std::vec![u64::MAX; number * 512],
        written_back: Vec::new(),
    };
    Pages::new(array, BASE..BASE + number as u64 * PAGE_BYTES)
}

#[test]
fn pages_are_zero_written_back_and_aligned_to_their_size() {
    let mut pages = pages(16);
    let one = pages.allocate(1).unwrap();
    assert_eq!(one, Hpa(BASE));
    assert!((0..512).all(|word| pages.read64(one.add(word * 8)) == 0));
    assert_eq!(pages.backing.written_back, [(0, 4096)]);
    let four = pages.allocate(4).unwrap();
    assert_eq!(four, Hpa(0x1_2345_4000));
    let eight = pages.allocate(8).unwrap();
    assert_eq!(eight, Hpa(0x1_2345_8000));
    assert_eq!(pages.pages(), (13, 16));
    assert_eq!(pages.allocate(4), None, "the rest is not aligned");
    // Three are left: none was skipped but for none, and those behind the last piece.
    for left in (0..3).rev() {
        assert!(pages.allocate(1).is_some());
        assert_eq!(pages.pages(), (16 - left, 16));
    }
    assert_eq!(pages.allocate(1), None);
    pages.free(four, 4);
    assert_eq!(pages.pages(), (12, 16));
    assert_eq!(pages.allocate(usize::MAX), None);
}

#[test]
fn words_go_where_they_belong() {
    let mut pages = pages(2);
    let page = pages.allocate(1).unwrap();
    pages.write64(page.add(8), 7);
    assert!(pages.write128(page.add(16), 3 << 64 | 2));
    pages.write_back(page.add(64), 8);
    assert_eq!(pages.backing.words[..4], [0, 7, 2, 3]);
    assert_eq!(pages.backing.written_back[1..], [(64, 8)]);
}

proptest! {
    #[test]
    fn nothing_is_given_twice_and_nothing_is_lost(choices in prop::collection::vec(0_usize..4, 1..200)) {
        let mut pages = pages(8);
        let mut held: Vec<Hpa> = Vec::new();
        for choice in choices {
            if choice == 0 && !held.is_empty() {
                let page = held.remove(choice % held.len());
                pages.free(page, 1);
            } else if let Some(page) = pages.allocate(1) {
                prop_assert!(page.0 >= BASE && page.0 < BASE + 8 * PAGE_BYTES);
                pages.write64(page, u64::MAX);
                held.push(page);
            } else {
                prop_assert_eq!(held.len(), 8);
            }
            prop_assert_eq!(pages.pages(), (held.len(), 8));
            let different: BTreeSet<u64> = held.iter().map(|page| page.0).collect();
            prop_assert_eq!(different.len(), held.len());
        }
    }
}
