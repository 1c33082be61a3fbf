// SPDX-License-Identifier: BSD-2-Clause
use object::elf;
use object::write::elf::{FileHeader, ProgramHeader, SectionHeader, Sym, Writer};
use proptest::prelude::*;

use super::symbols::Variable;
use super::*;

/// A program to write: what the tests of the builder use, too.
#[derive(Clone)]
pub(crate) struct Fixture {
    pub kind: u16,
    pub machine: u16,
    pub entry: u64,
    /// Address, content, bytes in memory, writable, executable.
    pub segments: Vec<(u64, Vec<u8>, u64, bool, bool)>,
    /// Name, address, size, whether it is a function.
    pub symbols: Vec<(&'static str, u64, u64, bool)>,
}

/// Where the fixture's variables lie.
pub(crate) const DATA: u64 = 0x40_0000;

impl Default for Fixture {
    /// A protection domain with every symbol that it must have.
    fn default() -> Self {
        Fixture {
            kind: ET_EXEC.0,
            machine: EM_X86_64.0,
            entry: 0x20_0010,
            segments: vec![
                (0x20_0000, vec![0x90; 0x1800], 0x1800, false, true),
                (DATA, vec![0; 0x100], 0x3000, true, false),
            ],
            symbols: vec![
                ("microkit_name", DATA, 64, false),
                ("microkit_passive", DATA + 0x40, 1, false),
                ("microkit_irqs", DATA + 0x48, 8, false),
                ("microkit_notifications", DATA + 0x50, 8, false),
                ("microkit_pps", DATA + 0x58, 8, false),
                ("microkit_ioports", DATA + 0x60, 8, false),
                ("_start", 0x20_0010, 0x20, true),
            ],
        }
    }
}

impl Fixture {
    pub(crate) fn with_symbol(mut self, name: &'static str, address: u64, size: u64) -> Self {
        self.symbols.push((name, address, size, false));
        self
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut writer = Writer::new(object::Endianness::Little, true, &mut bytes);
        writer.reserve_file_header();
        writer.reserve_program_headers(self.segments.len() as u32);
        let offsets: Vec<u64> = self
            .segments
            .iter()
            .map(|segment| writer.reserve(segment.1.len() as u64, 16))
            .collect();
        let names: Vec<_> = self
            .symbols
            .iter()
            .map(|symbol| writer.add_string(symbol.0.as_bytes()))
            .collect();
        writer.reserve_null_symbol_index();
        let data = writer.reserve_section_index();
        for _ in &self.symbols {
            writer.reserve_symbol_index(Some(data));
        }
        writer.reserve_symtab_section_index();
        writer.reserve_strtab_section_index();
        writer.reserve_shstrtab_section_index();
        let section = writer.add_section_name(b".data");
        writer.reserve_symtab();
        writer.reserve_strtab().unwrap();
        writer.reserve_shstrtab().unwrap();
        writer.reserve_section_headers();
        writer
            .write_file_header(&FileHeader {
                os_abi: elf::OsAbi(0),
                abi_version: 0,
                e_type: elf::FileType(self.kind),
                e_machine: elf::Machine(self.machine),
                e_entry: self.entry,
                e_flags: elf::FileFlags(0),
            })
            .unwrap();
        writer.write_align_program_headers();
        for ((vaddr, data, memory, writable, executable), offset) in
            self.segments.iter().zip(&offsets)
        {
            writer.write_program_header(&ProgramHeader {
                p_type: PT_LOAD,
                p_flags: elf::ProgramFlags(4 | u32::from(*writable) << 1 | u32::from(*executable)),
                p_offset: *offset,
                p_vaddr: *vaddr,
                p_paddr: *vaddr,
                p_filesz: data.len() as u64,
                p_memsz: *memory,
                p_align: 0x1000,
            });
        }
        for (segment, offset) in self.segments.iter().zip(&offsets) {
            writer.pad_until(*offset);
            writer.write(&segment.1);
        }
        writer.write_null_symbol();
        for ((_, address, size, function), name) in self.symbols.iter().zip(names) {
            writer.write_symbol(&Sym {
                st_name: writer.string_offset(Some(name)),
                section: Some(data.0),
                st_info: elf::SymbolInfo(0x11 + u8::from(*function)),
                st_other: elf::SymbolOther(0),
                st_shndx: elf::SymbolSection(0),
                st_value: *address,
                st_size: *size,
            });
        }
        writer.write_strtab();
        writer.write_shstrtab();
        writer.write_null_section_header();
        writer.write_section_header(&SectionHeader {
            sh_name: writer.section_name_offset(Some(section)),
            sh_type: object::elf::SHT_NOBITS,
            sh_flags: elf::SectionFlags(0),
            sh_addr: DATA,
            sh_offset: 0,
            sh_size: 0x3000,
            sh_link: 0,
            sh_info: 0,
            sh_addralign: 1,
            sh_entsize: 0,
        });
        writer.write_symtab_section_header(1);
        writer.write_strtab_section_header();
        writer.write_shstrtab_section_header();
        bytes
    }

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
