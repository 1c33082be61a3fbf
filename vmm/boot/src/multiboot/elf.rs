// SPDX-License-Identifier: BSD-2-Clause
//! ELF files, of 32 or 64 bits: the parts that are loaded, and the entry. "Tool Interface Standard,
//! Executable and Linking Format version 1.2", and "ELF-64 Object File Format version 1.5".

use vmm_base::GuestRam;

use super::part::{self, Loaded};
use crate::Error;
use crate::bytes::{at, slice, u16_at, u32_at, u64_at};

const MAGIC: [u8; 4] = *b"\x7fELF";
const LITTLE_ENDIAN: u8 = 1;
const EM_386: u16 = 3;
const EM_X86_64: u16 = 62;
const PT_LOAD: u32 = 1;
/// More than any kernel has; each costs time.
const SEGMENTS_MAX: u16 = 64;

/// Where the two classes have what is read: in the header, and in a program header.
struct Class {
    /// Are addresses and lengths of 8 bytes?
    wide: bool,
    entry: usize,
    phoff: usize,
    phentsize: usize,
    phnum: usize,
    offset: usize,
    vaddr: usize,
    paddr: usize,
    filesz: usize,
    memsz: usize,
}

const CLASS_32: Class = Class {
    wide: false,
    entry: 0x18,
    phoff: 0x1c,
    phentsize: 0x2a,
    phnum: 0x2c,
    offset: 4,
    vaddr: 8,
    paddr: 12,
    filesz: 16,
    memsz: 20,
};

const CLASS_64: Class = Class {
    wide: true,
    entry: 0x18,
    phoff: 0x20,
    phentsize: 0x36,
    phnum: 0x38,
    offset: 8,
    vaddr: 16,
    paddr: 24,
    filesz: 32,
    memsz: 40,
};

impl Class {
    fn of(file: &[u8]) -> Result<&'static Self, Error> {
        let machine = u16_at(file, 18).ok_or(Error::NoElf)?;
        if at(file, 0) != Some(MAGIC) || ![EM_386, EM_X86_64].contains(&machine) {
            return Err(Error::NoElf);
        }
        match at(file, 4) {
            Some([1, LITTLE_ENDIAN]) => Ok(&CLASS_32),
            Some([2, LITTLE_ENDIAN]) => Ok(&CLASS_64),
            _ => Err(Error::NoElf),
        }
    }

    /// An address, offset or length.
    fn number(&self, file: &[u8], offset: usize) -> Result<u64, Error> {
        let number = match self.wide {
            true => u64_at(file, offset),
            false => u32_at(file, offset).map(u64::from),
        };
        number.ok_or(Error::Truncated)
    }
}

/// Loads the file's segments to their physical addresses. An entry that is a virtual address of a
/// segment means the physical one.
pub fn load(ram: GuestRam<'_>, file: &[u8]) -> Result<Loaded, Error> {
    let class = Class::of(file)?;
    let half = |offset| u16_at(file, offset).ok_or(Error::Truncated);
    let entry = class.number(file, class.entry)?;
    let headers = class.number(file, class.phoff)?;
    let length = u64::from(half(class.phentsize)?);
    let count = half(class.phnum)?;
    if count > SEGMENTS_MAX {
        return Err(Error::Segments(count));
    }
    let mut physical_entry = entry;
    let mut end = 0;
    for number in 0..u64::from(count) {
        let at = headers.checked_add(number * length);
        let at = at.ok_or(Error::Truncated)?;
        let header = slice(file, at, length).ok_or(Error::Truncated)?;
        if u32_at(header, 0) != Some(PT_LOAD) {
            continue;
        }
        let field = |offset| class.number(header, offset);
        let [virt, phys, memory] = [
            field(class.vaddr)?,
            field(class.paddr)?,
            field(class.memsz)?,
        ];
        let contents = slice(file, field(class.offset)?, field(class.filesz)?);
        let contents = contents.ok_or(Error::Truncated)?;
        if memory == 0 && contents.is_empty() {
            continue;
        }
        end = part::load(ram, phys, contents, memory)?.max(end);
        if let Some(distance) = entry.checked_sub(virt).filter(|far| *far < memory) {
            physical_entry = phys + distance;
        }
    }
    if end == 0 {
        return Err(Error::Segments(0));
    }
    let entry = u32::try_from(physical_entry).map_err(|_| Error::BadEntry(physical_entry))?;
    Ok(Loaded { entry, end })
}
