// SPDX-License-Identifier: BSD-2-Clause
//! What may happen, and on what hardware.

use proptest::prelude::*;
use vtd::Rights;
use vtd_model::Options;

pub const SLOTS: usize = 3;
pub const DEVICES: usize = 4;

/// Something that happens. Numbers are taken modulo what there is.
#[derive(Clone, Debug)]
pub enum Operation {
    Create {
        slot: usize,
        bits: u8,
    },
    Destroy {
        slot: usize,
    },
    Map {
        slot: usize,
        at: u64,
        host: u64,
        bytes: u64,
        rights: Rights,
    },
    /// Revokes one grant as it was given.
    Unmap {
        slot: usize,
        grant: usize,
    },
    /// Revokes some range, which may hold several grants or none, or cut one.
    UnmapRange {
        slot: usize,
        at: u64,
        bytes: u64,
    },
    Attach {
        unit: usize,
        device: usize,
        slot: usize,
    },
    Detach {
        unit: usize,
        device: usize,
    },
    Quarantine {
        unit: usize,
        device: usize,
        silent: bool,
    },
    Bind {
        unit: usize,
        index: u16,
        device: usize,
        target: Raise,
    },
    Rebind {
        unit: usize,
        index: u16,
        device: usize,
        target: Raise,
    },
    Unbind {
        unit: usize,
        index: u16,
        device: usize,
    },
    /// DMA relative to a grant of the device's domain, or to address 0 without one.
    Dma {
        unit: usize,
        device: usize,
        grant: usize,
        offset: u64,
        from_end: bool,
        write: bool,
    },
    Message {
        unit: usize,
        device: usize,
        index: u16,
        subhandle: Option<u16>,
    },
    /// The queue of a unit times out or completes wrongly.
    Trouble {
        unit: usize,
        after: usize,
        timeout: bool,
    },
}

/// What an interrupt is to raise.
#[derive(Clone, Copy, Debug)]
pub struct Raise {
    pub posted: bool,
    pub vector: u8,
    pub destination: u32,
}

/// Interesting places for grants: the edges of larger pages, of tables and of address widths.
fn address() -> impl Strategy<Value = u64> {
    let places = prop_oneof![
        Just(0),
        Just(0x20_0000 - 0x3000),
        Just(0x4000_0000 - 0x20_0000),
        Just(0xfee0_0000 - 0x4000),
        Just((1 << 39) - 0x40_0000),
        Just((1 << 47) - 0x1000),
        Just((1 << 48) - 0x8000),
    ];
    let steps = prop_oneof![
        (0_u64..12).prop_map(|pages| pages << 12),
        (0_u64..3).prop_map(|pages| pages << 21),
    ];
    (places, steps).prop_map(|(place, step)| place + step)
}

/// Lengths: some pages, or about a large page or more, or a gigabyte.
fn length() -> impl Strategy<Value = u64> {
    prop_oneof![
        8 => (1_u64..9).prop_map(|pages| pages << 12),
        3 => (1_u64..4).prop_map(|pages| pages << 21),
        2 => Just(0x40_3000_u64),
        1 => Just(1_u64 << 30),
    ]
}

fn rights() -> impl Strategy<Value = Rights> {
    prop_oneof![
        Just(Rights::Read),
        Just(Rights::Write),
        Just(Rights::ReadWrite)
    ]
}

fn raise() -> impl Strategy<Value = Raise> {
    (
        any::<bool>(),
        any::<u8>(),
        prop_oneof![0_u32..300, any::<u32>()],
    )
        .prop_map(|(posted, vector, destination)| Raise {
            posted,
            vector,
            destination,
        })
}

pub fn operation() -> impl Strategy<Value = Operation> {
    use Operation::*;
    let unit = 0_usize..2;
    let device = 0..DEVICES;
    let slot = 0..SLOTS;
    // Few entries, so that they are bound, bound twice and freed; some beyond the table.
    let index = prop_oneof![8 => 0_u16..6, 1 => 250_u16..260, 1 => any::<u16>()];
    prop_oneof![
        1 => (slot.clone(), prop_oneof![Just(39_u8), Just(48)])
            .prop_map(|(slot, bits)| Create { slot, bits }),
        1 => slot.clone().prop_map(|slot| Destroy { slot }),
        6 => (slot.clone(), address(), address(), length(), rights())
            .prop_map(|(slot, at, host, bytes, rights)| Map { slot, at, host, bytes, rights }),
        4 => (slot.clone(), any::<usize>()).prop_map(|(slot, grant)| Unmap { slot, grant }),
        1 => (slot.clone(), address(), length())
            .prop_map(|(slot, at, bytes)| UnmapRange { slot, at, bytes }),
        3 => (unit.clone(), device.clone(), slot)
            .prop_map(|(unit, device, slot)| Attach { unit, device, slot }),
        2 => (unit.clone(), device.clone()).prop_map(|(unit, device)| Detach { unit, device }),
        1 => (unit.clone(), device.clone(), any::<bool>())
            .prop_map(|(unit, device, silent)| Quarantine { unit, device, silent }),
        3 => (unit.clone(), index.clone(), device.clone(), raise())
            .prop_map(|(unit, index, device, target)| Bind { unit, index, device, target }),
        2 => (unit.clone(), index.clone(), device.clone(), raise())
            .prop_map(|(unit, index, device, target)| Rebind { unit, index, device, target }),
        2 => (unit.clone(), index.clone(), device.clone())
            .prop_map(|(unit, index, device)| Unbind { unit, index, device }),
        12 => (unit.clone(), device.clone(), any::<usize>(), 0_u64..0x80_0000, any::<bool>(), any::<bool>())
            .prop_map(|(unit, device, grant, offset, from_end, write)| {
                Dma { unit, device, grant, offset, from_end, write }
            }),
        8 => (unit.clone(), device, index, proptest::option::of(0_u16..4))
            .prop_map(|(unit, device, index, subhandle)| Message { unit, device, index, subhandle }),
        1 => (unit, 0_usize..4, any::<bool>())
            .prop_map(|(unit, after, timeout)| Trouble { unit, after, timeout }),
    ]
}

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
