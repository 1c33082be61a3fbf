// SPDX-License-Identifier: BSD-2-Clause
//! Programs: static x86-64 ELF files, checked so that everything later can rely on them.

mod error;
mod patch;
mod symbols;

use std::fs;
use std::ops::Range;
use std::path::Path;

use object::LittleEndian;
use object::elf::{
    EM_X86_64, ET_EXEC, FileHeader64, PF_W, PF_X, PT_INTERP, PT_LOAD, ProgramHeader64,
};
use object::read::elf::{FileHeader, ProgramHeader};

pub use error::ElfError;
pub use patch::PatchError;
pub use symbols::{Function, Symbols};

/// Programs and their pieces are aligned to pages of this many bytes.
pub const PAGE: u64 = 0x1000;
/// A program larger than this is a mistake; the limit keeps a hostile file from filling the memory.
const FILE_MAX: u64 = 1 << 30;

/// A program as it is loaded.
#[derive(Debug, Clone)]
pub struct Program {
    /// Address of the first instruction; lies in an executable segment.
    pub entry: u64,
    /// In order of their addresses; no two share a page.
    pub segments: Vec<Segment>,
}

/// A piece of a program's memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    /// Address of the first byte.
    pub vaddr: u64,
    /// Bytes in memory, not 0; those behind `data` are zero. The segment ends below 2^47.
    pub mem_size: u64,
    /// Initial content, not longer than `mem_size`.
    pub data: Vec<u8>,
    /// The program may write it.
    pub writable: bool,
    /// The program may execute it.
    pub executable: bool,
}

impl Segment {
    /// The pages that it lies in.
    pub fn pages(&self) -> Range<u64> {
        self.vaddr / PAGE * PAGE..(self.vaddr + self.mem_size).next_multiple_of(PAGE)
    }
}

/// Reads a program and the symbols that it has.
pub fn load(path: &Path) -> Result<(Program, Symbols), ElfError> {
    let bytes = read(path)?;
    Ok((Program::parse(&bytes)?, Symbols::parse(&bytes)?))
}

/// Reads the symbols of a file that need not be a whole program.
pub fn load_symbols(path: &Path) -> Result<Symbols, ElfError> {
    Symbols::parse(&read(path)?)
}

fn read(path: &Path) -> Result<Vec<u8>, ElfError> {
    let metadata = fs::metadata(path).map_err(ElfError::Read)?;
    if !metadata.is_file() {
        return Err(ElfError::NoFile);
    }
    match metadata.len() {
        0 => Err(ElfError::Empty),
        1..=FILE_MAX => fs::read(path).map_err(ElfError::Read),
        len => Err(ElfError::TooLarge { len }),
    }
}

impl Program {
    /// Checks the bytes of an ELF file.
    pub fn parse(bytes: &[u8]) -> Result<Self, ElfError> {
        let header = header(bytes)?;
        match header.e_type(LittleEndian) {
            ET_EXEC => {}
            kind => return Err(ElfError::Type(kind.0)),
        }
        let headers = header
            .program_headers(LittleEndian, bytes)
            .map_err(|_| ElfError::Truncated)?;
        if headers
            .iter()
            .any(|header| header.p_type(LittleEndian) == PT_INTERP)
        {
            return Err(ElfError::Dynamic);
        }
        let loaded = |header: &&ProgramHeader64<LittleEndian>| {
            header.p_type(LittleEndian) == PT_LOAD && header.p_memsz(LittleEndian) != 0
        };
        let loaded: Vec<_> = headers.iter().filter(loaded).collect();
        // Segments that share content would let a small file take any amount of memory.
        let sizes = loaded
            .iter()
            .map(|header| u128::from(header.p_filesz(LittleEndian)));
        if sizes.sum::<u128>() > bytes.len() as u128 {
            return Err(ElfError::Truncated);
        }
        let segments: Result<Vec<_>, _> = loaded
            .into_iter()
            .map(|header| Segment::parse(header, bytes))
            .collect();
        let mut segments = segments?;
        segments.sort_by_key(|segment| segment.vaddr);
        if let Some(pair) = segments
            .windows(2)
            .find(|pair| pair[0].pages().end > pair[1].pages().start)
        {
            return Err(ElfError::SharedPage {
                address: pair[1].pages().start,
            });
        }
        let entry = header.e_entry(LittleEndian);
        let holds_entry = |segment: &Segment| {
            segment.executable && (segment.vaddr..segment.vaddr + segment.mem_size).contains(&entry)
        };
        if !segments.iter().any(holds_entry) {
            return Err(ElfError::Entry { entry });
        }
        Ok(Self { entry, segments })
    }

    /// First address behind the last segment's last page.
    pub fn end(&self) -> u64 {
        self.segments
            .last()
            .map_or(0, |segment| segment.pages().end)
    }
}

impl Segment {
    fn parse(header: &ProgramHeader64<LittleEndian>, bytes: &[u8]) -> Result<Self, ElfError> {
        let data = header
            .data(LittleEndian, bytes)
            .map_err(|()| ElfError::Truncated)?;
        let (vaddr, mem_size) = (header.p_vaddr(LittleEndian), header.p_memsz(LittleEndian));
        let end = vaddr.checked_add(mem_size).filter(|end| *end <= 1 << 47);
        if end.is_none() || data.len() as u64 > mem_size {
            return Err(ElfError::Segment { vaddr });
        }
        let flags = header.p_flags(LittleEndian);
        Ok(Self {
            vaddr,
            mem_size,
            data: data.to_vec(),
            writable: flags.0 & PF_W.0 != 0,
            executable: flags.0 & PF_X.0 != 0,
        })
    }
}

/// The header of a little-endian 64-bit file for x86-64.
fn header(bytes: &[u8]) -> Result<&FileHeader64<LittleEndian>, ElfError> {
    if !bytes.starts_with(b"\x7fELF") {
        return Err(ElfError::NotElf);
    }
    if bytes.len() < size_of::<FileHeader64<LittleEndian>>() {
        return Err(ElfError::Truncated);
    }
    let header = FileHeader64::<LittleEndian>::parse(bytes).map_err(|_| ElfError::Class)?;
    if header.e_ident().data != object::elf::ELFDATA2LSB {
        return Err(ElfError::Class);
    }
    match header.e_machine(LittleEndian) {
        EM_X86_64 => Ok(header),
        machine => Err(ElfError::Machine(machine.0)),
    }
}

#[cfg(test)]
mod tests;
