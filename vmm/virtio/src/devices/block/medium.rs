// SPDX-License-Identifier: BSD-2-Clause
//! What a disk keeps its data on.

use core::fmt;

use vmm_base::{Gpa, GuestRam};

/// The medium did not take or give the data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MediumError;

impl fmt::Display for MediumError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the medium failed")
    }
}

impl core::error::Error for MediumError {}

/// What a disk keeps its data on. Offsets are in bytes.
pub trait Medium {
    /// Bytes that it has.
    fn size(&self) -> u64;

    /// Can it only be read?
    fn is_read_only(&self) -> bool;

    /// Copies from the medium into the guest's memory.
    ///
    /// # Errors
    ///
    /// If it could not. The same holds for all that follow.
    fn read(
        &mut self,
        offset: u64,
        ram: &GuestRam<'_>,
        at: Gpa,
        length: usize,
    ) -> Result<(), MediumError>;

    /// Copies from the guest's memory to the medium.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read).
    fn write(
        &mut self,
        offset: u64,
        ram: &GuestRam<'_>,
        at: Gpa,
        length: usize,
    ) -> Result<(), MediumError>;

    /// What was written is kept for good.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read).
    fn flush(&mut self) -> Result<(), MediumError>;
}

/// A medium in memory that can be read and written.
impl Medium for &mut [u8] {
    fn size(&self) -> u64 {
        self.len() as u64
    }

    fn is_read_only(&self) -> bool {
        false
    }

    fn read(
        &mut self,
        offset: u64,
        ram: &GuestRam<'_>,
        at: Gpa,
        length: usize,
    ) -> Result<(), MediumError> {
        read(self, offset, ram, at, length)
    }

    fn write(
        &mut self,
        offset: u64,
        ram: &GuestRam<'_>,
        at: Gpa,
        length: usize,
    ) -> Result<(), MediumError> {
        let part = (self.get_mut(offset as usize..)).and_then(|rest| rest.get_mut(..length));
        let part = part.ok_or(MediumError)?;
        ram.read(at, part).map_err(|_| MediumError)
    }

    fn flush(&mut self) -> Result<(), MediumError> {
        Ok(())
    }
}

/// A medium in memory that can only be read.
impl Medium for &[u8] {
    fn size(&self) -> u64 {
        self.len() as u64
    }

    fn is_read_only(&self) -> bool {
        true
    }

    fn read(
        &mut self,
        offset: u64,
        ram: &GuestRam<'_>,
        at: Gpa,
        length: usize,
    ) -> Result<(), MediumError> {
        read(self, offset, ram, at, length)
    }

    fn write(&mut self, _: u64, _: &GuestRam<'_>, _: Gpa, _: usize) -> Result<(), MediumError> {
        Err(MediumError)
    }

    fn flush(&mut self) -> Result<(), MediumError> {
        Ok(())
    }
}

fn read(
    medium: &[u8],
    offset: u64,
    ram: &GuestRam<'_>,
    at: Gpa,
    length: usize,
) -> Result<(), MediumError> {
    let part = medium
        .get(offset as usize..)
        .and_then(|rest| rest.get(..length));
    ram.write(at, part.ok_or(MediumError)?)
        .map_err(|_| MediumError)
}
