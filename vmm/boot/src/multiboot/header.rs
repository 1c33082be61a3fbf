// SPDX-License-Identifier: BSD-2-Clause
//! The header by which an image is known: sections 3.1.1 to 3.1.3.

use crate::Error;
use crate::bytes::u32_at;

const MAGIC: u32 = 0x1bad_b002;
/// It lies in this many bytes from the start of the file, at a multiple of four.
const SEARCHED: usize = 8192;
/// Modules are to be aligned to pages, and memory is to be told: both is done in any case.
const KNOWN: u32 = 1 << 0 | 1 << 1;
/// What a loader must refuse if it does not know it.
const REQUIRED: u32 = 0xffff;
/// The header has addresses, and the file is flat.
const HAS_ADDRESSES: u32 = 1 << 16;

/// A header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// Without it, the image is an ELF file.
    pub flat: Option<Flat>,
}

/// How a flat file is loaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Flat {
    /// Where in the file what is loaded begins.
    pub offset: u32,
    /// Where it is loaded.
    pub address: u32,
    /// Bytes that are loaded; `None` for all of the file.
    pub length: Option<u32>,
    /// The end of the zeros behind; 0 for none.
    pub end: u32,
    /// The first instruction.
    pub entry: u32,
}

/// Looks for a header.
///
/// # Errors
///
/// If there is one, but not one that can be followed.
pub fn find(file: &[u8]) -> Result<Option<Header>, Error> {
    let file = &file[..file.len().min(SEARCHED)];
    let sound = |at: &usize| {
        let [magic, flags, checksum] = [0, 4, 8].map(|offset| u32_at(file, at + offset));
        let sum = |flags: u32, checksum: u32| MAGIC.wrapping_add(flags).wrapping_add(checksum);
        magic == Some(MAGIC) && flags.zip(checksum).is_some_and(|(f, c)| sum(f, c) == 0)
    };
    match (0..file.len()).step_by(4).find(sound) {
        Some(at) => parse(file, at).map(Some),
        None => Ok(None),
    }
}

fn parse(file: &[u8], at: usize) -> Result<Header, Error> {
    let word = |offset| u32_at(file, at + offset).ok_or(Error::Truncated);
    let flags = word(4)?;
    let unknown = flags & REQUIRED & !KNOWN;
    if unknown != 0 {
        return Err(Error::Wants(unknown));
    }
    if flags & HAS_ADDRESSES == 0 {
        return Ok(Header { flat: None });
    }
    let [header, start, load_end] = [word(12)?, word(16)?, word(20)?];
    // How far before the header the part begins that is loaded.
    let before = header.checked_sub(start).ok_or(Error::BadHeader)?;
    let offset = (at as u32).checked_sub(before).ok_or(Error::BadHeader)?;
    let length = match load_end {
        0 => None,
        end => Some(end.checked_sub(start).ok_or(Error::BadHeader)?),
    };
    Ok(Header {
        flat: Some(Flat {
            offset,
            address: start,
            length,
            end: word(24)?,
            entry: word(28)?,
        }),
    })
}
