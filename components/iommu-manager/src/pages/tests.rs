// SPDX-License-Identifier: BSD-2-Clause
//! The allocator on an array.

use std::collections::BTreeSet;
use std::vec::Vec;

use proptest::prelude::*;

use super::*;

const BASE: u64 = 0x1_2345_3000;

/// So many pages, full of ones.
fn pages(number: usize) -> Pages {
    let words = std::vec![u128::MAX; number * PAGE / 16].leak();
    Pages::new(SharedRegion::from_words(words, BASE))
}

#[test]
fn pages_are_zero_and_pieces_are_contiguous() {
    let mut pages = pages(16);
    let one = pages.allocate(1).unwrap();
    assert_eq!(one, Hpa(BASE));
    assert!((0..512).all(|word| pages.read64(one.add(word * 8)) == 0));
    assert_eq!(pages.read64(one.add(4096)), u64::MAX);
    assert_eq!(pages.allocate(4), Some(Hpa(BASE + 0x1000)));
    assert_eq!(pages.pages(), (5, 16));
    assert_eq!(pages.allocate(12), None, "11 are left");
    pages.free(one);
    assert_eq!(pages.pages(), (4, 16));
    assert_eq!(pages.allocate(12), None, "and one that is elsewhere");
    assert_eq!(pages.allocate(11), Some(Hpa(BASE + 0x5000)));
    assert_eq!(pages.allocate(1), Some(one));
    assert!((0..512).all(|word| pages.read64(one.add(word * 8)) == 0));
    assert_eq!((pages.allocate(1), pages.pages()), (None, (16, 16)));
    assert_eq!(pages.allocate(usize::MAX), None);
}

#[test]
fn words_go_where_they_belong_and_nowhere_else() {
    let mut pages = pages(2);
    let page = pages.allocate(1).unwrap();
    pages.write64(page.add(8), 7);
    pages.write128(page.add(16), 3 << 64 | 2);
    pages.write_back(page.add(64), 8);
    let words = [0, 8, 16, 24].map(|offset| pages.read64(page.add(offset)));
    assert_eq!(words, [0, 7, 2, 3]);
    for outside in [BASE - 8, BASE + 2 * PAGE_BYTES, u64::MAX - 7] {
        pages.write64(Hpa(outside), 1);
        assert_eq!(pages.read64(Hpa(outside)), 0);
    }
}

proptest! {
    #[test]
    fn nothing_is_given_twice_and_nothing_is_lost(choices in prop::collection::vec(0_usize..4, 1..200)) {
        let mut pages = pages(8);
        let mut held: Vec<Hpa> = Vec::new();
        for choice in choices {
            if choice == 0 && !held.is_empty() {
                let page = held.remove(choice % held.len());
                pages.free(page);
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
