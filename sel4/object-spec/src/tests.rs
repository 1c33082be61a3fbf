// SPDX-License-Identifier: BSD-2-Clause
extern crate std;

mod sample;

use alloc::string::{String, ToString};
use proptest::prelude::*;

use super::*;
use crate::plan::{Error, Untyped};
use sample::{DATA, frames, sample};

fn schedule(spec: &mut Spec) -> &mut Schedule {
    spec.schedule.as_mut().expect("the sample has one")
}

/// A change that makes a spec invalid, and what the error calls it.
type Damage = (fn(&mut Spec), &'static str);

#[test]
fn what_points_outside_or_is_out_of_range_is_refused() {
    let cases: &[Damage] = &[
        (
            |s| s.objects[2].kind = Kind::CNode { size_bits: 0 },
            "CSpace of 'timer'",
        ),
        (
            |s| s.objects[2].kind = Kind::CNode { size_bits: 64 },
            "CSpace of 'timer'",
        ),
        (
            |s| s.objects[9].kind = frames(0, None),
            "memory region 'ring'",
        ),
        (
            |s| s.objects[8].kind = frames(1, Some(0x1001)),
            "memory region 'hpet'",
        ),
        (
            |s| s.objects[8].kind = frames(2, Some(!0xfff)),
            "memory region 'hpet'",
        ),
        (
            |s| s.objects[11].kind = Kind::IoPorts { first: 2, last: 1 },
            "I/O ports of 'timer'",
        ),
        (|s| s.mappings[0].space = 99, "mapping 0"),
        (|s| s.mappings[0].space = 3, "mapping 0"),
        (|s| s.mappings[0].frames = 3, "mapping 0"),
        (|s| s.mappings[0].count = 4, "mapping 0"),
        (|s| s.mappings[0].first = u32::MAX, "mapping 0"),
        (|s| s.mappings[0].vaddr = 0x123, "mapping 0"),
        (|s| s.mappings[0].vaddr = USER_TOP - 0x1000, "mapping 0"),
        (|s| s.mappings[0].rights = Rights::CALL, "mapping 0"),
        (|s| s.fills[0].offset = 0x4000 - DATA + 1, "fill 0"),
        (|s| s.fills[0].offset = u64::MAX, "fill 0"),
        (
            |s| {
                s.fills[0].source = FillSource::Data {
                    offset: 1,
                    len: DATA,
                }
            },
            "fill 0",
        ),
        (
            |s| {
                s.fills[0].source = FillSource::Data {
                    offset: u64::MAX,
                    len: 1,
                }
            },
            "fill 0",
        ),
        (|s| s.fills[1].offset = 0x4000, "fill 1"),
        (
            |s| s.fills[2].source = FillSource::PhysicalAddress(9),
            "fill 2",
        ),
        (
            |s| s.fills[2].source = FillSource::IoapicRemapped(4),
            "fill 2",
        ),
        (
            |s| {
                s.fills[2].source = FillSource::IoapicRemapped(8);
                s.fills[2].offset = 0x3ffd;
            },
            "fill 2",
        ),
        (|s| s.capabilities[0].slot = 512, "capability 0"),
        (|s| s.capabilities[0].cnode = 1, "capability 0"),
        (|s| s.capabilities[0].object = 8, "capability 0"),
        (
            |s| s.capabilities[0].data = CapData::Guard(4),
            "capability 0",
        ),
        (
            |s| s.capabilities[1].data = CapData::Guard(0),
            "capability 1",
        ),
        (|s| s.interrupts[0].handler = 1, "interrupt 0"),
        (|s| s.threads[0].vcpu = Some((5, 6)), "thread timer"),
        (|s| s.threads[0].ipc_buffer = 3, "thread timer"),
        (|s| s.threads[0].entry = 1 << 63, "thread timer"),
        (|s| schedule(s).start = 1, "domain schedule"),
        (|s| schedule(s).start = 2, "domain schedule"),
        (|s| schedule(s).shift = u32::MAX, "domain schedule"),
    ];
    for (index, (damage, what)) in cases.iter().enumerate() {
        let mut spec = sample();
        damage(&mut spec);
        let expected = DecodeError::Invalid(what.to_string());
        assert_eq!(
            Spec::decode(&spec.encode(), DATA),
            Err(expected),
            "case {index}"
        );
    }
}

#[test]
fn other_bytes_and_other_versions_are_refused() {
    let mut bytes = sample().encode();
    assert_eq!(Spec::decode(&bytes[..7], DATA), Err(DecodeError::Malformed));
    assert_eq!(
        Spec::decode(&bytes[..bytes.len() - 1], DATA),
        Err(DecodeError::Malformed)
    );
    bytes.push(0);
    assert_eq!(Spec::decode(&bytes, DATA), Err(DecodeError::Malformed));
    bytes[4] = 7;
    assert_eq!(Spec::decode(&bytes, DATA), Err(DecodeError::Version(7)));
    bytes[0] = 0;
    assert_eq!(Spec::decode(&bytes, DATA), Err(DecodeError::Malformed));
}

#[test]
fn a_missing_region_is_explained_in_one_line() {
    let spec = sample();
    let untypeds = [
        Untyped {
            paddr: 0x10_0000,
            size_bits: 20,
            device: false,
        },
        Untyped {
            paddr: 0xfee0_1000,
            size_bits: 12,
            device: true,
        },
    ];
    let explain = |id, error| -> String { spec.explain(id, error, &untypeds) };
    assert_eq!(
        explain(
            8,
            Error::NoSuchMemory {
                request: 0,
                paddr: 0xfed0_0000
            }
        ),
        "memory region 'hpet' (0xfed00000..0xfed01000) of protection domain 'timer': no such \
         physical memory; nearest are 0x100000..0x200000 (RAM), 0xfee01000..0xfee02000 (device)"
    );
    assert_eq!(
        explain(
            9,
            Error::OutOfMemory {
                request: 0,
                needed: 5000,
                free: 4096
            }
        ),
        "memory region 'ring' of protection domain 'timer', virtual machine 'linux': out of \
         memory: the system needs 5 KiB of RAM, the machine has 4 KiB"
    );
}

proptest! {
    #[test]
    fn damage_is_an_error_or_a_spec_in_range(at in 0usize..1 << 12, value: u8, cut in 0usize..1 << 12) {
        let mut bytes = sample().encode();
        let len = bytes.len();
        bytes[at % len] = value;
        bytes.truncate(if cut < len { cut } else { len });
        if let Ok(spec) = Spec::decode(&bytes, DATA) {
            prop_assert!(spec.check(DATA).is_ok());
            for id in 0..spec.objects.len() as u32 {
                let _ = spec.describe(id);
            }
            let _ = spec.slots();
        }
    }

    #[test]
    fn any_bytes_are_an_error(bytes in prop::collection::vec(any::<u8>(), 0..256)) {
        let image = [&b"OBJS\x02\0\0\0"[..], &bytes].concat();
        let _ = Spec::decode(&image, DATA);
    }
}
