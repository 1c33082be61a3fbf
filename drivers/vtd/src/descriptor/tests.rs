// SPDX-License-Identifier: BSD-2-Clause
//! Descriptors bit for bit, worked out by hand from §6.5.2; and the one for a range.

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

fn unit(page_selective: bool, mamv: u64, drains: u64) -> Capabilities {
    let page_selective = u64::from(page_selective) << 39;
    Capabilities(page_selective | mamv << 48 | drains << 54)
}

const FORMAT: Format = Format {
    levels: 4,
    address_bits: 48,
    host_bits: 46,
    leaf_levels: 3,
    snoop: false,
};

fn drop_range(unit: Capabilities, at: u64, bytes: u64, leaves_only: bool) -> Descriptor {
    let range = FORMAT.range(Iova(at), bytes).unwrap();
    Descriptor::iotlb_range(DOMAIN, unit, range, leaves_only)
}

#[test]
fn one_descriptor_drops_a_range() {
    let all = unit(true, 18, 0);
    let domain = (0x1234_0022, 0);
    let cases = [
        (all, 0x7000, 0x1000, false, (0x1234_0032, 0x7000)),
        (
            unit(true, 18, 3),
            0x20_0000,
            0x20_0000,
            true,
            (0x1234_00f2, 0x20_0049),
        ),
        (all, 0x2000, 0x2000, false, (0x1234_0032, 0x2001)),
        // The smallest aligned blocks that hold pages 1 to 3, and 3 and 4.
        (all, 0x1000, 0x3000, false, (0x1234_0032, 2)),
        (all, 0x3000, 0x2000, true, (0x1234_0032, 0x43)),
        (all, 0, 1 << 30, false, (0x1234_0032, 18)),
        // More than the unit can do at once, and one that knows only domains.
        (all, 0, 1 << 31, true, domain),
        (unit(true, 0, 0), 0x2000, 0x2000, false, domain),
        (unit(false, 18, 0), 0x1000, 0x1000, false, domain),
        (all, (1 << 33) - 0x1000, 0x2000, false, domain),
    ];
    for (unit, at, bytes, leaves_only, (low, high)) in cases {
        let descriptor = drop_range(unit, at, bytes, leaves_only);
        assert_eq!(
            descriptor,
            Descriptor { low, high },
            "{bytes:#x} at {at:#x}"
        );
    }
}

proptest! {
    /// A page-selective descriptor is aligned and holds the range, and none of half the size does.
    #[test]
    fn the_block_is_the_smallest_that_holds_the_range(
        first in 0_u64..1 << 34,
        pages in 1_u64..1 << 20,
        mamv in 0_u64..40,
    ) {
        let (at, bytes, last) = (first << 12, pages << 12, first + pages - 1);
        prop_assume!(FORMAT.range(Iova(at), bytes).is_ok());
        let Descriptor { low, high } = drop_range(unit(true, mamv, 0), at, bytes, false);
        if low & 0x30 == 0x30 {
            let (block, order) = (high >> 12, high & 0x3f);
            prop_assert!(order <= mamv && block % (1 << order) == 0);
            prop_assert!(block <= first && last < block + (1 << order));
            prop_assert!(order == 0 || first >> (order - 1) != last >> (order - 1));
        } else {
            prop_assert!(first >> mamv != last >> mamv);
        }
    }
}
