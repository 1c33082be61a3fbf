// SPDX-License-Identifier: BSD-2-Clause
//! The symbols of a program: variables to set, and functions to name.

use std::collections::HashMap;
use std::rc::Rc;

use object::LittleEndian;
use object::elf::{FileHeader64, STT_FILE, STT_FUNC, STT_SECTION};
use object::read::elf::{FileHeader, Sym};

use super::{ElfError, header};

/// A function of a program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Function {
    /// Address of the first instruction.
    pub address: u64,
    /// Bytes; 0 if the file does not say.
    pub size: u64,
    /// Demangled name.
    pub name: String,
}

/// Where a variable lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Variable {
    /// Address of the first byte.
    pub address: u64,
    /// Bytes.
    pub size: u64,
    /// Several variables of this name lie at different addresses.
    pub duplicate: bool,
}

/// All symbols of a program.
#[derive(Debug, Clone, Default)]
pub struct Symbols {
    variables: HashMap<String, Variable>,
    /// By address; shared between the protection domains that run the program.
    pub functions: Rc<[Function]>,
}

impl Symbols {
    /// Reads the symbol table of an ELF file; a file without one has no symbols.
    pub fn parse(bytes: &[u8]) -> Result<Self, ElfError> {
        let header: &FileHeader64<LittleEndian> = header(bytes)?;
        let sections = header
            .sections(LittleEndian, bytes)
            .map_err(|_| ElfError::Truncated)?;
        let table = sections
            .symbols(LittleEndian, bytes, object::elf::SHT_SYMTAB)
            .map_err(|_| ElfError::Symbols)?;
        let mut variables: HashMap<String, Variable> = HashMap::new();
        let mut functions = Vec::new();
        for symbol in table.iter() {
            let kind = symbol.st_type();
            let defined = symbol.st_shndx(LittleEndian) != object::elf::SHN_UNDEF;
            if !defined || kind == STT_FILE || kind == STT_SECTION {
                continue;
            }
            let name = symbol
                .name(LittleEndian, table.strings())
                .map_err(|_| ElfError::Symbols)?;
            let Ok(name) = std::str::from_utf8(name) else {
                continue;
            };
            let (address, size) = (symbol.st_value(LittleEndian), symbol.st_size(LittleEndian));
            if kind == STT_FUNC {
                let name = format!("{:#}", rustc_demangle::demangle(name));
                functions.push(Function {
                    address,
                    size,
                    name,
                });
            } else if !name.is_empty() {
                let found = Variable {
                    address,
                    size,
                    duplicate: false,
                };
                let entry = variables.entry(name.into()).or_insert(found);
                entry.duplicate |= entry.address != address;
            }
        }
        functions.sort_by(|a, b| (a.address, &a.name).cmp(&(b.address, &b.name)));
        functions.dedup_by_key(|function| function.address);
        Ok(Self {
            variables,
            functions: functions.into(),
        })
    }

    /// The variable of a name.
    pub fn variable(&self, name: &str) -> Option<Variable> {
        self.variables.get(name).copied()
    }
}
