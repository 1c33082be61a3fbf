// SPDX-License-Identifier: BSD-2-Clause
use super::*;
use proptest::prelude::*;

const BASE: u64 = 0x10_0000;

fn shadow(tables: usize) -> Shadow {
    let tables: Vec<Table> = (0..tables).map(|_| Table([0; ENTRIES])).collect();
    Shadow::new(tables.leak(), BASE)
}

/// What the CPU would find: physical address and rights.
fn walk(shadow: &mut Shadow, pointer: u64, address: u64) -> Option<(u64, u64)> {
    let mut table = shadow.root(pointer);
    for level in (0..4).rev() {
        let shift = 12 + 9 * level;
        let entry = shadow.tables[((table - BASE) / 4096) as usize].0
            [(address >> shift) as usize % ENTRIES];
        if entry & PRESENT == 0 {
            return None;
        }
        if level == 0 || entry & LARGE != 0 {
            let inside = (1u64 << shift) - 1;
            let rights = 1 | entry & WRITABLE | if entry & NO_EXECUTE == 0 { 4 } else { 0 };
            return Some((entry & ADDRESS & !inside | address & inside, rights));
        }
        table = entry & ADDRESS;
    }
    None
}

fn page(physical: u64, rights: u64, bits: u32) -> Mapping {
    Mapping {
        physical,
        rights,
        bits,
    }
}

#[test]
fn pages_are_there_once_they_were_mapped() {
    let mut shadow = shadow(64);
    assert_eq!(walk(&mut shadow, 1, 0x1234), None);
    shadow.map(1, 0x1234, page(0x9234, 7, 12));
    shadow.map(1, 0x20_0000, page(0x4000_0000, 5, 21));
    shadow.map(1, 0x4020_1000, page(0x8020_1000, 3, 30));
    assert_eq!(walk(&mut shadow, 1, 0x1678), Some((0x9678, 7)));
    assert_eq!(walk(&mut shadow, 1, 0x21_2345), Some((0x4001_2345, 5)));
    assert_eq!(walk(&mut shadow, 1, 0x4020_1008), Some((0x8020_1008, 3)));
    assert_eq!(walk(&mut shadow, 2, 0x1678), None, "another guest's");
}

#[test]
fn a_large_page_gives_way_to_small_ones_and_back() {
    let mut shadow = shadow(64);
    shadow.map(1, 0, page(0x20_0000, 7, 21));
    shadow.map(1, 0x3000, page(0x9000, 7, 12));
    assert_eq!(walk(&mut shadow, 1, 0x3000), Some((0x9000, 7)));
    assert_eq!(
        walk(&mut shadow, 1, 0x4000),
        None,
        "is mapped when it is touched"
    );
    shadow.map(1, 0, page(0x20_0000, 7, 21));
    assert_eq!(walk(&mut shadow, 1, 0x4000), Some((0x20_4000, 7)));
}

#[test]
fn forgetting_one_leaves_the_others_and_gives_tables_back() {
    let mut shadow = shadow(20);
    shadow.map(1, 0, page(0x1000, 7, 12));
    for round in 0..100 {
        shadow.map(2, round << 30, page(0x2000, 7, 12));
        shadow.forget(2);
        assert_eq!(walk(&mut shadow, 2, round << 30), None);
    }
    assert_eq!(walk(&mut shadow, 1, 0), Some((0x1000, 7)));
    shadow.forget_all();
    assert_eq!(walk(&mut shadow, 1, 0), None);
}

proptest! {
    /// Tables run out again and again: nothing is ever wrong, and the last page is always there.
    #[test]
    fn nothing_is_ever_mapped_wrongly(
        operations in prop::collection::vec((0u64..12, 0u64..64, any::<bool>(), 0u32..20), 1..200),
    ) {
        let mut shadow = shadow(24);
        let physical = |pointer: u64, address: u64| address ^ (pointer + 1) << 40;
        for (pointer, gib, large, forget) in operations {
            let address = gib << 30 | 0x40_0000;
            shadow.map(pointer, address, page(physical(pointer, address), 7, if large { 21 } else { 12 }));
            prop_assert_eq!(walk(&mut shadow, pointer, address), Some((physical(pointer, address), 7)));
            match forget {
                0 => shadow.forget_all(),
                1 => shadow.forget(pointer),
                _ => continue,
            }
            prop_assert_eq!(walk(&mut shadow, pointer, address), None);
        }
    }
}
