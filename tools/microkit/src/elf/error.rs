// SPDX-License-Identifier: BSD-2-Clause
//! What is wrong with a program, and what to do about it.

use std::io;

/// Why a file is no program for a protection domain.
#[derive(Debug, thiserror::Error)]
pub enum ElfError {
    /// The operating system does not let it be read.
    #[error("cannot be read: {0}")]
    Read(#[source] io::Error),
    /// A directory or something else that has no content.
    #[error("is not a file")]
    NoFile,
    /// It has no content.
    #[error("is empty")]
    Empty,
    /// Nobody builds programs this large.
    #[error("has {len} bytes, more than any program")]
    TooLarge {
        /// Bytes.
        len: u64,
    },
    /// Another kind of file.
    #[error("is not an ELF file")]
    NotElf,
    /// Not 64-bit or not little-endian.
    #[error("is not a 64-bit little-endian ELF file")]
    Class,
    /// For another CPU; the value is `e_machine`.
    #[error("is for another CPU (ELF machine {0}), not for x86-64")]
    Machine(u16),
    /// No executable; the value is `e_type`.
    #[error("is no static executable (ELF type {0})")]
    Type(u16),
    /// It asks for a dynamic loader.
    #[error("needs a dynamic loader")]
    Dynamic,
    /// A table or a segment lies outside the file.
    #[error("is cut short")]
    Truncated,
    /// A segment has more content than memory or lies outside user memory.
    #[error("has a segment out of range, at {vaddr:#x}")]
    Segment {
        /// Its address.
        vaddr: u64,
    },
    /// Two segments share a page.
    #[error("has two segments in the page at {address:#x}")]
    SharedPage {
        /// The page's address.
        address: u64,
    },
    /// The entry point is not executable.
    #[error("has its entry point at {entry:#x}, outside its code")]
    Entry {
        /// The entry point.
        entry: u64,
    },
    /// A symbol table that contradicts itself.
    #[error("has a damaged symbol table")]
    Symbols,
}

impl ElfError {
    /// What to do.
    pub fn help(&self) -> &'static str {
        match self {
            ElfError::Read(_) | ElfError::NoFile => {
                "check the path; it is looked for in the --search-path directories"
            }
            ElfError::Empty | ElfError::NotElf | ElfError::Truncated | ElfError::Symbols => {
                "build the program again: the file is not what a linker writes"
            }
            ElfError::TooLarge { .. } => "data of this size belongs in a memory region",
            ElfError::Class | ElfError::Machine(_) => "build the program for x86-64",
            ElfError::Type(_) | ElfError::Dynamic => {
                "link it with -static and -no-pie, as the protection domains' build scripts do"
            }
            ElfError::Segment { .. } | ElfError::Entry { .. } => {
                "link it at an address below 0x7fffffffd000, without a linker script of its own if possible"
            }
            ElfError::SharedPage { .. } => {
                "link it so that segments start on pages of their own (-z max-page-size=0x1000)"
            }
        }
    }
}
