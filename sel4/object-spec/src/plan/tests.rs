// SPDX-License-Identifier: BSD-2-Clause
extern crate std;

mod kernel;
mod properties;

use super::*;
use kernel::execute;

const PAGE: u8 = 12;
const LARGE: u8 = 21;

fn ram(paddr: u64, size_bits: u8) -> Untyped {
    Untyped {
        paddr,
        size_bits,
        device: false,
    }
}

fn device(paddr: u64, size_bits: u8) -> Untyped {
    Untyped {
        paddr,
        size_bits,
        device: true,
    }
}

fn at(paddr: u64, size_bits: u8, count: u32) -> Request {
    Request {
        size_bits,
        count,
        paddr: Some(paddr),
        contiguous: false,
    }
}

fn anywhere(size_bits: u8, count: u32) -> Request {
    Request {
        size_bits,
        count,
        paddr: None,
        contiguous: false,
    }
}

fn in_one_piece(size_bits: u8, count: u32) -> Request {
    Request {
        contiguous: true,
        ..anywhere(size_bits, count)
    }
}

fn run(untypeds: &[Untyped], requests: &[Request]) -> Vec<Vec<u64>> {
    execute(untypeds, requests, &plan(untypeds, requests).unwrap()).unwrap()
}

#[test]
fn fixed_frames_lie_where_they_are_wanted() {
    // A PC's device memory with the ECAM in the middle of 1 GiB, and RAM.
    let untypeds = [
        device(0x8000_0000, 30),
        ram(0x10_0000, 20),
        ram(0x4000_0000, 28),
    ];
    let requests = [
        at(0xb000_0000, LARGE, 4),
        at(0xb040_0000 - 0x1000 + 0x40_1000, PAGE, 2),
        at(0x4012_3000, PAGE, 3),
        anywhere(PAGE, 300),
    ];
    let made = run(&untypeds, &requests);
    assert_eq!(
        made[0],
        [0xb000_0000, 0xb020_0000, 0xb040_0000, 0xb060_0000]
    );
    assert_eq!(made[1], [0xb080_0000, 0xb080_1000]);
    assert_eq!(made[2][0], 0x4012_3000);
    assert_eq!(made[3].len(), 300);
}

#[test]
fn fixed_frames_may_span_untypeds() {
    let made = run(&[ram(0x2000, 13), ram(0x4000, 14)], &[at(0x3000, PAGE, 3)]);
    assert_eq!(made[0], [0x3000, 0x4000, 0x5000]);
}

#[test]
fn blocks_behind_the_kernel_window_are_split_as_the_kernel_aligns_them() {
    // What seL4 hands out above 512 GiB: aligned in the kernel's address space only.
    let untypeds = [device(0x80_0000_0000, 46)];
    for paddr in [
        0x80_0000_0000,
        0x80_0020_0000,
        0x7000_0000_0000 / 2,
        0x380_0000_0000,
    ] {
        assert_eq!(run(&untypeds, &[at(paddr, LARGE, 1)])[0], [paddr]);
    }
}

#[test]
fn memory_before_a_fixed_frame_is_not_lost() {
    let untypeds = [ram(0, 20)];
    let made = run(&untypeds, &[at(0xf_f000, PAGE, 1), anywhere(PAGE, 255)]);
    assert_eq!(made[1].len(), 255);
}

#[test]
fn large_untypeds_are_left_alone_while_smaller_ones_do() {
    let steps = plan(
        &[ram(0x4000_0000, 30), ram(0x10_0000, 20)],
        &[anywhere(PAGE, 256)],
    )
    .unwrap();
    assert!(matches!(
        steps[..],
        [Step::Make {
            from: 1,
            count: 256,
            ..
        }]
    ));
}

#[test]
fn what_cannot_be_had_is_named() {
    let untypeds = [ram(0x10_0000, 20), device(0xfe00_0000, 20)];
    let plan = |requests: &[Request]| plan(&untypeds, requests).unwrap_err();
    let missing = |paddr| Error::NoSuchMemory { request: 0, paddr };
    assert_eq!(plan(&[at(0x1_0000_0000, PAGE, 1)]), missing(0x1_0000_0000));
    assert_eq!(plan(&[at(0x1f_f000, PAGE, 2)]), missing(0x20_0000));
    assert_eq!(plan(&[at(0xfe00_0000, LARGE, 1)]), missing(0xfe00_0000));
    let twice = [at(0x10_0000, PAGE, 2), at(0x10_1000, PAGE, 1)];
    assert_eq!(
        plan(&twice),
        Error::Taken {
            request: 1,
            paddr: 0x10_1000
        }
    );
    assert_eq!(
        plan(&[anywhere(PAGE, 200), anywhere(PAGE, 57)]),
        Error::OutOfMemory {
            request: 1,
            needed: 257 << 12,
            free: 1 << 20
        }
    );
    assert_eq!(
        plan(&[in_one_piece(PAGE, 300)]),
        Error::NotContiguous {
            request: 0,
            largest: 1 << 20
        }
    );
    // Device memory never stands in for RAM.
    assert!(matches!(
        plan(&[anywhere(LARGE, 1)]),
        Error::OutOfMemory { .. }
    ));
}

#[test]
fn neighbours_are_one_range() {
    let untypeds = [
        ram(0x3000, 12),
        ram(0x1000, 12),
        ram(0x2000, 12),
        device(0x4000, 12),
    ];
    let ranges = ranges(&untypeds);
    assert_eq!(
        ranges,
        [
            Range {
                start: 0x1000,
                end: 0x4000,
                device: false
            },
            Range {
                start: 0x4000,
                end: 0x5000,
                device: true
            },
        ]
    );
    let starts = |paddr| {
        nearest(&ranges, paddr)
            .map(|range| range.start)
            .collect::<Vec<_>>()
    };
    assert_eq!(starts(0), [0x1000]);
    assert_eq!(starts(0x3000), [0x1000, 0x4000]);
    assert_eq!(starts(0x9000), [0x4000]);
}
