// SPDX-License-Identifier: BSD-2-Clause
//! What the monitor knows of the protection domains it watches: name, entry point, how often to start
//! each one again, and the functions of its program, to name the one that faulted.
//!
//! Layout: [`Header`], then `pds` [`Pd`]s in the order of their indices (the monitor's TCB capability
//! of protection domain `i` is 10 + `i`, the badge of its faults `i` + 1), then `symbols` [`Symbol`]s,
//! then `strings` bytes of UTF-8. Programs that several protection domains run have their symbols once.

use core::fmt;

use zerocopy::little_endian::{U32, U64};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use crate::take;

/// First word of the table.
pub const MAGIC: u32 = u32::from_le_bytes(*b"MONI");
/// Raised with every change of the layout.
pub const VERSION: u32 = 1;
/// Symbol of the monitor's program that the image tool sets: address and length in bytes of the table,
/// two 64-bit words.
pub const SYMBOL: &str = "postern_monitor_info";

/// Start of the table.
#[derive(Debug, Clone, Copy, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct Header {
    /// [`MAGIC`].
    pub magic: U32,
    /// [`VERSION`].
    pub version: U32,
    /// Number of [`Pd`]s.
    pub pds: U32,
    /// Number of [`Symbol`]s.
    pub symbols: U32,
    /// Bytes of text.
    pub strings: U32,
}

/// A piece of the table's text.
#[derive(Debug, Clone, Copy, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct Text {
    /// Byte offset into the text.
    pub offset: U32,
    /// Bytes.
    pub len: U32,
}

/// One protection domain.
#[derive(Debug, Clone, Copy, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct Pd {
    /// Where it starts, also when it is started again.
    pub entry: U64,
    /// Its name.
    pub name: Text,
    /// How often the monitor starts it again after a fault; 0: never.
    pub restarts: U32,
    /// 1 if its faults go to the monitor, 0 if they go to its parent.
    pub monitored: U32,
    /// Index of the program's first symbol.
    pub first_symbol: U32,
    /// How many follow.
    pub symbols: U32,
}

/// One function of a program. A program's are in order of their addresses.
#[derive(Debug, Clone, Copy, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct Symbol {
    /// Virtual address of the first instruction.
    pub address: U64,
    /// Bytes; 0 if the program does not say.
    pub size: U32,
    /// Its name, demangled.
    pub name: Text,
}

/// A table whose every field has been checked.
#[derive(Debug, Clone, Copy)]
pub struct Table<'a> {
    pds: &'a [Pd],
    symbols: &'a [Symbol],
    strings: &'a [u8],
}

/// What is wrong with a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Error {
    /// The first word is another one.
    Magic,
    /// Another version's table; the value is that version.
    Version(u32),
    /// The table says it is longer than the memory it lies in.
    Truncated,
    /// A protection domain's name or symbols are not in the table. The index is the protection domain's.
    Pd(u32),
    /// A symbol's name is not in the table, or a program's symbols are out of order. The index is the symbol's.
    Symbol(u32),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Magic => write!(f, "no monitor table found"),
            Error::Version(version) => {
                write!(f, "monitor table of version {version}, expected {VERSION}")
            }
            Error::Truncated => write!(f, "monitor table cut short"),
            Error::Pd(index) => write!(f, "monitor table: protection domain {index} is malformed"),
            Error::Symbol(index) => write!(f, "monitor table: symbol {index} is malformed"),
        }
    }
}

impl core::error::Error for Error {}

impl<'a> Table<'a> {
    /// Checks a table; `bytes` may be longer than it.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Error> {
        let (header, rest) = Header::ref_from_prefix(bytes).map_err(|_| Error::Truncated)?;
        if header.magic.get() != MAGIC {
            return Err(Error::Magic);
        }
        if header.version.get() != VERSION {
            return Err(Error::Version(header.version.get()));
        }
        let (pds, rest) = take(rest, header.pds.get()).ok_or(Error::Truncated)?;
        let (symbols, rest) = take(rest, header.symbols.get()).ok_or(Error::Truncated)?;
        let (strings, _) = take(rest, header.strings.get()).ok_or(Error::Truncated)?;
        let table = Table {
            pds,
            symbols,
            strings,
        };
        table.check()?;
        Ok(table)
    }

    fn check(&self) -> Result<(), Error> {
        for (index, symbol) in (0..).zip(self.symbols) {
            self.text(symbol.name).ok_or(Error::Symbol(index))?;
        }
        for (index, pd) in (0..).zip(self.pds) {
            self.text(pd.name).ok_or(Error::Pd(index))?;
            let symbols = self.program(pd).ok_or(Error::Pd(index))?;
            let sorted = |pair: &[Symbol]| pair[0].address.get() <= pair[1].address.get();
            if let Some(at) = symbols.windows(2).position(|pair| !sorted(pair)) {
                // The program's symbols are in the table, so neither sum overflows.
                return Err(Error::Symbol(pd.first_symbol.get() + at as u32 + 1));
            }
        }
        Ok(())
    }

    fn text(&self, text: Text) -> Option<&'a str> {
        let offset = usize::try_from(text.offset.get()).ok()?;
        let end = offset.checked_add(usize::try_from(text.len.get()).ok()?)?;
        core::str::from_utf8(self.strings.get(offset..end)?).ok()
    }

    fn program(&self, pd: &Pd) -> Option<&'a [Symbol]> {
        let first = usize::try_from(pd.first_symbol.get()).ok()?;
        let count = usize::try_from(pd.symbols.get()).ok()?;
        self.symbols.get(first..first.checked_add(count)?)
    }

    /// The protection domains, by index.
    pub fn pds(&self) -> &'a [Pd] {
        self.pds
    }

    /// The name of `pd`, one of [`Self::pds`].
    pub fn name(&self, pd: &Pd) -> &'a str {
        self.text(pd.name).unwrap_or_default()
    }

    /// The function of `pd` that `address` lies in, and how many bytes behind its start.
    pub fn function(&self, pd: &Pd, address: u64) -> Option<(&'a str, u64)> {
        let symbols = self.program(pd)?;
        let after = symbols.partition_point(|symbol| symbol.address.get() <= address);
        let symbol = &symbols[after.checked_sub(1)?];
        let offset = address - symbol.address.get();
        let size = u64::from(symbol.size.get());
        (size == 0 || offset < size).then_some((self.text(symbol.name)?, offset))
    }
}

#[cfg(test)]
mod tests;
