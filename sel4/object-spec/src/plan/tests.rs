// SPDX-License-Identifier: BSD-2-Clause
extern crate std;

use alloc::vec;
use proptest::prelude::*;

use super::*;

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

/// seL4's rules: what each retype of the plan really makes, or the rule it breaks.
fn execute(
    untypeds: &[Untyped],
    requests: &[Request],
    steps: &[Step],
) -> Result<Vec<Vec<u64>>, &'static str> {
    let mut blocks: Vec<(u64, u64, bool)> = untypeds
        .iter()
        .map(|untyped| (untyped.paddr, untyped.end(), untyped.device))
        .collect();
    let mut made: Vec<Vec<u64>> = requests.iter().map(|_| Vec::new()).collect();
    let carve = |blocks: &mut Vec<(u64, u64, bool)>, from: usize, bits: u8| {
        let (next, end, device) = blocks[from];
        let window = next.wrapping_add(KERNEL_WINDOW);
        let aligned = window.checked_next_multiple_of(1 << bits).unwrap_or(0);
        let start = aligned.wrapping_sub(KERNEL_WINDOW);
        if start.checked_add(1 << bits).is_none_or(|stop| stop > end) {
            return Err("an untyped has too little left");
        }
        blocks[from].0 = start + (1 << bits);
        Ok((start, device))
    };
    for step in steps {
        match *step {
            Step::Split { from, size_bits } => {
                let (start, device) = carve(&mut blocks, from, size_bits)?;
                blocks.push((start, start + (1 << size_bits), device));
            }
            Step::Make {
                from,
                request,
                first,
                count,
                paddr,
            } => {
                let wanted = requests[request];
                if made[request].len() != first as usize {
                    return Err("objects are made out of order");
                }
                for index in 0..u64::from(count) {
                    let (start, device) = carve(&mut blocks, from, wanted.size_bits)?;
                    if start != paddr + (index << wanted.size_bits) {
                        return Err("an object is not where the plan says");
                    }
                    if device && wanted.paddr.is_none() {
                        return Err("device memory is used as RAM");
                    }
                    made[request].push(start);
                }
            }
        }
    }
    Ok(made)
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

prop_compose! {
    /// Blocks that do not overlap, each aligned to its size, some of them devices.
    fn memory()(sizes in prop::collection::vec((12u8..26, any::<bool>(), 0u64..4), 1..12)) -> Vec<Untyped> {
        let mut next = 0u64;
        let mut untypeds = vec![];
        for (size_bits, device, gap) in sizes {
            let paddr = next.next_multiple_of(1 << size_bits) + (gap << size_bits);
            untypeds.push(Untyped { paddr, size_bits, device });
            next = paddr + (1 << size_bits);
        }
        untypeds
    }
}

fn wishes() -> impl Strategy<Value = Vec<Request>> {
    let size = prop_oneof![Just(4u8), Just(5), Just(11), Just(12), Just(15), Just(21)];
    let fixed = (prop_oneof![Just(12u8), Just(21)], 1u32..6, 0u64..1 << 16)
        .prop_map(|(size_bits, count, page)| at(page << size_bits & 0x3ff_ffff, size_bits, count));
    let floating =
        (size, 0u32..40, any::<bool>()).prop_map(|(size_bits, count, contiguous)| Request {
            contiguous,
            ..anywhere(size_bits, count)
        });
    prop::collection::vec(prop_oneof![fixed, floating], 0..12)
}

proptest! {
    #[test]
    fn a_plan_keeps_to_the_kernels_rules(untypeds in memory(), requests in wishes()) {
        let Ok(steps) = plan(&untypeds, &requests) else { return Ok(()) };
        let made = execute(&untypeds, &requests, &steps).map_err(TestCaseError::fail)?;
        let mut taken = vec![];
        for (wanted, made) in requests.iter().zip(&made) {
            prop_assert_eq!(made.len(), wanted.count as usize);
            let size = 1u64 << wanted.size_bits;
            if wanted.contiguous || wanted.paddr.is_some() {
                prop_assert!(made.windows(2).all(|pair| pair[0] + size == pair[1]));
            }
            if let (Some(paddr), Some(&first)) = (wanted.paddr, made.first()) {
                prop_assert_eq!(paddr, first);
            }
            taken.extend(made.iter().map(|&start| (start, start + size)));
        }
        taken.sort_unstable();
        prop_assert!(taken.windows(2).all(|pair| pair[0].1 <= pair[1].0));
    }

    #[test]
    fn ram_in_pages_is_used_to_the_last(untypeds in memory(), shares in prop::collection::vec(1u32..8, 1..4)) {
        let pages: u64 = untypeds.iter().filter(|untyped| !untyped.device)
            .map(|untyped| 1u64 << (untyped.size_bits - PAGE)).sum();
        let mut requests: Vec<Request> =
            shares.iter().map(|share| anywhere(PAGE, (pages / 8) as u32 * share / 8)).collect();
        let used: u64 = requests.iter().map(|request| u64::from(request.count)).sum();
        requests.push(anywhere(PAGE, (pages - used) as u32));
        let steps = plan(&untypeds, &requests).unwrap();
        execute(&untypeds, &requests, &steps).map_err(TestCaseError::fail)?;
        requests.push(anywhere(PAGE, 1));
        let full = matches!(plan(&untypeds, &requests), Err(Error::OutOfMemory { .. }));
        prop_assert!(full);
    }
}
