// SPDX-License-Identifier: BSD-2-Clause
use proptest::prelude::*;

#[path = "../../tests/fixture/mod.rs"]
mod fixture;

use super::symbols::Variable;
use super::*;
use fixture::{DATA, Fixture};

impl Fixture {
    fn parse(&self) -> Result<Program, ElfError> {
        Program::parse(&self.bytes())
    }
}

fn message<T: std::fmt::Debug>(result: Result<T, ElfError>) -> String {
    let error = result.unwrap_err();
    assert!(!error.help().is_empty());
    error.to_string()
}

#[test]
fn a_program_is_read_with_its_symbols() {
    let bytes = Fixture::default().bytes();
    let program = Program::parse(&bytes).unwrap();
    assert_eq!(program.entry, 0x20_0010);
    assert_eq!(program.segments.len(), 2);
    assert_eq!(program.segments[0].pages(), 0x20_0000..0x20_2000);
    assert_eq!(program.segments[1].pages(), DATA..DATA + 0x3000);
    assert_eq!(program.end(), DATA + 0x3000);
    let symbols = Symbols::parse(&bytes).unwrap();
    let expected = Variable {
        address: DATA + 0x48,
        size: 8,
        duplicate: false,
    };
    assert_eq!(symbols.variable("microkit_irqs"), Some(expected));
    assert_eq!(symbols.variable("_start"), None);
    assert_eq!(symbols.functions[0].name, "_start");
}

#[test]
fn what_is_no_program_is_said_to_be_none() {
    let with = |change: fn(&mut Fixture)| {
        let mut fixture = Fixture::default();
        change(&mut fixture);
        message(fixture.parse())
    };
    assert!(with(|f| f.machine = 183).contains("another CPU (ELF machine 183)"));
    assert!(with(|f| f.kind = 3).contains("no static executable (ELF type 3)"));
    assert!(with(|f| f.entry = 5).contains("entry point at 0x5"));
    assert!(with(|f| f.entry = DATA).contains("outside its code"));
    assert!(with(|f| f.segments[1].0 = 0x20_1800).contains("two segments in the page at 0x201000"));
    assert!(with(|f| f.segments[1].2 = 1).contains("segment out of range, at 0x400000"));
    assert!(with(|f| f.segments[1].0 = u64::MAX - 5).contains("segment out of range"));
    let bytes = Fixture::default().bytes();
    assert_eq!(message(Program::parse(&bytes[..0x1000])), "is cut short");
    assert_eq!(message(Program::parse(&bytes[..20])), "is cut short");
    assert_eq!(message(Program::parse(b"#!/bin/sh")), "is not an ELF file");
    let mut narrow = bytes.clone();
    narrow[4] = 1;
    assert_eq!(
        message(Program::parse(&narrow)),
        "is not a 64-bit little-endian ELF file"
    );
}

#[test]
fn what_is_no_file_is_said_to_be_none() {
    let dir = tempfile::tempdir().unwrap();
    let empty = dir.path().join("empty");
    fs::write(&empty, "").unwrap();
    assert_eq!(message(load(dir.path())), "is not a file");
    assert_eq!(message(load(&empty)), "is empty");
    assert!(message(load(&dir.path().join("none"))).starts_with("cannot be read: "));
}

#[test]
fn variables_are_set_where_they_lie() {
    let fixture = Fixture::default()
        .with_symbol("counter", DATA + 0x80, 8)
        .with_symbol("in_bss", DATA + 0x200, 8)
        .with_symbol("beyond", DATA + 0x2ffc, 8)
        .with_symbol("nowhere", 0x10, 8)
        .with_symbol("twice", DATA, 8)
        .with_symbol("twice", DATA + 8, 8);
    let bytes = fixture.bytes();
    let symbols = Symbols::parse(&bytes).unwrap();
    let mut program = Program::parse(&bytes).unwrap();
    let mut set = |name: &str, value: &[u8]| program.set(&symbols, name, value);
    assert_eq!(set("counter", &[1; 8]), Ok(()));
    assert_eq!(set("in_bss", &[2; 8]), Ok(()));
    assert_eq!(set("missing", &[0; 8]), Err(PatchError::Missing));
    assert_eq!(set("twice", &[0; 8]), Err(PatchError::Duplicate));
    assert_eq!(
        set("microkit_name", &[0; 8]),
        Err(PatchError::Size {
            found: 64,
            expected: 8
        })
    );
    assert_eq!(
        set("beyond", &[0; 8]),
        Err(PatchError::Outside {
            address: DATA + 0x2ffc
        })
    );
    assert_eq!(
        set("nowhere", &[0; 8]),
        Err(PatchError::Outside { address: 0x10 })
    );
    assert_eq!(
        program.set_if_present(&symbols, "missing", &[0; 8]),
        Ok(false)
    );
    let data = &program.segments[1].data;
    assert_eq!(data.len(), 0x208);
    assert_eq!(
        (&data[0x80..0x88], &data[0x200..]),
        (&[1; 8][..], &[2; 8][..])
    );
}

proptest! {
    #[test]
    fn a_damaged_file_is_an_error_or_a_program_in_range(
        damage in prop::collection::vec((0usize..0x2000, any::<u8>()), 1..8),
        cut in 0usize..0x3000,
    ) {
        let mut bytes = Fixture::default().bytes();
        let len = bytes.len();
        for (at, value) in damage {
            bytes[at % len.min(0x200)] = value;
        }
        bytes.truncate(cut.max(1));
        if let Ok(program) = Program::parse(&bytes) {
            for segment in &program.segments {
                prop_assert!(segment.pages().end <= 1 << 47);
                prop_assert!(segment.data.len() as u64 <= segment.mem_size);
            }
        }
        let _ = Symbols::parse(&bytes);
    }
}
