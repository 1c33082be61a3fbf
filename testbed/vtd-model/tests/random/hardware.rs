// SPDX-License-Identifier: BSD-2-Clause
//! On what hardware it may happen.

use proptest::prelude::*;
use vtd_model::Options;

/// Two units that need not be alike, except in what concerns the memory that they share.
pub fn hardware() -> impl Strategy<Value = [Options; 2]> {
    (unit(), unit()).prop_map(|(first, second)| {
        let (coherent, write_buffer) = (first.coherent, first.write_buffer);
        [
            first,
            Options {
                coherent,
                write_buffer,
                ..second
            },
        ]
    })
}

/// Hardware that the driver must cope with.
fn unit() -> impl Strategy<Value = Options> {
    let widths = prop_oneof![
        2 => Just((true, true, 48)),
        1 => Just((false, true, 48)),
        1 => Just((true, false, 39)),
        1 => Just((true, true, 46)),
    ];
    let sizes =
        prop_oneof![3 => Just((true, true)), 1 => Just((true, false)), 1 => Just((false, false))];
    let walks = (
        any::<bool>(),
        proptest::bool::weighted(0.25),
        proptest::bool::weighted(0.25),
    );
    let invalidation = (proptest::bool::weighted(0.8), 0_u8..20, any::<bool>());
    let features = (any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>());
    (
        widths,
        sizes,
        walks,
        invalidation,
        features,
        1_u16..9,
        0_u32..4,
        any::<bool>(),
    )
        .prop_map(
            |(widths, sizes, walks, invalidation, features, fault_records, latency, eager)| {
                Options {
                    three_levels: widths.0,
                    four_levels: widths.1,
                    address_bits: widths.2,
                    mega: sizes.0,
                    giga: sizes.1,
                    coherent: walks.0,
                    caching_mode: walks.1,
                    write_buffer: walks.2,
                    page_selective: invalidation.0,
                    max_address_mask: invalidation.1,
                    drains: invalidation.2,
                    snoop_control: features.0,
                    posting: features.1,
                    pointer_flushes: features.2,
                    protected_memory: features.3,
                    fault_records,
                    latency,
                    eager,
                    ..Options::default()
                }
            },
        )
}
