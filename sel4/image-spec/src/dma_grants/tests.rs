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

fn pin(index: u16, vector: u8) -> Interrupt {
    Interrupt {
        source: 0.into(),
        index: index.into(),
        vector,
        kind: IOAPIC_PIN,
        level: 1,
        ioapic: 0,
        pin: 20,
        cpu: 0,
        reserved: [0; 6],
    }
}

fn msi(source: u16, index: u16, vector: u8) -> Interrupt {
    Interrupt {
        source: source.into(),
        kind: MSI,
        level: 0,
        pin: 0,
        ..pin(index, vector)
    }
}

fn header(devices: usize, grants: usize, interrupts: usize) -> Header {
    Header {
        magic: MAGIC.into(),
        version: VERSION.into(),
        devices: (devices as u32).into(),
        grants: (grants as u32).into(),
        interrupts: (interrupts as u32).into(),
        flags: 0.into(),
        tables_paddr: 0.into(),
        tables_len: 0.into(),
    }
}

fn table(devices: &[Device], grants: &[Grant]) -> Vec<u8> {
    let header = header(devices.len(), grants.len(), 0);
    [header.as_bytes(), devices.as_bytes(), grants.as_bytes()].concat()
}

fn interrupts(list: &[Interrupt]) -> Vec<u8> {
    [header(0, 0, list.len()).as_bytes(), list.as_bytes()].concat()
}

#[test]
fn the_layout_is_the_documented_one() {
    use core::mem::offset_of;
    assert_eq!(
        [
            size_of::<Header>(),
            size_of::<Device>(),
            size_of::<Grant>(),
            size_of::<Interrupt>()
        ],
        [40, 64, 32, 16]
    );
    assert_eq!(
        [
            FLAGS_OFFSET,
            TABLES_PADDR_OFFSET,
            offset_of!(Header, tables_len)
        ],
        [20, 24, 32]
    );
    assert_eq!(
        [
            offset_of!(Device, domain),
            offset_of!(Device, first_grant),
            offset_of!(Device, grants),
            offset_of!(Device, name)
        ],
        [2, 4, 8, 16]
    );
    assert_eq!(
        [
            offset_of!(Grant, paddr),
            offset_of!(Grant, len),
            offset_of!(Grant, rights)
        ],
        [8, 16, 24]
    );
    assert_eq!(
        [
            offset_of!(Interrupt, source),
            offset_of!(Interrupt, index),
            offset_of!(Interrupt, vector),
            offset_of!(Interrupt, kind),
            offset_of!(Interrupt, level),
            offset_of!(Interrupt, ioapic),
            offset_of!(Interrupt, pin),
            offset_of!(Interrupt, cpu),
        ],
        [0, 2, 4, 5, 6, 7, 8, 9]
    );
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
    assert_eq!(bytes.len(), table_len(3, 3, 0));
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

#[test]
fn interrupts_are_found_by_their_entry() {
    let list = [
        pin(0, 0x34),
        msi(0x98, 7, 0x40),
        msi(0x98, 0xffff, LAST_VECTOR),
    ];
    let bytes = interrupts(&list);
    assert_eq!(bytes.len(), table_len(0, 0, 3));
    let table = Table::parse(&bytes).unwrap();
    assert_eq!(table.interrupts().len(), 3);
    assert_eq!(table.interrupt(7).unwrap().vector, 0x40);
    assert_eq!(table.interrupt(0xffff).unwrap().source.get(), 0x98);
    assert!(table.interrupt(1).is_none());
}

#[test]
fn interrupts_out_of_range_are_refused() {
    let good = msi(0x98, 7, 0x40);
    for bad in [
        Interrupt {
            vector: 0x2f,
            ..good
        },
        Interrupt {
            vector: 0x9c,
            ..good
        },
        Interrupt { kind: 2, ..good },
        Interrupt { level: 1, ..good },
        Interrupt { ioapic: 1, ..good },
        Interrupt { pin: 1, ..good },
        Interrupt {
            reserved: [0, 0, 0, 0, 0, 1],
            ..good
        },
        Interrupt {
            pin: IOAPIC_PINS,
            ..pin(0, 0x34)
        },
        Interrupt {
            level: 2,
            ..pin(0, 0x34)
        },
        Interrupt {
            source: 8.into(),
            ..pin(0, 0x34)
        },
    ] {
        let error = Table::parse(&interrupts(&[bad])).unwrap_err();
        assert_eq!(error, Error::Interrupt(0), "{bad:?}");
    }
    for second in [good, msi(0x98, 6, 0x41)] {
        let error = Table::parse(&interrupts(&[good, second])).unwrap_err();
        assert_eq!(error, Error::Interrupt(1));
    }
    let mut longer = interrupts(&[good]);
    longer.pop();
    assert_eq!(Table::parse(&longer).unwrap_err(), Error::Truncated);
}

#[test]
fn the_header_tells_what_was_found_out_at_boot() {
    let mut bytes = table(&[], &[]);
    let parsed = Table::parse(&bytes).unwrap();
    assert!(!parsed.ioapic_remapped() && parsed.tables().is_empty());
    bytes[FLAGS_OFFSET..][..4].copy_from_slice(&IOAPIC_REMAPPED.to_le_bytes());
    bytes[TABLES_PADDR_OFFSET..][..8].copy_from_slice(&0x40_0000u64.to_le_bytes());
    bytes[TABLES_PADDR_OFFSET + 8..][..8].copy_from_slice(&0x2000u64.to_le_bytes());
    let parsed = Table::parse(&bytes).unwrap();
    assert!(parsed.ioapic_remapped());
    assert_eq!(parsed.tables(), 0x40_0000..0x40_2000);
}

#[test]
fn a_header_out_of_range_is_refused() {
    let with = |flags: u32, paddr: u64, len: u64| {
        let header = Header {
            flags: flags.into(),
            tables_paddr: paddr.into(),
            tables_len: len.into(),
            ..header(0, 0, 0)
        };
        Table::parse(header.as_bytes()).map(|_| ()).unwrap_err()
    };
    assert_eq!(with(6, 0, 0), Error::Flags(6));
    for (paddr, len) in [(0x1001, 0x1000), (0x1000, 0x1001), (!0xfff, 0x2000)] {
        assert_eq!(with(0, paddr, len), Error::Tables, "{paddr:#x} {len:#x}");
    }
}

proptest! {
    #[test]
    fn any_bytes_are_an_error_or_a_table_in_range(
        mut bytes in proptest::collection::vec(any::<u8>(), 0..512),
        devices in 0usize..4,
        grants in 0usize..6,
        interrupts in 0usize..4,
    ) {
        let header = header(devices, grants, interrupts);
        if let Some(start) = bytes.get_mut(..size_of::<Header>()) {
            start.copy_from_slice(header.as_bytes());
        }
        if let Ok(table) = Table::parse(&bytes) {
            for device in table.devices() {
                let _ = device.name();
                for grant in table.grants(device) {
                    prop_assert!(grant.iova.get() + grant.len.get() <= IOVA_END);
                }
            }
            for interrupt in table.interrupts() {
                prop_assert!(interrupt.vector >= FIRST_VECTOR);
            }
        }
    }
}
