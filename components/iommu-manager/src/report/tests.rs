// SPDX-License-Identifier: BSD-2-Clause
//! The report for units and tables of all kinds.

extern crate std;

use std::format;
use std::string::String;
use std::vec::Vec;

use dma_grants::{Header, MAGIC, VERSION};
use mmio::FakeMmio;
use vtd::{Reg32, Reg64};
use zerocopy::IntoBytes;

use super::*;

const CAP: u64 = 0x00d2_008c_222f_0606;
const ECAP_EIM: u64 = 0xf0_0f5a;

fn unit(cap: u64, ecap: u64) -> Unit<FakeMmio<0x1000>> {
    let mut mmio = FakeMmio::new();
    mmio.set32(Reg32::Ver as usize, 0x10);
    mmio.set64(Reg64::Cap as usize, cap);
    mmio.set64(Reg64::Ecap as usize, ecap);
    Unit::probe(mmio).unwrap()
}

/// A device with two grants, the second of which ends at `end`, and one with none.
fn table(domain: u16, end: u64) -> Vec<u8> {
    let device = |requester: u16, domain: u16, grants: u32, text: &[u8]| {
        let mut name = [0; 48];
        name[..text.len()].copy_from_slice(text);
        Device {
            requester: requester.into(),
            domain: domain.into(),
            first_grant: 0.into(),
            grants: grants.into(),
            reserved: 0.into(),
            name,
        }
    };
    let grant = |iova: u64, rights: u32| Grant {
        iova: iova.into(),
        paddr: (iova + 0x10_0000).into(),
        len: 0x1000.into(),
        rights: rights.into(),
        reserved: 0.into(),
    };
    let header = Header {
        magic: MAGIC.into(),
        version: VERSION.into(),
        devices: 2.into(),
        grants: 2.into(),
        interrupts: 0.into(),
        flags: 0.into(),
        tables_paddr: 0.into(),
        tables_len: 0.into(),
    };
    let devices = [
        device(0x18, domain, 2, b"nic"),
        device(0x0201, 7, 0, b"disk"),
    ];
    let grants = [grant(0x2000, READ), grant(end - 0x1000, READ | WRITE)];
    [header.as_bytes(), devices.as_bytes(), grants.as_bytes()].concat()
}

/// The report, its warnings marked with '?', its errors with '!'.
fn lines(
    unit: Result<&Unit<FakeMmio<0x1000>>, Absent>,
    grants: Result<Table<'_>, dma_grants::Error>,
) -> Vec<String> {
    let mut lines = Vec::new();
    report(unit, grants, true, |line| {
        lines.push(match line {
            Line::Info(text) => format!("{text}"),
            Line::Warning(text) => format!("?{text}"),
            Line::Error(text) => format!("!{text}"),
        });
    });
    lines
}

#[test]
fn a_complete_unit() {
    let bytes = table(1, 0x4000);
    let lines = lines(Ok(&unit(CAP, ECAP_EIM)), Table::parse(&bytes));
    assert_eq!(
        lines[..4],
        [
            "grant: 00:03.0 'nic' domain 1: read 0x2000..=0x2fff at physical 0x102000",
            "grant: 00:03.0 'nic' domain 1: read and write 0x3000..=0x3fff at physical 0x103000",
            "grant: 02:00.1 'disk' domain 7: nothing",
            "IOMMU: VT-d version 1.0",
        ]
    );
    assert!(
        lines[4].starts_with("CAP 0xd2008c222f0606: 65536 domains, "),
        "{}",
        lines[4]
    );
    assert!(
        lines[5].starts_with("ECAP 0xf00f5a: IOTLB registers at 0xf0; has: "),
        "{}",
        lines[5]
    );
    assert!(lines[6].starts_with("firmware left: DMA remapping off"));
    assert_eq!(lines[7], "protected memory: off");
    assert_eq!(
        lines[8],
        "the unit has all that is needed to keep devices apart"
    );
    assert_eq!(lines.len(), 9);
}

#[test]
fn what_the_grants_need_is_asked_for() {
    // A domain beyond the 16 of ND = 0, and an address beyond 39 bits.
    let bytes = table(16, 1 << 40);
    let lines = lines(
        Ok(&unit(0x00d2_008c_2226_0200, 0xf0_0f4a)),
        Table::parse(&bytes),
    );
    let errors: Vec<&String> = lines.iter().filter(|line| line.starts_with('!')).collect();
    assert_eq!(errors.len(), 3);
    assert!(
        errors
            .iter()
            .all(|line| line.ends_with("; fail closed: no device is let loose"))
    );
    assert!(errors[0].contains("ECAP.EIM"));
    assert!(errors[1].contains("domain 16 is beyond the 16 domains"));
    assert!(errors[2].contains("0x10000000000 do not fit in 39 bits"));
}

#[test]
fn no_unit_and_no_table() {
    let lines = lines(Err(Absent(u32::MAX)), Table::parse(&[0; 64]));
    assert_eq!(
        lines,
        [
            "!no DMA grant table found (was region 'dma_grants' mapped?): no device gets memory",
            "!no IOMMU: no remapping unit answers here (VER reads 0xffffffff); \
         fail closed: no device is let loose",
        ]
    );
}

#[test]
fn without_devices_nothing_is_amiss() {
    let mut bytes = table(1, 0x4000);
    bytes[8..16].fill(0);
    let lines = lines(Err(Absent(0)), Table::parse(&bytes));
    assert_eq!(
        lines,
        [
            "?no IOMMU: no remapping unit answers here (VER reads 0x0); \
         fail closed: no device is let loose",
        ]
    );
}
