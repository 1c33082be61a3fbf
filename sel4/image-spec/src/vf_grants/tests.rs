// SPDX-License-Identifier: BSD-2-Clause
extern crate std;

use proptest::prelude::*;
use std::vec::Vec;

use super::*;

fn function(requester: u16, driver: u8, vfs: u8) -> Function {
    Function {
        requester: requester.into(),
        driver,
        vfs,
        reserved: 0.into(),
        bars: [0xc000_0000, 0, 0, 0xc002_0000, 0, 0].map(U64::new),
        vf_bars: [0xc010_0000, 0, 0, 0xc020_0000, 0, 0].map(U64::new),
    }
}

fn igb(vf: u8) -> Grant {
    Grant {
        requester: (0x98 + 2 * u16::from(vf)).into(),
        function: 0,
        vf,
        channel: vf,
        handle_count: 3,
        mac: [2, 0, 0, 0, 0, vf],
        vlan: VLAN_MAX.into(),
        rate: RATE_MAX.into(),
        max_frame: FRAME_MIN.into(),
        flags: (HAS_MAC | ANTI_SPOOF).into(),
        namespace: 0.into(),
        handles: [0x10, 0x11, 0, 0].map(U16::new),
        multicast: MULTICAST_MAX,
        reserved: [0; 7],
        owner: name::field("net-probe"),
    }
}

fn nvme(vf: u8) -> Grant {
    Grant {
        requester: (0x21 + u16::from(vf)).into(),
        function: 1,
        channel: 40 + vf,
        mac: [0; 6],
        vlan: 0.into(),
        rate: 0.into(),
        max_frame: 0.into(),
        flags: 0.into(),
        namespace: 1.into(),
        multicast: 0,
        owner: name::field("blk-probe"),
        ..igb(vf)
    }
}

fn table(functions: &[Function], grants: &[Grant]) -> Vec<u8> {
    let header = header(functions.len(), grants.len());
    [header.as_bytes(), functions.as_bytes(), grants.as_bytes()].concat()
}

fn header(functions: usize, grants: usize) -> Header {
    Header {
        magic: MAGIC.into(),
        version: VERSION.into(),
        functions: (functions as u32).into(),
        grants: (grants as u32).into(),
    }
}

fn functions() -> [Function; 2] {
    [function(0x18, IGB, IGB_VFS), function(0x20, NVME, NVME_VFS)]
}

#[test]
fn the_layout_is_the_documented_one() {
    use core::mem::offset_of;
    assert_eq!(
        [
            size_of::<Header>(),
            size_of::<Function>(),
            size_of::<Grant>()
        ],
        [16, 104, 88]
    );
    assert_eq!(
        [
            offset_of!(Function, driver),
            offset_of!(Function, vfs),
            offset_of!(Function, bars),
            offset_of!(Function, vf_bars),
        ],
        [2, 3, 8, 56]
    );
    assert_eq!(
        [
            offset_of!(Grant, requester),
            offset_of!(Grant, function),
            offset_of!(Grant, vf),
            offset_of!(Grant, channel),
            offset_of!(Grant, handle_count),
            offset_of!(Grant, mac),
            offset_of!(Grant, vlan),
            offset_of!(Grant, rate),
            offset_of!(Grant, max_frame),
            offset_of!(Grant, flags),
            offset_of!(Grant, namespace),
            offset_of!(Grant, handles),
            offset_of!(Grant, multicast),
            offset_of!(Grant, owner),
        ],
        [0, 2, 3, 4, 5, 6, 12, 14, 16, 18, 20, 24, 32, 40]
    );
}

#[test]
fn a_grant_is_found_by_channel_and_by_requester() {
    let grants = [igb(0), igb(7), nvme(0), nvme(2)];
    let mut bytes = table(&functions(), &grants);
    assert_eq!(bytes.len(), table_len(2, 4));
    bytes.resize(0x1000, 0);
    let table = Table::parse(&bytes).unwrap();
    assert_eq!((table.functions().len(), table.grants().len()), (2, 4));
    let found = table.grant_of_channel(7).unwrap();
    assert_eq!((found.vf, found.owner()), (7, "net-probe"));
    assert_eq!(found.mac(), Some([2, 0, 0, 0, 0, 7]));
    assert!(found.has(ANTI_SPOOF) && !found.has(PROMISCUOUS));
    // Handle 0 is a handle like all others.
    assert_eq!(found.handles().collect::<Vec<_>>(), [0x10, 0x11, 0]);
    let found = table.grant_of_requester(0x23).unwrap();
    assert_eq!(table.function(found).unwrap().driver, NVME);
    assert_eq!((found.mac(), found.namespace.get()), (None, 1));
    assert!(table.grant_of_channel(1).is_none() && table.grant_of_requester(0x99).is_none());
}

#[test]
fn functions_out_of_range_are_refused() {
    let good = function(0x18, IGB, 2);
    let bar = |at: usize, to: u64| {
        let mut bars = good.bars;
        bars[at] = to.into();
        bars
    };
    for bad in [
        function(0x18, 0, 1),
        function(0x18, 3, 1),
        function(0x18, IGB, 0),
        function(0x18, IGB, IGB_VFS + 1),
        function(0x18, NVME, NVME_VFS + 1),
        Function {
            reserved: 1.into(),
            ..good
        },
        Function {
            bars: bar(5, BAR_END),
            ..good
        },
        Function {
            vf_bars: bar(0, 0xc000_0800),
            ..good
        },
    ] {
        let error = Table::parse(&table(&[bad], &[])).unwrap_err();
        assert_eq!(error, Error::Function(0), "{bad:?}");
    }
    for second in [good, function(0x10, IGB, 1)] {
        let error = Table::parse(&table(&[good, second], &[])).unwrap_err();
        assert_eq!(error, Error::Function(1));
    }
    let many: Vec<_> = (0..257).map(|at| function(at, IGB, 1)).collect();
    assert_eq!(
        Table::parse(&table(&many, &[])).unwrap_err(),
        Error::Function(256)
    );
}

#[test]
fn grants_out_of_range_are_refused() {
    let (net, blk) = (igb(1), nvme(1));
    let handles = |list: [u16; HANDLES]| list.map(U16::new);
    for bad in [
        Grant { function: 2, ..net },
        Grant { vf: 8, ..net },
        Grant { channel: 62, ..net },
        Grant {
            channel: 255,
            ..net
        },
        Grant {
            handle_count: 5,
            ..net
        },
        Grant {
            handles: handles([1, 2, 2, 0]),
            ..net
        },
        Grant {
            handles: handles([1, 2, 3, 4]),
            ..net
        },
        Grant {
            mac: [3, 0, 0, 0, 0, 1],
            ..net
        },
        Grant { mac: [0; 6], ..net },
        Grant {
            flags: 0.into(),
            ..net
        },
        Grant {
            flags: (HAS_MAC | 8).into(),
            ..net
        },
        Grant {
            vlan: 4095.into(),
            ..net
        },
        Grant {
            rate: 1001.into(),
            ..net
        },
        Grant {
            max_frame: 1521.into(),
            ..net
        },
        Grant {
            max_frame: 9729.into(),
            ..net
        },
        Grant {
            multicast: 31,
            ..net
        },
        Grant {
            namespace: 1.into(),
            ..net
        },
        Grant {
            reserved: [0, 0, 0, 0, 0, 0, 1],
            ..net
        },
        Grant {
            owner: [0; NAME],
            ..net
        },
        Grant {
            mac: [2, 0, 0, 0, 0, 1],
            ..blk
        },
        Grant {
            flags: ANTI_SPOOF.into(),
            ..blk
        },
        Grant {
            vlan: 1.into(),
            ..blk
        },
        Grant {
            rate: 1.into(),
            ..blk
        },
        Grant {
            max_frame: FRAME_MIN.into(),
            ..blk
        },
        Grant {
            multicast: 1,
            ..blk
        },
    ] {
        let error = Table::parse(&table(&functions(), &[bad])).unwrap_err();
        assert_eq!(error, Error::Grant(0), "{bad:?}");
    }
}

#[test]
fn grants_that_collide_are_refused() {
    let first = igb(1);
    for second in [
        first,
        igb(0),
        Grant {
            channel: 1,
            ..igb(2)
        },
        Grant {
            requester: first.requester,
            ..igb(2)
        },
    ] {
        let error = Table::parse(&table(&functions(), &[first, second])).unwrap_err();
        assert_eq!(error, Error::Grant(1), "{second:?}");
    }
}

#[test]
fn what_is_no_table_is_refused() {
    let mut bytes = table(&functions(), &[igb(0)]);
    bytes.pop();
    assert_eq!(Table::parse(&bytes).unwrap_err(), Error::Truncated);
    assert_eq!(Table::parse(&[0; 4096]).unwrap_err(), Error::Magic);
    assert_eq!(Table::parse(&[]).unwrap_err(), Error::Truncated);
    bytes[4] = 9;
    assert_eq!(Table::parse(&bytes).unwrap_err(), Error::Version(9));
}

proptest! {
    #[test]
    fn any_bytes_are_an_error_or_a_table_in_range(
        mut bytes in proptest::collection::vec(any::<u8>(), 0..600),
        functions in 0usize..4,
        grants in 0usize..6,
    ) {
        if let Some(start) = bytes.get_mut(..size_of::<Header>()) {
            start.copy_from_slice(header(functions, grants).as_bytes());
        }
        let _ = Table::parse(&bytes);
    }

    /// Close to a right table, so that what is checked late is reached, too.
    #[test]
    fn a_damaged_table_is_an_error_or_in_range(
        damage in proptest::collection::vec((16usize..576, any::<u8>()), 1..4),
    ) {
        let mut bytes = table(&functions(), &[igb(0), igb(7), nvme(0), nvme(2)]);
        for (at, value) in damage {
            bytes[at] = value;
        }
        if let Ok(table) = Table::parse(&bytes) {
            for grant in table.grants() {
                let function = table.function(grant).unwrap();
                prop_assert!(grant.vf < function.vfs && grant.channel < 62);
                prop_assert!(grant.handles().count() <= HANDLES && !grant.owner().is_empty());
            }
        }
    }
}
