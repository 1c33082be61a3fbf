// SPDX-License-Identifier: BSD-2-Clause
extern crate std;

use proptest::prelude::*;
use std::vec::Vec;

use super::*;

fn device(requester: u16, first: u32, grants: u32) -> Device {
    let mut name = [0; 48];
    name[..3].copy_from_slice(b"nic");
    Device {
        requester: requester.into(),
        domain: (requester + 1).into(),
        first_grant: first.into(),
        grants: grants.into(),
        reserved: 0.into(),
        name,
    }
}

fn grant(iova: u64, paddr: u64, len: u64, rights: u32) -> Grant {
    Grant {
        iova: iova.into(),
        paddr: paddr.into(),
        len: len.into(),
        rights: rights.into(),
        reserved: 0.into(),
    }
}

fn table(devices: &[Device], grants: &[Grant]) -> Vec<u8> {
    let header = Header {
        magic: MAGIC.into(),
        version: VERSION.into(),
        devices: (devices.len() as u32).into(),
        grants: (grants.len() as u32).into(),
    };
    [header.as_bytes(), devices.as_bytes(), grants.as_bytes()].concat()
}

#[test]
fn a_device_finds_its_own_grants() {
    let grants = [
        grant(0, 0x10_0000, 0x1000, READ),
        grant(0x1000, 0x20_0000, 0x3000, READ | WRITE),
        grant(0, 0x30_0000, 0x1000, WRITE),
    ];
    let devices = [device(8, 0, 2), device(0x100, 2, 1), device(0x101, 3, 0)];
    let mut bytes = table(&devices, &grants);
    assert_eq!(bytes.len(), table_len(3, 3));
    bytes.resize(0x1000, 0);
    let table = Table::parse(&bytes).unwrap();
    let found = table.device(0x100).unwrap();
    assert_eq!((found.name(), found.domain.get()), ("nic", 0x101));
    assert_eq!(table.grants(found)[0].paddr.get(), 0x30_0000);
    assert_eq!(table.grants(&table.devices()[0]).len(), 2);
    assert!(table.grants(table.device(0x101).unwrap()).is_empty());
    assert!(table.device(9).is_none());
}

#[test]
fn the_physical_address_is_where_it_is_said_to_be() {
    let mut bytes = table(
        &[device(8, 0, 2)],
        &[grant(0, 0, 0x1000, 1), grant(0x1000, 0, 0x1000, 1)],
    );
    let at = paddr_offset(1, 1);
    bytes[at..at + 8].copy_from_slice(&0x1234_5000u64.to_le_bytes());
    let table = Table::parse(&bytes).unwrap();
    assert_eq!(
        table.grants(&table.devices()[0])[1].paddr.get(),
        0x1234_5000
    );
}

#[test]
fn a_name_cut_inside_a_character_is_still_text() {
    let mut device = device(0, 0, 0);
    device.name = [b'a'; 48];
    device.name[47] = 0xc3;
    assert_eq!(device.name(), "a".repeat(47));
}

#[test]
fn what_is_out_of_range_is_refused() {
    let good = grant(0x1000, 0x1000, 0x1000, READ);
    let one = [device(8, 0, 1)];
    for bad in [
        grant(0x1000, 0x1000, 0, READ),
        grant(0x1001, 0x1000, 0x1000, READ),
        grant(0x1000, 0x1001, 0x1000, READ),
        grant(0x1000, 0x1000, 0x1001, READ),
        grant(0x1000, 0x1000, 0x1000, 0),
        grant(0x1000, 0x1000, 0x1000, 4),
        grant(IOVA_END, 0x1000, 0x1000, READ),
        grant(!0xfff, 0x1000, 0x1000, READ),
        grant(0x1000, !0xfff, 0x1000, READ),
    ] {
        assert_eq!(
            Table::parse(&table(&one, &[bad])).unwrap_err(),
            Error::Grant(0),
            "{bad:?}"
        );
    }
    let overlap = table(&[device(8, 0, 2)], &[good, good]);
    assert_eq!(Table::parse(&overlap).unwrap_err(), Error::Grant(1));
    let twice = table(&[device(8, 0, 1), device(8, 0, 1)], &[good]);
    assert_eq!(Table::parse(&twice).unwrap_err(), Error::Device(1));
    let beyond = table(&[device(8, 1, u32::MAX)], &[good]);
    assert_eq!(Table::parse(&beyond).unwrap_err(), Error::Device(0));
    let mut longer = table(&one, &[good]);
    longer.pop();
    assert_eq!(Table::parse(&longer).unwrap_err(), Error::Truncated);
    assert_eq!(Table::parse(&[0; 4096]).unwrap_err(), Error::Magic);
    assert_eq!(Table::parse(&[]).unwrap_err(), Error::Truncated);
    longer[4] = 9;
    assert_eq!(Table::parse(&longer).unwrap_err(), Error::Version(9));
}

proptest! {
    #[test]
    fn any_bytes_are_an_error_or_a_table_in_range(
        mut bytes in proptest::collection::vec(any::<u8>(), 0..512),
        devices in 0u32..4,
        grants in 0u32..6,
    ) {
        if let Some(start) = bytes.get_mut(..16) {
            for (word, value) in start.chunks_mut(4).zip([MAGIC, VERSION, devices, grants]) {
                word.copy_from_slice(&value.to_le_bytes());
            }
        }
        if let Ok(table) = Table::parse(&bytes) {
            for device in table.devices() {
                let _ = device.name();
                for grant in table.grants(device) {
                    prop_assert!(grant.iova.get() + grant.len.get() <= IOVA_END);
                }
            }
        }
    }
}
