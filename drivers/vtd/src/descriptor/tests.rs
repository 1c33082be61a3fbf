// SPDX-License-Identifier: BSD-2-Clause
//! Descriptors bit for bit, worked out by hand from §6.5.2; and the fewest for a range.

use std::vec;
use std::vec::Vec;

use proptest::prelude::*;

use super::*;
use crate::Iova;
use crate::paging::Format;

const DRAIN: Capabilities = Capabilities(3 << 54);
const NO_DRAIN: Capabilities = Capabilities(0);
const DOMAIN: DomainId = DomainId(0x1234);

#[test]
fn descriptors_bit_for_bit() {
    let device = Bdf(0x0098);
    let cases = [
        (Descriptor::context_global(), 0x11, 0),
        (
            Descriptor::context_device(DOMAIN, device),
            0x0098_1234_0031,
            0,
        ),
        (Descriptor::iotlb_global(NO_DRAIN), 0x12, 0),
        (Descriptor::iotlb_global(DRAIN), 0xd2, 0),
        (Descriptor::iotlb_domain(DOMAIN, DRAIN), 0x1234_00e2, 0),
        (
            Descriptor::iotlb_pages(DOMAIN, NO_DRAIN, 0x7000, 0, false),
            0x1234_0032,
            0x7000,
        ),
        (
            Descriptor::iotlb_pages(DOMAIN, DRAIN, 0x20_0000, 9, true),
            0x1234_00f2,
            0x20_0049,
        ),
        (Descriptor::interrupts_global(), 0x04, 0),
        (Descriptor::interrupt(0xabcd), 0xabcd_0000_0014, 0),
        (
            Descriptor::wait(Hpa(0x1_2345_6000), 7),
            0x7_0000_0065,
            0x1_2345_6000,
        ),
        (Descriptor::nothing(), 0x05, 0),
    ];
    for (descriptor, low, high) in cases {
        assert_eq!(descriptor, Descriptor { low, high }, "{low:#x}");
    }
}

fn capabilities(page_selective: bool, mamv: u64) -> Capabilities {
    Capabilities(u64::from(page_selective) << 39 | mamv << 48)
}

const FORMAT: Format = Format {
    levels: 4,
    address_bits: 48,
    host_bits: 46,
    mega: true,
    giga: true,
    snoop: false,
    coherent: true,
};

/// Page and order of each descriptor; `None` for one of the whole domain.
fn split(capabilities: Capabilities, at: u64, bytes: u64) -> Option<Vec<(u64, u64)>> {
    let range = FORMAT.range(Iova(at), bytes).unwrap();
    let descriptors = for_range(capabilities, DOMAIN, range, false);
    if descriptors[..] == [Descriptor::iotlb_domain(DOMAIN, NO_DRAIN)] {
        return None;
    }
    Some(
        descriptors
            .iter()
            .map(|descriptor| (descriptor.high >> 12, descriptor.high & 0x3f))
            .collect(),
    )
}

#[test]
fn a_range_takes_the_fewest_descriptors() {
    let all = capabilities(true, 18);
    let cases = [
        (all, 0x1000, 0x1000, Some(vec![(1, 0)])),
        (all, 0x1000, 0x3000, Some(vec![(1, 0), (2, 1)])),
        (all, 0x3000, 0x3000, Some(vec![(3, 0), (4, 1)])),
        (all, 0x20_0000, 0x20_0000, Some(vec![(0x200, 9)])),
        (all, 0, 1 << 31, Some(vec![(0, 18), (1 << 18, 18)])),
        (
            capabilities(true, 0),
            0x1000,
            0x8000,
            Some(vec![
                (1, 0),
                (2, 0),
                (3, 0),
                (4, 0),
                (5, 0),
                (6, 0),
                (7, 0),
                (8, 0),
            ]),
        ),
        (capabilities(true, 0), 0x1000, 0x9000, None),
        (capabilities(false, 18), 0x1000, 0x1000, None),
        (all, 0x1000, 1 << 30, None),
    ];
    for (capabilities, at, bytes, expected) in cases {
        assert_eq!(
            split(capabilities, at, bytes),
            expected,
            "{bytes:#x} at {at:#x}"
        );
    }
}

proptest! {
    /// Page-selective descriptors are aligned and cover the range exactly.
    #[test]
    fn descriptors_cover_the_range_and_nothing_else(
        first in 0_u64..1 << 34,
        pages in 1_u64..1 << 20,
        mamv in 0_u64..40,
    ) {
        let (at, bytes) = (first << 12, pages << 12);
        prop_assume!(FORMAT.range(Iova(at), bytes).is_ok());
        if let Some(parts) = split(capabilities(true, mamv), at, bytes) {
            let mut next = first;
            for (page, order) in parts {
                prop_assert!(order <= mamv && page % (1 << order) == 0);
                prop_assert_eq!(page, next);
                next += 1 << order;
            }
            prop_assert_eq!(next, first + pages);
        }
    }
}
