// SPDX-License-Identifier: BSD-2-Clause
//! The setup header of a bzImage: boot.rst, "The Real-Mode Kernel Header".

use crate::Error;
use crate::bytes::{at, u16_at, u32_at, u64_at};

/// Where it starts, in the file and in the zero page.
pub const START: usize = 0x1f1;
/// Where it must end in the zero page, before the table of memory ranges.
const END_MAX: usize = 0x290;
/// Up to and with `init_size`, which boot protocol 2.10 brought.
const END_MIN: usize = 0x264;

const SETUP_SECTS: usize = 0x1f1;
const BOOT_FLAG: usize = 0x1fe;
/// The distance of a jump over the header.
const JUMP: usize = 0x201;
const MAGIC: usize = 0x202;
const VERSION: usize = 0x206;
const INITRD_ADDR_MAX: usize = 0x22c;
const KERNEL_ALIGNMENT: usize = 0x230;
const XLOADFLAGS: usize = 0x236;
const CMDLINE_SIZE: usize = 0x238;
const PREF_ADDRESS: usize = 0x258;
const INIT_SIZE: usize = 0x260;

/// The first with a 64-bit entry that says so.
const VERSION_MIN: u16 = 0x020c;
/// There is a 64-bit entry.
const XLF_KERNEL_64: u16 = 1;
const SECTOR: usize = 512;
/// What 0 sectors of setup code mean.
const SECTORS_BY_DEFAULT: u8 = 4;

/// What the loader has to know of a kernel.
pub struct Header<'a> {
    /// The setup header itself, which goes into the zero page.
    pub setup: &'a [u8],
    /// The part of the kernel that is loaded.
    pub kernel: &'a [u8],
    /// Where it is loaded: where it would move itself to otherwise.
    pub address: u64,
    /// Bytes of memory that it needs there before it reads any memory map, at least those of `kernel`.
    pub memory: u32,
    /// The end of the memory where the initramfs may lie.
    pub initramfs_end: u64,
    /// Bytes that the command line may have.
    pub command_line_max: usize,
}

/// Is this a Linux, of whatever version?
pub fn is_one(file: &[u8]) -> bool {
    u16_at(file, BOOT_FLAG) == Some(0xaa55) && at(file, MAGIC) == Some(*b"HdrS")
}

impl<'a> Header<'a> {
    /// Reads that of a file that [`is_one`].
    pub fn parse(file: &'a [u8]) -> Result<Self, Error> {
        let half = |offset| u16_at(file, offset).ok_or(Error::Truncated);
        let word = |offset| u32_at(file, offset).ok_or(Error::Truncated);
        let version = half(VERSION)?;
        if version < VERSION_MIN {
            return Err(Error::Protocol(version));
        }
        if half(XLOADFLAGS)? & XLF_KERNEL_64 == 0 {
            return Err(Error::No64BitEntry);
        }
        let [sectors] = at(file, SETUP_SECTS).ok_or(Error::Truncated)?;
        let sectors = match sectors {
            0 => SECTORS_BY_DEFAULT,
            sectors => sectors,
        };
        let kernel = file.get((usize::from(sectors) + 1) * SECTOR..);
        let kernel = kernel.filter(|kernel| !kernel.is_empty());
        let kernel = kernel.ok_or(Error::Truncated)?;
        let [jump] = at(file, JUMP).ok_or(Error::Truncated)?;
        let end = (MAGIC + usize::from(jump)).clamp(END_MIN, END_MAX);
        let memory = word(INIT_SIZE)?;
        if kernel.len() as u64 > u64::from(memory) {
            let (size, file) = (memory, kernel.len());
            return Err(Error::InitSize { size, file });
        }
        Ok(Self {
            setup: file.get(START..end).ok_or(Error::Truncated)?,
            kernel,
            address: address(file)?,
            memory,
            initramfs_end: u64::from(word(INITRD_ADDR_MAX)?) + 1,
            command_line_max: word(CMDLINE_SIZE)? as usize,
        })
    }
}

/// The address that the kernel prefers. A relocatable one could be loaded elsewhere, and would move
/// itself there.
fn address(file: &[u8]) -> Result<u64, Error> {
    let address = u64_at(file, PREF_ADDRESS).ok_or(Error::Truncated)?;
    let alignment = u32_at(file, KERNEL_ALIGNMENT).ok_or(Error::Truncated)?;
    let aligned = alignment.is_power_of_two() && address % u64::from(alignment) == 0;
    if !aligned || address < crate::layout::HIGH_START {
        return Err(Error::BadAddress(address));
    }
    Ok(address)
}
