// SPDX-License-Identifier: BSD-2-Clause
//! Why a guest cannot be loaded.

use core::fmt;

use vmm_base::OutOfRange;

use crate::layout::{COMMAND_LINE, RAM_MAX, RAM_MIN};

/// Why a guest cannot be loaded. Shown, it completes "the guest cannot be started: ".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Error {
    /// The guest's memory has this many bytes, and cannot.
    RamSize(u64),
    /// The kernel is neither a Linux nor a multiboot image.
    UnknownKernel,
    /// The kernel's file ends before what its header promises.
    Truncated,
    /// A Linux of this boot protocol: the high byte is the major version.
    Protocol(u16),
    /// A Linux without a 64-bit entry.
    No64BitEntry,
    /// A Linux whose address or alignment makes no sense.
    BadAddress(u64),
    /// A Linux that says it takes less memory than its file.
    InitSize {
        /// What it says.
        size: u32,
        /// What its file has.
        file: usize,
    },
    /// A multiboot image that asks for this, which there is not: flags of its header.
    Wants(u32),
    /// The addresses in a multiboot image's header contradict each other.
    BadHeader,
    /// A multiboot image that is neither flat nor an ELF file for x86.
    NoElf,
    /// An ELF file with this many segments to load.
    Segments(u16),
    /// A multiboot image whose first instruction is beyond 4 GiB.
    BadEntry(u64),
    /// The kernel takes this memory, which it does not have.
    KernelRange {
        /// Its first byte.
        start: u64,
        /// The end.
        end: u64,
    },
    /// The initramfs does not fit behind the kernel.
    Initramfs {
        /// Bytes that it has.
        size: usize,
        /// Bytes that are free for it.
        free: u64,
    },
    /// The command line is longer than that.
    CommandLine {
        /// Bytes that it has.
        size: usize,
        /// Bytes that it may have.
        limit: usize,
    },
    /// Something lies outside the guest's memory.
    OutOfRange(OutOfRange),
}

impl Error {
    /// The longest command line that there is room for.
    pub(crate) const COMMAND_LINE_MAX: usize = (COMMAND_LINE.end - COMMAND_LINE.start) as usize - 1;
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::RamSize(size) => write!(
                f,
                "its memory has {size:#x} bytes, but must have {RAM_MIN:#x} to {RAM_MAX:#x}"
            ),
            Self::UnknownKernel => {
                f.write_str("its kernel is neither a Linux (bzImage) nor a multiboot 1 image")
            }
            Self::Truncated => f.write_str("its kernel's file is cut short"),
            Self::Protocol(version) => write!(
                f,
                "its Linux has boot protocol {}.{:02}, and 2.12 is the first with a 64-bit entry",
                version >> 8,
                version & 0xff
            ),
            Self::No64BitEntry => f.write_str("its Linux has no 64-bit entry (is it for i386?)"),
            Self::BadAddress(address) => {
                write!(
                    f,
                    "its Linux wants to be at {address:#x}, which is not aligned"
                )
            }
            Self::InitSize { size, file } => write!(
                f,
                "its Linux says that it takes {size:#x} bytes of memory, and its file has {file:#x}"
            ),
            Self::Wants(flags) => write!(
                f,
                "its multiboot header has flags {flags:#x}, which nobody here knows"
            ),
            Self::BadHeader => {
                f.write_str("the addresses in its multiboot header contradict each other")
            }
            Self::NoElf => f.write_str(
                "its multiboot image has no addresses in its header, and is no ELF file for x86",
            ),
            Self::Segments(0) => f.write_str("its multiboot image has nothing to load"),
            Self::Segments(count) => {
                write!(
                    f,
                    "its multiboot image has {count} segments, which is too many"
                )
            }
            Self::BadEntry(entry) => write!(
                f,
                "its multiboot image starts at {entry:#x}, which 32 bits do not reach"
            ),
            Self::KernelRange { start, end } => write!(
                f,
                "its kernel takes {start:#x}..{end:#x}, where it has no free memory"
            ),
            Self::Initramfs { size, free } => write!(
                f,
                "its initramfs has {size:#x} bytes, and {free:#x} bytes of memory are free for it"
            ),
            Self::CommandLine { size, limit } => {
                write!(f, "its command line has {size} bytes, but may have {limit}")
            }
            Self::OutOfRange(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for Error {}

impl From<OutOfRange> for Error {
    fn from(error: OutOfRange) -> Self {
        Self::OutOfRange(error)
    }
}
