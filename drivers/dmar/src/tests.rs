// SPDX-License-Identifier: BSD-2-Clause
//! Tables made here, sound and broken.

use std::string::ToString;
use std::vec::Vec;

use proptest::prelude::*;

use pci::Bdf;

use crate::{Dmar, DmarError, Flat, ScopeKind, Structure, Topology};

/// A table with a right length and checksum around `structures`.
fn table(structures: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = b"DMAR".to_vec();
    bytes.resize(48, 0);
    bytes[36] = 45;
    bytes[37] = 0b101;
    bytes.extend(structures.concat());
    seal(bytes)
}

fn seal(mut bytes: Vec<u8>) -> Vec<u8> {
    let length = bytes.len() as u32;
    bytes[4..8].copy_from_slice(&length.to_le_bytes());
    bytes[9] = 0;
    bytes[9] = bytes.iter().fold(0_u8, |sum, &byte| sum.wrapping_sub(byte));
    bytes
}

/// Type, length, and what follows.
fn structure(kind: u16, body: &[u8]) -> Vec<u8> {
    let length = body.len() as u16 + 4;
    [&kind.to_le_bytes(), &length.to_le_bytes(), body].concat()
}

fn unit(flags: u8, segment: u8, registers: u64, scopes: &[Vec<u8>]) -> Vec<u8> {
    let head = [flags, 0, segment, 0];
    structure(
        0,
        &[&head[..], &registers.to_le_bytes(), &scopes.concat()].concat(),
    )
}

fn reserved(base: u64, limit: u64, scopes: &[Vec<u8>]) -> Vec<u8> {
    let head = [0; 4];
    let body = [
        &head[..],
        &base.to_le_bytes(),
        &limit.to_le_bytes(),
        &scopes.concat(),
    ]
    .concat();
    structure(1, &body)
}

fn scope(kind: u8, id: u8, bus: u8, path: &[(u8, u8)]) -> Vec<u8> {
    let steps: Vec<u8> = path
        .iter()
        .flat_map(|&(device, function)| [device, function])
        .collect();
    [&[kind, 6 + steps.len() as u8, 0, 0, id, bus][..], &steps].concat()
}

fn endpoint(bus: u8, device: u8, function: u8) -> Vec<u8> {
    scope(1, 0, bus, &[(device, function)])
}

fn bdf(bus: u8, device: u8, function: u8) -> Bdf {
    Bdf::new(bus, device, function).unwrap()
}

/// A root port 00:1c.0 with buses 1 to 3 behind it, and in there a bridge 01:00.0 with bus 2.
struct Bridges;

impl Topology for Bridges {
    fn buses_behind(&self, bridge: Bdf) -> Option<(u8, u8)> {
        match bridge {
            Bdf(0x00e0) => Some((1, 3)),
            Bdf(0x0100) => Some((2, 2)),
            _ => None,
        }
    }
}

#[test]
fn everything_in_a_table_is_reported() {
    let bytes = table(&[
        unit(0, 0, 0xfed9_0000, &[endpoint(0, 2, 0)]),
        unit(
            1,
            0,
            0xfed9_1000,
            &[
                scope(3, 8, 0xf0, &[(0x1f, 0)]),
                scope(4, 0, 0xf0, &[(0x0f, 0)]),
            ],
        ),
        reserved(0x7b00_0000, 0x7b7f_ffff, &[endpoint(0, 2, 0)]),
        structure(2, &[1, 0, 0, 0]),
        structure(
            3,
            &[
                [0; 4].as_slice(),
                &0xfed9_0000_u64.to_le_bytes(),
                &[3, 0, 0, 0],
            ]
            .concat(),
        ),
        structure(4, &[0, 0, 0, 1, b'A', 0]),
        structure(5, &[[1, 0, 0, 0].as_slice(), &endpoint(0, 8, 0)].concat()),
        structure(6, &[0; 4]),
        structure(77, &[]),
    ]);
    let dmar = Dmar::parse(&bytes).unwrap();
    assert_eq!(dmar.host_address_bits(), 46);
    assert!(dmar.interrupt_remapping() && !dmar.x2apic_opt_out() && dmar.dma_control_opt_in());

    let all: Vec<_> = dmar.structures().collect();
    assert_eq!(all.len(), 9);
    let Structure::Unit(second) = all[1] else {
        panic!("{:?}", all[1])
    };
    assert_eq!(
        (second.registers(), second.register_bytes()),
        (0xfed9_1000, 4096)
    );
    assert!(second.all_others());
    let scopes: Vec<_> = second
        .scopes()
        .map(|scope| (scope.kind(), scope.id()))
        .collect();
    assert_eq!(scopes, [(ScopeKind::IoApic, 8), (ScopeKind::Hpet, 0)]);
    let io_apic = second.scopes().next().and_then(|scope| scope.device(&Flat));
    assert_eq!(
        io_apic,
        Some(bdf(0xf0, 0x1f, 0)),
        "the source id of the I/O APIC"
    );
    let Structure::DeviceTlbPorts(ports) = all[3] else {
        panic!("{:?}", all[3])
    };
    assert!(ports.all_ports());
    let Structure::Affinity(affinity) = all[4] else {
        panic!("{:?}", all[4])
    };
    assert_eq!(
        (affinity.registers(), affinity.proximity()),
        (0xfed9_0000, 3)
    );
    assert!(matches!(all[5], Structure::NamespaceDevice(_)));
    let Structure::ChipDevices(devices) = all[6] else {
        panic!("{:?}", all[6])
    };
    assert!(devices.required() && devices.scopes().cover(bdf(0, 8, 0), &Flat));
    assert!(matches!(all[7], Structure::ChipProperties(_)));
    assert!(matches!(all[8], Structure::Unknown(_, 77)));
}

#[test]
fn a_device_is_behind_the_unit_that_names_it_or_takes_the_rest() {
    let bytes = table(&[
        unit(1, 0, 0xfed9_3000, &[]),
        unit(0, 0, 0xfed9_0000, &[endpoint(0, 2, 0)]),
        unit(0, 0, 0xfed9_1000, &[scope(2, 0, 0, &[(0x1c, 0)])]),
        unit(
            0,
            1,
            0xfed9_2000,
            &[
                endpoint(0, 5, 0),
                scope(1, 0, 0, &[(0x1c, 0), (0, 0), (1, 0)]),
            ],
        ),
    ]);
    let dmar = Dmar::parse(&bytes).unwrap();
    for (segment, device, expected) in [
        (0, bdf(0, 2, 0), Some(1)),
        (0, bdf(0, 2, 1), Some(0)),
        (0, bdf(0, 0x1c, 0), Some(2)),
        (0, bdf(1, 0, 0), Some(2)),
        (0, bdf(3, 4, 5), Some(2)),
        (0, bdf(4, 0, 0), Some(0)),
        (1, bdf(0, 5, 0), Some(3)),
        (1, bdf(2, 1, 0), Some(3)),
        (1, bdf(0, 2, 0), None),
        (2, bdf(0, 2, 0), None),
    ] {
        assert_eq!(
            dmar.unit_of(segment, device, &Bridges),
            expected,
            "{segment}:{device}"
        );
    }
    assert_eq!(
        dmar.unit_of(0, bdf(1, 0, 0), &Flat),
        Some(0),
        "no bridge there"
    );
}

#[test]
fn what_speaks_against_a_device_is_told_in_words() {
    let satc = |flags| {
        structure(
            5,
            &[[flags, 0, 0, 0].as_slice(), &endpoint(0, 8, 0)].concat(),
        )
    };
    let bytes = table(&[
        unit(1, 0, 0xfed9_0000, &[]),
        reserved(0x1000, 0x1fff, &[endpoint(0, 3, 0)]),
        reserved(
            0x8000,
            0xffff,
            &[endpoint(0, 4, 0), scope(2, 0, 0, &[(0x1c, 0)])],
        ),
        satc(0),
    ]);
    let required = table(&[unit(1, 0, 0xfed9_0000, &[]), satc(1)]);
    let of = |bytes: &[u8], segment, device| -> Vec<_> {
        let dmar = Dmar::parse(bytes).unwrap();
        let all: Vec<_> = dmar.obstacles(segment, device, &Bridges).collect();
        all.iter().map(|obstacle| obstacle.to_string()).collect()
    };
    let first = "firmware reserved memory 0x1000 to 0x1fff for it (RMRR)";
    let second = "firmware reserved memory 0x8000 to 0xffff for it (RMRR)";
    assert_eq!(of(&bytes, 0, bdf(0, 3, 0)), [first]);
    assert_eq!(of(&bytes, 0, bdf(0, 4, 0)), [second]);
    assert_eq!(of(&bytes, 0, bdf(2, 0, 0)), [second], "behind the bridge");
    assert!(of(&bytes, 0, bdf(0, 5, 0)).is_empty());
    assert!(of(&bytes, 0, bdf(0, 8, 0)).is_empty(), "it works without");
    let device_tlb = "it does not work without a device TLB (SATC)";
    assert_eq!(of(&required, 0, bdf(0, 8, 0)), [device_tlb]);
    let nobody = "no remapping unit is responsible for it (DRHD)";
    assert_eq!(of(&bytes, 1, bdf(0, 3, 0)), [nobody]);
}

#[test]
fn memory_of_a_device_that_cannot_be_told_may_be_anybodys() {
    let behind = [
        scope(1, 0, 0, &[(0x1c, 0), (0, 0)]),
        scope(2, 0, 0, &[(0x1c, 0)]),
    ];
    for scope in behind {
        let region = reserved(0x1000, 0x1fff, &[scope]);
        let bytes = table(&[unit(1, 0, 0xfed9_0000, &[]), region]);
        let dmar = Dmar::parse(&bytes).unwrap();
        let first = |device, flat| {
            let obstacle = if flat {
                dmar.obstacles(0, device, &Flat).next()
            } else {
                dmar.obstacles(0, device, &Bridges).next()
            };
            obstacle.map(|obstacle| obstacle.to_string())
        };
        let maybe = "firmware reserved memory 0x1000 to 0x1fff for one behind a bridge (RMRR)";
        assert_eq!(first(bdf(0, 5, 0), true).as_deref(), Some(maybe));
        assert_eq!(first(bdf(0, 5, 0), false), None, "the bridge is known");
        let its = "firmware reserved memory 0x1000 to 0x1fff for it (RMRR)";
        assert_eq!(first(bdf(1, 0, 0), false).as_deref(), Some(its));
    }
}

#[test]
fn units_that_only_one_side_has_are_named() {
    let bytes = table(&[
        unit(0, 0, 0xfed9_0000, &[endpoint(0, 2, 0)]),
        unit(1, 0, 0xfed9_1000, &[]),
    ]);
    let dmar = Dmar::parse(&bytes).unwrap();
    for (known, expected) in [
        (&[0xfed9_1000, 0xfed9_0000][..], None),
        (&[0xfed9_0000], Some(0xfed9_1000)),
        (&[], Some(0xfed9_0000)),
        (&[0xfed9_0000, 0xfed9_1000, 0x7000], Some(0x7000)),
    ] {
        assert_eq!(
            dmar.disagrees(known.iter().copied()),
            expected,
            "{known:x?}"
        );
    }
}

#[test]
fn sources_of_interrupts_are_found() {
    let io_apic = scope(3, 2, 0xf0, &[(0x1f, 7)]);
    let hpet = scope(4, 0, 0, &[(0x1c, 0), (0x0f, 0)]);
    let lost = scope(3, 3, 0, &[(1, 0), (0x0f, 0)]);
    let bytes = table(&[
        unit(0, 0, 0x1000, &[endpoint(0, 1, 0)]),
        unit(1, 0, 0x2000, &[io_apic, lost, hpet]),
    ]);
    let found: Vec<_> = Dmar::parse(&bytes)
        .unwrap()
        .interrupt_sources(&Bridges)
        .collect();
    let expected = [
        (1, ScopeKind::IoApic, 2, bdf(0xf0, 0x1f, 7)),
        (1, ScopeKind::Hpet, 0, bdf(1, 0x0f, 0)),
    ];
    assert_eq!(found, expected);
}

#[test]
fn a_broken_table_is_refused_with_the_reason() {
    let good = || unit(1, 0, 0xfed9_0000, &[]);
    let first = 48;
    let second = first + good().len();
    let mut wrong_sum = table(&[good()]);
    wrong_sum[40] = 3;
    let mut other = table(&[good()]);
    other[0] = b'X';
    let mut truncated = table(&[good()]);
    truncated.pop();
    let mut tiny = table(&[good()]);
    tiny[4..8].copy_from_slice(&47_u32.to_le_bytes());
    let scope_past_end = [1, 20, 0, 0, 0, 0, 1, 0].to_vec();
    let cases = [
        (other, DmarError::Signature),
        (b"DMA".to_vec(), DmarError::Signature),
        (b"DMAR\x30".to_vec(), DmarError::Length(0)),
        (truncated, DmarError::Length(64)),
        (tiny, DmarError::Length(47)),
        (wrong_sum, DmarError::Checksum(3)),
        (table(&[]), DmarError::NoUnits),
        (table(&[structure(77, &[])]), DmarError::NoUnits),
        (table(&[good(), vec_of(0, 0)]), DmarError::Structure(second)),
        (table(&[good(), vec_of(0, 3)]), DmarError::Structure(second)),
        (table(&[good(), vec_of(9, 5)]), DmarError::Structure(second)),
        (table(&[good(), [1].to_vec()]), DmarError::Structure(second)),
        (
            table(&[structure(0, &[0; 11])]),
            DmarError::Structure(first),
        ),
        (
            table(&[good(), structure(1, &[0; 19])]),
            DmarError::Structure(second),
        ),
        (
            table(&[good(), structure(3, &[0; 15])]),
            DmarError::Structure(second),
        ),
        (
            table(&[unit(0, 0, 0x1000, &[scope_past_end])]),
            DmarError::DeviceScope(first),
        ),
        (
            table(&[unit(0, 0, 0x1000, &[scope(1, 0, 0, &[])])]),
            DmarError::DeviceScope(first),
        ),
        (
            table(&[unit(0, 0, 0x1000, &[[1].to_vec()])]),
            DmarError::DeviceScope(first),
        ),
        (table(&[unit(0, 0, 0, &[])]), DmarError::Registers(first)),
        (
            table(&[unit(0, 0, 0x1800, &[])]),
            DmarError::Registers(first),
        ),
        (
            table(&[good(), reserved(0x2000, 0x1fff, &[])]),
            DmarError::Region(second),
        ),
        (
            table(&[good(), reserved(0x1000, 0x1ffe, &[])]),
            DmarError::Region(second),
        ),
        (
            table(&[good(), reserved(0x1001, 0x1fff, &[])]),
            DmarError::Region(second),
        ),
    ];
    for (bytes, error) in cases {
        assert_eq!(Dmar::parse(&bytes).err(), Some(error), "{bytes:02x?}");
    }
}

/// The first four bytes of a structure, with a length that is not its own.
fn vec_of(kind: u16, length: u16) -> Vec<u8> {
    [kind.to_le_bytes(), length.to_le_bytes()].concat()
}

#[test]
fn an_impossible_path_leads_nowhere() {
    for path in [
        &[(32, 0)][..],
        &[(0, 8)],
        &[(0x1c, 0), (33, 0)],
        &[(3, 0), (0, 0)],
    ] {
        let bytes = table(&[unit(0, 0, 0x1000, &[scope(1, 0, 0, path)])]);
        let dmar = Dmar::parse(&bytes).unwrap();
        let named = dmar.units().next().unwrap().scopes().next().unwrap();
        assert_eq!(named.device(&Bridges), None, "{path:?}");
    }
}

/// The tables that booted systems are given in place of the machine's own.
#[test]
fn tables_of_test_systems_are_what_they_are_called() {
    let io_apic = scope(3, 0, 0xff, &[(0, 0)]);
    let unit = unit(1, 0, 0xfed9_0000, &[io_apic]);
    let region = reserved(0x7f00_0000, 0x7fff_ffff, &[endpoint(0, 5, 0)]);
    let sound = table(std::slice::from_ref(&unit));
    let mut checksum = sound.clone();
    checksum[9] ^= 1;
    let mut truncated = sound[..60].to_vec();
    truncated[4..8].copy_from_slice(&8192_u32.to_le_bytes());
    for (name, made, file) in [
        (
            "reserved",
            table(&[unit, region]),
            &include_bytes!("../../../tests/system/closed/reserved.dmar")[..],
        ),
        (
            "checksum",
            checksum,
            include_bytes!("../../../tests/system/closed/checksum.dmar"),
        ),
        (
            "truncated",
            truncated,
            include_bytes!("../../../tests/system/closed/truncated.dmar"),
        ),
    ] {
        assert_eq!(made, file, "{name}");
    }
}

proptest! {
    /// Whatever bytes a table has, it is refused or can be read to the end.
    #[test]
    fn hostile_tables_do_no_harm(
        bodies in proptest::collection::vec((0_u16..9, 0_u16..40, proptest::collection::vec(any::<u8>(), 0..40)), 0..6),
        flips in proptest::collection::vec((0_usize..200, any::<u8>()), 0..4),
    ) {
        let mut structures: Vec<_> = bodies
            .into_iter()
            .map(|(kind, length, body)| [vec_of(kind, length), body].concat())
            .collect();
        structures.insert(0, unit(1, 0, 0xfed9_0000, &[endpoint(0, 1, 0)]));
        let mut bytes = table(&structures);
        for (at, value) in flips {
            let at = 48 + at % (bytes.len() - 48);
            bytes[at] = value;
        }
        if let Ok(dmar) = Dmar::parse(&seal(bytes)) {
            for structure in dmar.structures() {
                if let Structure::Unit(unit) = structure {
                    for scope in unit.scopes() {
                        let _ = (scope.kind(), scope.path().count(), scope.device(&Bridges));
                    }
                }
            }
            for device in [0, 0x100, 0xffff] {
                let _ = dmar.obstacles(0, Bdf(device), &Bridges).count();
            }
        }
    }
}
