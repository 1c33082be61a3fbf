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

/// A medium in memory of this program, which others may read or write at any time.
#[derive(Debug, Clone, Copy)]
pub struct MemoryMedium<'a> {
    memory: GuestRam<'a>,
    read_only: bool,
}

impl<'a> MemoryMedium<'a> {
    /// All of `memory`, which is never written if it is `read_only`.
    pub const fn new(memory: GuestRam<'a>, read_only: bool) -> Self {
        Self { memory, read_only }
    }
}

impl Medium for MemoryMedium<'_> {
    fn size(&self) -> u64 {
        self.memory.size() as u64
    }

    fn is_read_only(&self) -> bool {
        self.read_only
    }

    fn read(
        &mut self,
        offset: u64,
        ram: &GuestRam<'_>,
        at: Gpa,
        length: usize,
    ) -> Result<(), MediumError> {
        let copied = ram.copy_from(at, &self.memory, Gpa(offset), length);
        copied.map_err(|_| MediumError)
    }

    fn write(
        &mut self,
        offset: u64,
        ram: &GuestRam<'_>,
        at: Gpa,
        length: usize,
    ) -> Result<(), MediumError> {
        if self.read_only {
            return Err(MediumError);
        }
        let copied = self.memory.copy_from(Gpa(offset), ram, at, length);
        copied.map_err(|_| MediumError)
    }

    fn flush(&mut self) -> Result<(), MediumError> {
        Ok(())
    }
}
