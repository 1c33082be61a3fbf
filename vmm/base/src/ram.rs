// SPDX-License-Identifier: BSD-2-Clause
//! The guest's memory.

use core::fmt;
use core::marker::PhantomData;
use core::ptr::NonNull;
use core::sync::atomic::{AtomicU8, AtomicU16, Ordering};

use crate::Gpa;

/// The guest's memory, from guest-physical address 0, as it is mapped here.
///
/// Guest and devices write it at any time, so nobody ever holds a reference to a part of it: all of
/// it is copied in and out. What was read once is checked and used; nothing is read twice.
#[derive(Debug, Clone, Copy)]
pub struct GuestRam<'a> {
    first: NonNull<u8>,
    size: usize,
    _memory: PhantomData<&'a [AtomicU8]>,
}

/// The range is not wholly in the guest's memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OutOfRange {
    /// Where it starts.
    pub at: Gpa,
    /// Its length in bytes.
    pub length: usize,
}

impl fmt::Display for OutOfRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} bytes at {} are not in the memory",
            self.length, self.at
        )
    }
}

impl core::error::Error for OutOfRange {}

impl<'a> GuestRam<'a> {
    /// The memory of `size` bytes at `first`.
    ///
    /// # Safety
    ///
    /// All of it can be read and written for `'a`, and nothing in this program refers to it.
    pub const unsafe fn new(first: NonNull<u8>, size: usize) -> Self {
        Self {
            first,
            size,
            _memory: PhantomData,
        }
    }

    /// A test's memory. Its length is a multiple of 8 bytes, and it is aligned so.
    pub fn of(words: &'a mut [u64]) -> Self {
        let size = size_of_val(words);
        // SAFETY: it is borrowed for that long, and exclusively.
        unsafe { Self::new(NonNull::from(words).cast(), size) }
    }

    /// In bytes.
    pub const fn size(&self) -> usize {
        self.size
    }

    /// Are these bytes all in it?
    pub fn contains(&self, at: Gpa, length: usize) -> bool {
        self.offset(at, length).is_ok()
    }

    /// Copies out of it.
    ///
    /// # Errors
    ///
    /// If the range is not wholly in it; then nothing was copied. The same holds for all that follow.
    pub fn read(&self, at: Gpa, into: &mut [u8]) -> Result<(), OutOfRange> {
        let from = self.pointer(at, into.len())?;
        // SAFETY: the range was checked, and nothing refers to it, so `into` is elsewhere.
        unsafe {
            from.as_ptr()
                .copy_to_nonoverlapping(into.as_mut_ptr(), into.len())
        };
        Ok(())
    }

    /// Copies into it.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read).
    pub fn write(&self, at: Gpa, from: &[u8]) -> Result<(), OutOfRange> {
        let into = self.pointer(at, from.len())?;
        // SAFETY: the range was checked, and nothing refers to it, so `from` is elsewhere.
        unsafe {
            into.as_ptr()
                .copy_from_nonoverlapping(from.as_ptr(), from.len())
        };
        Ok(())
    }

    /// Copies into it from other memory of that kind.
    ///
    /// # Errors
    ///
    /// If either range is not wholly in its memory; then nothing was copied.
    pub fn copy_from(
        &self,
        at: Gpa,
        other: &GuestRam<'_>,
        from: Gpa,
        length: usize,
    ) -> Result<(), OutOfRange> {
        let into = self.pointer(at, length)?;
        let from = other.pointer(from, length)?;
        // SAFETY: both ranges were checked, and nothing refers to them. They may overlap.
        unsafe { into.as_ptr().copy_from(from.as_ptr(), length) };
        Ok(())
    }

    /// Fills with zeros.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read).
    pub fn clear(&self, at: Gpa, length: usize) -> Result<(), OutOfRange> {
        let into = self.pointer(at, length)?;
        // SAFETY: the range was checked, and nothing refers to it.
        unsafe { into.as_ptr().write_bytes(0, length) };
        Ok(())
    }

    /// Reads `N` bytes.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read).
    pub fn get<const N: usize>(&self, at: Gpa) -> Result<[u8; N], OutOfRange> {
        let mut bytes = [0; N];
        self.read(at, &mut bytes)?;
        Ok(bytes)
    }

    /// Reads two bytes at once, before all that follows: an index that the guest raises.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read), and if `at` is odd.
    pub fn load_u16(&self, at: Gpa) -> Result<u16, OutOfRange> {
        Ok(self.atomic(at)?.load(Ordering::Acquire))
    }

    /// Writes two bytes at once, after all that went before: an index that the guest waits for.
    ///
    /// # Errors
    ///
    /// As [`load_u16`](Self::load_u16).
    pub fn store_u16(&self, at: Gpa, value: u16) -> Result<(), OutOfRange> {
        self.atomic(at)?.store(value, Ordering::Release);
        Ok(())
    }

    fn atomic(&self, at: Gpa) -> Result<&AtomicU16, OutOfRange> {
        let pointer = self.pointer(at, 2)?.cast::<AtomicU16>();
        if !pointer.is_aligned() {
            return Err(OutOfRange { at, length: 2 });
        }
        // SAFETY: it is in the memory and aligned; others use it by other accesses of the CPU only.
        Ok(unsafe { pointer.as_ref() })
    }

    fn pointer(&self, at: Gpa, length: usize) -> Result<NonNull<u8>, OutOfRange> {
        let offset = self.offset(at, length)?;
        // SAFETY: the offset is in the memory or just behind it.
        Ok(unsafe { self.first.add(offset) })
    }

    fn offset(&self, at: Gpa, length: usize) -> Result<usize, OutOfRange> {
        let end = (at.0.checked_add(length as u64)).filter(|end| *end <= self.size as u64);
        end.map(|_| at.0 as usize).ok_or(OutOfRange { at, length })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::ToString;

    #[test]
    fn copies_in_and_out() {
        let mut words = [0; 2];
        let ram = GuestRam::of(&mut words);
        ram.write(Gpa(3), b"postern").expect("inside");
        assert_eq!(ram.get(Gpa(3)), Ok(*b"postern"));
        ram.clear(Gpa(4), 2).expect("inside");
        assert_eq!(ram.get(Gpa(3)), Ok(*b"p\0\0tern"));
    }

    #[test]
    fn nothing_beyond_the_end() {
        let mut words = [0; 2];
        let ram = GuestRam::of(&mut words);
        for (at, length) in [(16, 1), (9, 8), (u64::MAX, 1), (u64::MAX, 2), (17, 0)] {
            let refused = Err(OutOfRange {
                at: Gpa(at),
                length,
            });
            assert_eq!(ram.clear(Gpa(at), length), refused);
            assert!(!ram.contains(Gpa(at), length));
        }
        assert!(ram.contains(Gpa(16), 0) && ram.contains(Gpa(0), 16));
        let error = ram.write(Gpa(15), &[1, 2]).expect_err("too long");
        assert_eq!(error.to_string(), "2 bytes at 0xf are not in the memory");
        assert_eq!(ram.get(Gpa(15)), Ok([0]), "nothing was written");
    }

    #[test]
    fn memory_is_copied_to_memory() {
        let (mut first, mut second) = ([0; 2], [0; 1]);
        let (first, second) = (GuestRam::of(&mut first), GuestRam::of(&mut second));
        second.write(Gpa(0), b"postern!").expect("inside");
        assert_eq!(first.copy_from(Gpa(9), &second, Gpa(1), 7), Ok(()));
        assert_eq!(first.get(Gpa(8)), Ok(*b"\0ostern!"));
        assert_eq!(first.copy_from(Gpa(8), &first, Gpa(9), 6), Ok(()));
        assert_eq!(first.get(Gpa(8)), Ok(*b"osternn!"));
        for (at, from, length) in [(16, 0, 1), (0, 8, 1), (0, 0, 9), (9, 0, 8)] {
            let refused = first.copy_from(Gpa(at), &second, Gpa(from), length);
            assert!(refused.is_err(), "{at} {from} {length}");
        }
        assert_eq!(first.get(Gpa(0)), Ok([0; 8]), "nothing was copied");
    }

    #[test]
    fn indices_are_two_bytes_at_once() {
        let mut words = [0; 1];
        let ram = GuestRam::of(&mut words);
        ram.store_u16(Gpa(6), 0x1234).expect("inside");
        assert_eq!(ram.load_u16(Gpa(6)), Ok(0x1234));
        assert!(ram.load_u16(Gpa(1)).is_err(), "odd");
        assert!(ram.load_u16(Gpa(8)).is_err(), "outside");
    }
}
