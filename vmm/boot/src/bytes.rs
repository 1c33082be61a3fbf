// SPDX-License-Identifier: BSD-2-Clause
//! Little-endian numbers at offsets of a file that may end anywhere.

/// `N` bytes, unless the file ends before.
pub fn at<const N: usize>(file: &[u8], offset: usize) -> Option<[u8; N]> {
    file.get(offset..)?.first_chunk().copied()
}

/// Two bytes.
pub fn u16_at(file: &[u8], offset: usize) -> Option<u16> {
    at(file, offset).map(u16::from_le_bytes)
}

/// Four bytes.
pub fn u32_at(file: &[u8], offset: usize) -> Option<u32> {
    at(file, offset).map(u32::from_le_bytes)
}

/// Eight bytes.
pub fn u64_at(file: &[u8], offset: usize) -> Option<u64> {
    at(file, offset).map(u64::from_le_bytes)
}

/// As many bytes as `range` has, unless the file ends before.
pub fn slice(file: &[u8], offset: u64, length: u64) -> Option<&[u8]> {
    let start = usize::try_from(offset).ok()?;
    let end = usize::try_from(offset.checked_add(length)?).ok()?;
    file.get(start..end)
}
