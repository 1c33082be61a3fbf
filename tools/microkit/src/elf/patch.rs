// SPDX-License-Identifier: BSD-2-Clause
//! Values for variables of a program.

use super::{Program, Symbols};

/// Zero-initialised memory that is turned into content for the sake of a variable in it, at most.
const FILL_MAX: u64 = 1 << 20;

/// Why a variable cannot be given a value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PatchError {
    /// The program has no such symbol.
    #[error("no symbol of this name")]
    Missing,
    /// Several variables have this name.
    #[error("several symbols of this name")]
    Duplicate,
    /// It has another size.
    #[error("the symbol has {found} bytes, expected {expected}")]
    Size {
        /// Bytes of the symbol.
        found: u64,
        /// Bytes of the value.
        expected: u64,
    },
    /// It lies in no segment, or deep in zero-initialised memory.
    #[error("the symbol at {address:#x} is not in the program's initialised memory")]
    Outside {
        /// Its address.
        address: u64,
    },
}

impl PatchError {
    /// What to do.
    pub fn help(&self) -> &'static str {
        match self {
            PatchError::Missing => {
                "define it in the program (Rust: the var! or memory_region_symbol! macro)"
            }
            PatchError::Duplicate => "rename all but one of the program's variables of this name",
            PatchError::Size { .. } => "values are 64-bit: make it a u64, usize or pointer",
            PatchError::Outside { .. } => {
                "place it in .data (Rust: #[unsafe(link_section = \".data\")])"
            }
        }
    }
}

impl Program {
    /// Gives the variable `name` the value `bytes`, which must have its size.
    pub fn set(&mut self, symbols: &Symbols, name: &str, bytes: &[u8]) -> Result<(), PatchError> {
        let variable = symbols.variable(name).ok_or(PatchError::Missing)?;
        if variable.duplicate {
            return Err(PatchError::Duplicate);
        }
        if variable.size != bytes.len() as u64 {
            return Err(PatchError::Size {
                found: variable.size,
                expected: bytes.len() as u64,
            });
        }
        self.write(variable.address, bytes)
    }

    /// As [`Self::set`], for a variable that the program need not have; whether it has.
    pub fn set_if_present(
        &mut self,
        symbols: &Symbols,
        name: &str,
        bytes: &[u8],
    ) -> Result<bool, PatchError> {
        match self.set(symbols, name, bytes) {
            Ok(()) => Ok(true),
            Err(PatchError::Missing) => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn write(&mut self, address: u64, bytes: &[u8]) -> Result<(), PatchError> {
        let outside = PatchError::Outside { address };
        let holds = |start: u64, len: u64| address >= start && address - start < len;
        let segment = self
            .segments
            .iter_mut()
            .find(|segment| holds(segment.vaddr, segment.mem_size));
        let segment = segment.ok_or(outside.clone())?;
        let offset = address - segment.vaddr;
        let end = offset + bytes.len() as u64;
        let len = segment.data.len() as u64;
        if end > segment.mem_size || end > len.saturating_add(FILL_MAX) {
            return Err(outside);
        }
        if end > len {
            segment.data.resize(end as usize, 0);
        }
        segment.data[offset as usize..end as usize].copy_from_slice(bytes);
        Ok(())
    }
}
