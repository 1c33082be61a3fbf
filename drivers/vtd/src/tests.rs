// SPDX-License-Identifier: BSD-2-Clause
//! Decoding of values that real and emulated units report.

extern crate std;

use std::string::{String, ToString};
use std::vec::Vec;

use mmio::FakeMmio;

use crate::*;

const PAGE: usize = 0x1000;

fn page(version: u32, cap: u64, ecap: u64) -> FakeMmio<PAGE> {
    let mut mmio = FakeMmio::new();
    mmio.set32(registers::VER.offset(), version);
    mmio.set64(registers::CAP.offset(), cap);
    mmio.set64(registers::ECAP.offset(), ecap);
    mmio
}

fn unit(cap: u64, ecap: u64) -> Unit<FakeMmio<PAGE>> {
    Unit::probe(page(0x10, cap, ecap)).unwrap()
}

/// What is asked for in these tests: x2APIC and a 48-bit address space.
const NEEDS: Needs = Needs {
    max_domain: 10,
    address_end: 1 << 48,
    x2apic: true,
};

fn missing(needs: Needs, cap: u64, ecap: u64) -> Vec<Missing> {
    needs.missing(&unit(cap, ecap)).collect()
}

/// The values that QEMU 10.0.2's intel-iommu reports with each of its options.
const QEMU: [(&str, u64, u64); 12] = [
    ("", 0x00d2_008c_222f_0606, 0xf0_0f4a),
    ("intremap=off", 0x00d2_008c_222f_0606, 0xf42),
    ("eim=on", 0x00d2_008c_222f_0606, 0xf0_0f5a),
    ("caching-mode=on", 0x00d2_008c_222f_0686, 0xf0_0f4a),
    ("aw-bits=39", 0x00d2_008c_2226_0206, 0xf0_0f4a),
    ("device-iotlb=on", 0x00d2_008c_222f_0606, 0xf0_0f4e),
    ("snoop-control=on", 0x00d2_008c_222f_0606, 0xf0_0fca),
    ("dma-drain=off", 0x0012_008c_222f_0606, 0xf0_0f4a),
    ("pt=off", 0x00d2_008c_222f_0606, 0xf0_0f0a),
    (
        "x-scalable-mode=on",
        0x00d2_008c_222f_0606,
        0x4800_80f0_0f4a,
    ),
    (
        "x-scalable-mode=on,x-flts=on",
        0x01d2_008c_222f_0606,
        0x8800_00f0_0f4a,
    ),
    (
        "x-scalable-mode=on,x-pasid-mode=on",
        0x00d2_008c_222f_0606,
        0x4900_80f0_0f4a,
    ),
];

#[test]
fn every_qemu_option_shows_in_exactly_its_own_words() {
    let (_, cap, ecap) = QEMU[0];
    let words = |cap: u64, ecap: u64| {
        let (cap, ecap) = (Capabilities(cap), ExtendedCapabilities(ecap));
        let text = std::format!("{}, {cap}, {ecap}", Sizes(cap));
        text.split([',', ';'])
            .map(|word| word.trim().to_string())
            .collect::<Vec<String>>()
    };
    let plain = words(cap, ecap);
    let cases: [(&str, &[&str], &[&str]); 11] = [
        ("intremap=off", &["interrupt remapping"], &[]),
        ("eim=on", &[], &["extended interrupt mode"]),
        ("caching-mode=on", &[], &["caching mode"]),
        (
            "aw-bits=39",
            &["4 levels", "48-bit addresses"],
            &["39-bit addresses"],
        ),
        ("device-iotlb=on", &[], &["device TLBs"]),
        ("snoop-control=on", &[], &["snoop control"]),
        ("dma-drain=off", &["write draining", "read draining"], &[]),
        ("pt=off", &["pass-through"], &[]),
        ("x-scalable-mode=on", &[], &["scalable mode"]),
        ("x-scalable-mode=on,x-flts=on", &[], &["scalable mode"]),
        (
            "x-scalable-mode=on,x-pasid-mode=on",
            &[],
            &["scalable mode"],
        ),
    ];
    for (option, lost, gained) in cases {
        let (_, cap, ecap) = QEMU.iter().find(|(name, ..)| *name == option).unwrap();
        let with = words(*cap, *ecap);
        let is_lost = |word: &&str| {
            plain
                .iter()
                .any(|w| w.ends_with(*word) && !with.contains(w))
        };
        let is_gained = |word: &&str| {
            with.iter()
                .any(|w| w.ends_with(*word) && !plain.contains(w))
        };
        assert!(lost.iter().all(is_lost), "{option}: {with:?}");
        assert!(gained.iter().all(is_gained), "{option}: {with:?}");
        let new = with.iter().filter(|w| !plain.contains(w)).count();
        // 'tables of 3' loses its ', 4 levels' and becomes one changed word more.
        let reworded = usize::from(option == "aw-bits=39");
        assert_eq!(new, gained.len() + reworded, "{option}: {with:?}");
    }
}

#[test]
fn qemu_default_in_full() {
    let (_, cap, ecap) = QEMU[0];
    let unit = unit(cap, ecap);
    assert_eq!(unit.version(), (1, 0));
    assert_eq!(
        Sizes(unit.capabilities()).to_string(),
        "65536 domains, tables of 3, 4 levels, 48-bit addresses, pages of 4K, 2M, 1G, \
         1 fault records at 0x220"
    );
    assert_eq!(
        unit.capabilities().to_string(),
        "page-selective invalidation, write draining, read draining"
    );
    assert_eq!(
        unit.extended_capabilities().to_string(),
        "queued invalidation, interrupt remapping, pass-through"
    );
    assert_eq!(unit.capabilities().mamv(), 18);
}

/// Values printed by Linux at boot of real machines, decoded by hand.
#[test]
fn real_hardware() {
    // Skylake client, the unit of everything but graphics.
    let client = unit(0x00d2_008c_4066_0462, 0xf0_50da);
    let (cap, ecap) = (client.capabilities(), client.extended_capabilities());
    assert_eq!((cap.domains(), cap.guest_address_bits()), (256, 39));
    assert_eq!([3, 4, 5].map(|n| cap.levels(n)), [false, true, false]);
    assert_eq!(
        (cap.fault_records(), cap.fault_records_offset()),
        (1, 0x400)
    );
    use {Capabilities as Cap, ExtendedCapabilities as Ecap};
    let has = |flags: &[Cap]| flags.iter().all(|&flag| cap.has(flag));
    assert!(has(&[Cap::PLMR, Cap::PHMR]));
    assert!(!cap.has(Cap::PI) && !cap.has(Cap::CM) && !cap.has(Cap::RWBF));
    let has = |flags: &[Ecap]| flags.iter().all(|&flag| ecap.has(flag));
    assert!(has(&[Ecap::IR, Ecap::EIM, Ecap::SC]) && !ecap.has(Ecap::C));

    // Skylake server: posted interrupts.
    let server = unit(0x08d2_078c_106f_0466, 0xf0_20df);
    let (cap, ecap) = (server.capabilities(), server.extended_capabilities());
    assert_eq!((cap.domains(), cap.guest_address_bits()), (65536, 48));
    assert_eq!(
        (cap.fault_records(), cap.fault_records_offset()),
        (8, 0x100)
    );
    assert!(cap.has(Cap::PI));
    let has = |flags: &[Ecap]| flags.iter().all(|&flag| ecap.has(flag));
    assert!(has(&[Ecap::C, Ecap::DT, Ecap::SC, Ecap::PT]));
    assert_eq!(NEEDS.missing(&server).count(), 0);
}

#[test]
fn nothing_answers() {
    assert_eq!(
        Unit::probe(FakeMmio::<PAGE>::absent()).err(),
        Some(Missing::Unit(u32::MAX))
    );
    assert_eq!(
        Unit::probe(FakeMmio::<PAGE>::new()).err(),
        Some(Missing::Unit(0))
    );
    let half = page(0x10, u64::MAX, 0);
    assert_eq!(Unit::probe(half).err(), Some(Missing::Unit(0x10)));
    let text = Missing::Unit(u32::MAX).to_string();
    assert_eq!(
        text,
        "no remapping unit answers here (VER reads 0xffffffff)"
    );
}

#[test]
fn says_what_is_missing() {
    let (_, cap, ecap) = QEMU[2];
    assert_eq!(missing(NEEDS, cap, ecap), []);
    let lacking = |what: &str| {
        let (_, cap, ecap) = QEMU.iter().find(|(name, ..)| *name == what).unwrap();
        missing(NEEDS, *cap, *ecap)
    };
    assert_eq!(lacking(""), [Missing::ExtendedInterruptMode]);
    assert_eq!(
        lacking("intremap=off"),
        [Missing::InterruptRemapping, Missing::ExtendedInterruptMode]
    );
    assert_eq!(
        lacking("aw-bits=39"),
        [
            Missing::ExtendedInterruptMode,
            Missing::AddressBits(1 << 48, 39)
        ]
    );
    let narrow = Needs {
        x2apic: false,
        ..NEEDS
    };
    assert_eq!(
        missing(narrow, cap, 0xf0_0f48),
        [Missing::QueuedInvalidation]
    );
    // ND = 0: 16 domains.
    let many = Needs {
        max_domain: 16,
        ..NEEDS
    };
    assert_eq!(missing(many, cap & !7, ecap), [Missing::Domains(16, 16)]);
    assert_eq!(
        missing(NEEDS, cap & !0x1f00, ecap),
        [Missing::Levels, Missing::AddressBits(1 << 48, 39),]
    );
    // The largest offset that the field can say lies outside the page.
    let outside = missing(NEEDS, cap | 0x3ff << 24 | 0xff << 40, ecap);
    assert_eq!(outside, [Missing::FaultRecords(0x4ff0)]);
    let texts: Vec<String> = outside.iter().map(Missing::to_string).collect();
    assert_eq!(
        texts[0],
        "the fault records end at 0x4ff0, outside the mapped registers"
    );
}

#[test]
fn shows_what_firmware_left() {
    let mut mmio = page(0x10, 0x00d2_008c_4066_0462, 0xf0_50da);
    mmio.set32(registers::GSTS.offset(), 1 << 31 | 1 << 30 | 1 << 26);
    mmio.set32(registers::PMEN.offset(), 1 << 31 | 1);
    let unit = Unit::probe(mmio).unwrap();
    assert_eq!(
        unit.global_status().to_string(),
        "DMA remapping, root table, queued invalidation"
    );
    assert!(unit.protected_memory());
    let off = GlobalStatus(1 << 25 | 1 << 24 | 1 << 23).to_string();
    assert_eq!(
        off,
        "interrupt remapping, interrupt table, compatibility interrupts"
    );
    // Without the regions the register is reserved: its bits mean nothing.
    let mut mmio = page(0x10, QEMU[0].1, QEMU[0].2);
    mmio.set32(registers::PMEN.offset(), u32::MAX);
    let unit = Unit::probe(mmio).unwrap();
    assert!(!unit.protected_memory());
}

#[test]
fn hostile_values_decode_without_overflow() {
    for value in [
        1,
        u64::MAX - 1,
        0x8000_0000_0000_0000,
        0x5555_5555_5555_5555,
    ] {
        for page in [page(0x10, value, value), page(0xf5, value, !value)] {
            let unit = Unit::probe(page).unwrap();
            assert!(!unit.capabilities().to_string().is_empty());
            assert!(!unit.extended_capabilities().to_string().is_empty());
            let _ = NEEDS.missing(&unit).count();
        }
    }
}

#[test]
fn every_error_is_a_sentence_with_its_numbers() {
    let vf = Bdf(0x98);
    for (error, words) in [
        (
            Error::Missing(Missing::Levels),
            "no tables of 3 or 4 levels (CAP.SAGAW)",
        ),
        (
            Error::NoPosting,
            "the IOMMU cannot post interrupts (CAP.PI)",
        ),
        (Error::OutOfMemory, "no memory left for IOMMU tables"),
        (Error::OutOfIds, "all domain or unit numbers are in use"),
        (Error::NoSuch, "no such unit, domain or interrupt entry"),
        (
            Error::Unaligned,
            "address or length is not a positive multiple of 4 KiB",
        ),
        (
            Error::IovaRange(Iova(0x1000)),
            "device address 0x1000 is outside the domain's range",
        ),
        (
            Error::HpaRange(Hpa(0x1000)),
            "memory address 0x1000 cannot be given to a device",
        ),
        (
            Error::Overlap(Iova(0x1000)),
            "device address 0x1000 is mapped already",
        ),
        (
            Error::SplitsPage(Iova(0x1000)),
            "device address 0x1000 is inside a larger page",
        ),
        (
            Error::Attached(vf, DomainId(3)),
            "00:13.0 is attached to domain 3",
        ),
        (
            Error::NotAttached(vf),
            "00:13.0 is not attached to this domain",
        ),
        (
            Error::DomainInUse(DomainId(3)),
            "domain 3 still has devices",
        ),
        (Error::Bound(5, vf), "interrupt entry 5 belongs to 00:13.0"),
        (Error::NotBound(5), "interrupt entry 5 is not bound"),
        (Error::Blocked(5), "interrupt entry 5 is blocked"),
        (
            Error::InterruptTarget,
            "impossible vector, APIC id or descriptor address",
        ),
        (
            Error::Stuck(1 << 31),
            "the IOMMU ignores a global command (GSTS 0x80000000)",
        ),
        (
            Error::BadDescriptor(0x12),
            "the IOMMU refused invalidation 0x12",
        ),
        (
            Error::InvalidationFailed,
            "invalidations time out repeatedly",
        ),
        (
            Error::QueueStalled,
            "the invalidation queue makes no progress",
        ),
    ] {
        assert_eq!(error.to_string(), words);
    }
}
