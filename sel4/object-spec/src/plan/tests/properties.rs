// SPDX-License-Identifier: BSD-2-Clause
use alloc::vec;

use proptest::prelude::*;

use super::kernel::execute;
use super::*;

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
