// SPDX-License-Identifier: BSD-2-Clause

use std::vec;
use std::vec::Vec;

use proptest::prelude::*;

use super::*;
use crate::mode::CR4_SMAP;
use crate::testing::{In, as_user, context};

const TABLES: u64 = 0x1000;
const AC: u64 = 1 << 18;
const ALL: u64 = PRESENT | WRITABLE | USER;

/// Memory with these words (of 4 bytes) or double words at these addresses.
fn memory(entries: &[(u64, u64)]) -> Vec<u64> {
    let mut words = vec![0u64; 0x1000];
    let ram = GuestRam::of(&mut words);
    for (at, entry) in entries {
        ram.write(Gpa(*at), &entry.to_le_bytes()).expect("inside");
    }
    words
}

fn walk(words: &mut [u64], context: &Context, linear: u64) -> Result<Gpa, PageFault> {
    translate(&GuestRam::of(words), context, linear, Access::Read)
}

#[test]
fn without_paging_addresses_are_physical() {
    for mode in [In::Real, In::Protected] {
        let physical = walk(&mut [], &context(mode), 0x1_fee0_0030);
        assert_eq!(physical, Ok(Gpa(0xfee0_0030)));
    }
}

#[test]
fn long_mode_has_pages_of_three_sizes() {
    let mut words = memory(&[
        (0x1000 + 8 * 3, 0x2000 | ALL),
        (0x2000 + 8 * 4, 0x3000 | ALL),
        (0x2000 + 8 * 5, 0x12_4000_0000 | LARGE | ALL),
        (0x3000 + 8 * 5, 0x4000 | ALL),
        (0x3000 + 8 * 6, 0x7_fee0_0000 | LARGE | ALL),
        (0x4000 + 8 * 6, 0x000f_edcb_a987_6000 | 1 << 63 | ALL),
    ]);
    let context = context(In::Long);
    let linear =
        |a: u64, b: u64, c: u64, d: u64, offset| a << 39 | b << 30 | c << 21 | d << 12 | offset;
    for (at, physical) in [
        (linear(3, 4, 5, 6, 0x123), Some(0x000f_edcb_a987_6123)),
        (linear(3, 4, 6, 7, 0x123), Some(0x7_fee0_7123)),
        (linear(3, 5, 6, 7, 0x123), Some(0x12_40c0_7123)),
        (linear(3, 4, 5, 7, 0), None),
        (linear(3, 4, 7, 0, 0), None),
        (linear(3, 6, 0, 0, 0), None),
        (linear(4, 4, 5, 6, 0), None),
    ] {
        assert_eq!(
            walk(&mut words, &context, at).ok(),
            physical.map(Gpa),
            "{at:#x}"
        );
    }
}

#[test]
fn pae_has_four_entries_at_the_top() {
    let mut words = memory(&[
        (0x1020 + 8 * 2, 0x2000 | PRESENT),
        (0x2000 + 8, 0x3000 | ALL),
        (0x2000 + 8 * 2, 0x1_2340_0000 | LARGE | ALL),
        (0x3000 + 8 * 3, 0x9_8765_4000 | ALL),
    ]);
    let mut context = context(In::Protected);
    context.cr0 |= CR0_PG;
    context.cr4 = CR4_PAE;
    context.cr3 = 0x1020;
    for (at, physical) in [
        (2 << 30 | 1 << 21 | 3 << 12 | 0x45, Some(0x9_8765_4045)),
        (2 << 30 | 2 << 21 | 0x45, Some(0x1_2340_0045)),
        (1 << 30, None),
        (2 << 30 | 3 << 21, None),
    ] {
        assert_eq!(
            walk(&mut words, &context, at).ok(),
            physical.map(Gpa),
            "{at:#x}"
        );
    }
}

#[test]
fn paging_of_32_bits_has_large_pages_if_they_are_on() {
    let mut words = memory(
        &[
            (0x1000 + 4 * 2, 0x2000 | ALL),
            (0x1000 + 4 * 4, 0x00c0_0000 | 0x12 << 13 | LARGE | ALL),
            (0x2000 + 4 * 4, 0x8765_4000 | ALL),
        ][..3],
    );
    let mut context = context(In::Protected);
    context.cr0 |= CR0_PG;
    context.cr4 = CR4_PSE;
    let small = 2 << 22 | 4 << 12 | 0x678;
    let large = 4 << 22 | 0x1_2345;
    assert_eq!(walk(&mut words, &context, small), Ok(Gpa(0x8765_4678)));
    assert_eq!(walk(&mut words, &context, large), Ok(Gpa(0x12_00c1_2345)));
    context.cr4 = 0;
    let table_outside = walk(&mut words, &context, large);
    assert_eq!(table_outside, Err(PageFault { error_code: 0 }));
}

/// Rights of the page, privilege, CR0.WP, CR4.SMAP and RFLAGS.AC, the access: the error code.
#[test]
fn rights() {
    const W: Access = Access::Write;
    const R: Access = Access::Read;
    let cases = [
        (ALL, true, 0, 0, 0, R, None),
        (ALL, true, 0, 0, 0, W, None),
        (PRESENT | USER, true, 0, 0, 0, R, None),
        (PRESENT | USER, true, 0, 0, 0, W, Some(7)),
        (PRESENT | WRITABLE, true, 0, 0, 0, R, Some(5)),
        (PRESENT | WRITABLE, true, 0, 0, 0, W, Some(7)),
        (PRESENT | WRITABLE, true, 0, 0, 0, Access::Fetch, None),
        (0, true, 0, 0, 0, R, Some(4)),
        (0, false, 0, 0, 0, W, Some(2)),
        (PRESENT, false, 0, 0, 0, R, None),
        (PRESENT, false, 0, 0, 0, W, None),
        (PRESENT, false, CR0_WP, 0, 0, W, Some(3)),
        (ALL, false, CR0_WP, 0, 0, W, None),
        (ALL, false, 0, CR4_SMAP, 0, R, Some(1)),
        (ALL, false, 0, CR4_SMAP, 0, W, Some(3)),
        (ALL, false, 0, CR4_SMAP, AC, W, None),
    ];
    for (number, (rights, user, wp, smap, ac, access, error_code)) in cases.into_iter().enumerate()
    {
        let mut words = memory(&[
            (0x1000, 0x2000 | ALL),
            (0x2000, 0x3000 | ALL),
            (0x3000, LARGE | rights),
        ]);
        let mut context = context(In::Long);
        context.cr0 |= wp;
        context.cr4 |= smap;
        context.rflags |= ac;
        let context = if user { as_user(context) } else { context };
        let result = translate(&GuestRam::of(&mut words), &context, 0x5000, access);
        let expected = match error_code {
            Some(error_code) => Err(PageFault { error_code }),
            None => Ok(Gpa(0x5000)),
        };
        assert_eq!(result, expected, "case {number}");
    }
}

#[test]
fn one_entry_without_a_right_takes_it_from_all() {
    for lacking in 0..3 {
        let entry = |level: usize| {
            if level == lacking {
                PRESENT | USER
            } else {
                ALL
            }
        };
        let mut words = memory(&[
            (0x1000, 0x2000 | entry(0)),
            (0x2000, 0x3000 | entry(1)),
            (0x3000, LARGE | entry(2)),
        ]);
        let context = as_user(context(In::Long));
        let result = translate(&GuestRam::of(&mut words), &context, 0, Access::Write);
        assert_eq!(result, Err(PageFault { error_code: 7 }), "level {lacking}");
    }
}

proptest! {
    /// Whatever the tables hold, a walk ends, and the offset in the smallest page stays.
    #[test]
    fn hostile_tables(
        words in proptest::collection::vec(any::<u64>(), 0x800),
        linear: u64,
        cr3: u64,
        mode in 0..3u8,
    ) {
        let mut words = words;
        let mut context = context(if mode == 0 { In::Long } else { In::Protected });
        context.cr0 |= CR0_PG;
        context.cr4 = [CR4_PAE, CR4_PAE, CR4_PSE][usize::from(mode)];
        context.cr3 = cr3 & 0x3fff;
        if let Ok(physical) = walk(&mut words, &context, linear) {
            prop_assert_eq!(physical.0 & 0xfff, linear & 0xfff);
            prop_assert!(physical.0 < 1 << 52);
        }
    }
}

#[test]
fn tables_are_where_cr3_says() {
    let mut words = memory(&[(TABLES, 0x2000 | ALL), (0x2000, LARGE | ALL)]);
    let mut context = context(In::Long);
    // Flags of the top table, and a process identifier, are no part of the address.
    context.cr3 = TABLES | 0x18;
    assert_eq!(walk(&mut words, &context, 0x1234), Ok(Gpa(0x1234)));
    context.cr3 = 0x5000;
    assert!(walk(&mut words, &context, 0x1234).is_err());
}
