// SPDX-License-Identifier: BSD-2-Clause
extern crate std;

use proptest::prelude::*;
use std::vec::Vec;

use super::*;

fn text(offset: u32, len: u32) -> Text {
    Text {
        offset: offset.into(),
        len: len.into(),
    }
}

fn pd(name: Text, first: u32, symbols: u32) -> Pd {
    Pd {
        entry: 0x20_0000.into(),
        name,
        restarts: 3.into(),
        monitored: 1.into(),
        first_symbol: first.into(),
        symbols: symbols.into(),
    }
}

fn symbol(address: u64, size: u32, name: Text) -> Symbol {
    Symbol {
        address: address.into(),
        size: size.into(),
        name,
    }
}

fn table(pds: &[Pd], symbols: &[Symbol], strings: &str) -> Vec<u8> {
    let header = Header {
        magic: MAGIC.into(),
        version: VERSION.into(),
        pds: (pds.len() as u32).into(),
        symbols: (symbols.len() as u32).into(),
        strings: (strings.len() as u32).into(),
    };
    [
        header.as_bytes(),
        pds.as_bytes(),
        symbols.as_bytes(),
        strings.as_bytes(),
    ]
    .concat()
}

#[test]
fn an_address_finds_its_function() {
    let bytes = table(
        &[pd(text(0, 5), 0, 3), pd(text(5, 4), 3, 0)],
        &[
            symbol(0x1000, 0x10, text(9, 4)),
            symbol(0x1020, 0, text(13, 3)),
            symbol(0x2000, 0x10, text(16, 4)),
        ],
        "timeruartmainirqtail",
    );
    let table = Table::parse(&bytes).unwrap();
    let [timer, uart] = table.pds() else {
        panic!("two protection domains")
    };
    assert_eq!((table.name(timer), table.name(uart)), ("timer", "uart"));
    for (address, expected) in [
        (0xfff, None),
        (0x1000, Some(("main", 0))),
        (0x100f, Some(("main", 0xf))),
        (0x1010, None),
        (0x1fff, Some(("irq", 0xfdf))),
        (0x200f, Some(("tail", 0xf))),
        (0x2010, None),
        (u64::MAX, None),
    ] {
        assert_eq!(table.function(timer, address), expected, "{address:#x}");
    }
    assert_eq!(table.function(uart, 0x1000), None);
}

#[test]
fn what_is_out_of_range_is_refused() {
    let name = text(0, 1);
    let cases = [
        (table(&[pd(text(0, 2), 0, 0)], &[], "a"), Error::Pd(0)),
        (
            table(&[pd(text(u32::MAX, u32::MAX), 0, 0)], &[], "a"),
            Error::Pd(0),
        ),
        (
            table(&[pd(name, 1, 1)], &[symbol(0, 0, name)], "a"),
            Error::Pd(0),
        ),
        (
            table(
                &[pd(name, 0, 2)],
                &[symbol(2, 0, name), symbol(1, 0, name)],
                "a",
            ),
            Error::Symbol(1),
        ),
        (
            table(&[], &[symbol(0, 0, text(2, 0))], "a"),
            Error::Symbol(0),
        ),
        (
            table(&[pd(name, 0, 0)], &[], "a")[..30].to_vec(),
            Error::Truncated,
        ),
        ([0; 64].to_vec(), Error::Magic),
    ];
    for (bytes, error) in cases {
        assert_eq!(Table::parse(&bytes).unwrap_err(), error);
    }
    let mut other = table(&[], &[], "");
    other[4] = 2;
    assert_eq!(Table::parse(&other).unwrap_err(), Error::Version(2));
}

proptest! {
    #[test]
    fn any_bytes_are_an_error_or_a_table_in_range(
        mut bytes in proptest::collection::vec(any::<u8>(), 0..300),
        counts in [0u32..3, 0u32..4, 0u32..20],
        address: u64,
    ) {
        if let Some(start) = bytes.get_mut(..20) {
            let words = [MAGIC, VERSION, counts[0], counts[1], counts[2]];
            for (word, value) in start.chunks_mut(4).zip(words) {
                word.copy_from_slice(&value.to_le_bytes());
            }
        }
        if let Ok(table) = Table::parse(&bytes) {
            for pd in table.pds() {
                let _ = (table.name(pd), table.function(pd, address));
            }
        }
    }
}
