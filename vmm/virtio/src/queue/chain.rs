// SPDX-License-Identifier: BSD-2-Clause
//! A chain of buffers that a driver made available.

use vmm_base::{Gpa, GuestRam};

use super::descriptor::{self, Descriptor};
use crate::Violation;

/// The most buffers of one chain.
pub const MAX_BUFFERS: usize = 256;

/// A part of the guest's memory. It was in the guest's memory when it was put into a chain, and the
/// memory does not become smaller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Piece {
    /// Where it starts.
    pub at: Gpa,
    /// Its bytes.
    pub length: usize,
}

/// How far reading or writing is.
#[derive(Debug, Clone, Copy, Default)]
struct Cursor {
    /// The buffer.
    buffer: usize,
    /// Bytes of it that are done.
    offset: usize,
    /// Bytes left in it and in those that follow.
    left: usize,
}

/// A chain: some buffers that the device reads, then some that it writes. Holding one means that its
/// descriptors were read, once, and obeyed every rule.
///
/// It has room for the longest, so it is not small: a device has one, and uses it again and again.
#[derive(Debug)]
pub struct Chain {
    head: u16,
    buffers: [Piece; MAX_BUFFERS],
    count: usize,
    reader: Cursor,
    writer: Cursor,
    /// How many of the buffers are to be read.
    readable: usize,
    written: u32,
    /// Something to be written was left out.
    gap: bool,
}

/// The table that a descriptor stands in.
struct Table {
    at: Gpa,
    entries: u16,
    is_indirect: bool,
}

impl Default for Chain {
    fn default() -> Self {
        Self::new()
    }
}

impl Chain {
    /// A chain without buffers.
    pub const fn new() -> Self {
        const START: Cursor = Cursor {
            buffer: 0,
            offset: 0,
            left: 0,
        };
        Self {
            head: 0,
            buffers: [Piece {
                at: Gpa(0),
                length: 0,
            }; MAX_BUFFERS],
            count: 0,
            reader: START,
            writer: START,
            readable: 0,
            written: 0,
            gap: false,
        }
    }

    /// Makes it the chain that starts with descriptor `head` of the table at `table`, which has
    /// `entries`. `indirect`: may it have an indirect table?
    pub(super) fn collect(
        &mut self,
        ram: &GuestRam<'_>,
        table: Gpa,
        entries: u16,
        head: u16,
        indirect: bool,
    ) -> Result<(), Violation> {
        self.head = head;
        (self.count, self.readable, self.written) = (0, 0, 0);
        self.gap = false;
        (self.reader, self.writer) = (Cursor::default(), Cursor::default());
        let mut table = Table {
            at: table,
            entries,
            is_indirect: false,
        };
        let (mut index, mut seen) = (head, 0);
        loop {
            if index >= table.entries {
                return Err(Violation::DescriptorIndex {
                    index,
                    table: table.entries,
                });
            }
            // Each entry can be in the chain once.
            if seen == table.entries {
                return Err(Violation::Loop);
            }
            seen += 1;
            let descriptor = Descriptor::read(ram, table.at, index)?;
            if descriptor.is_indirect() {
                table = Self::enter(ram, &table, &descriptor, indirect)?;
                (index, seen) = (0, 0);
                continue;
            }
            self.add(ram, &descriptor)?;
            match descriptor.next() {
                Some(next) => index = next,
                None => break,
            }
        }
        self.writer.buffer = self.readable;
        Ok(())
    }

    /// The table that `descriptor` refers to: virtio 1.2 §2.7.5.3.
    fn enter(
        ram: &GuestRam<'_>,
        from: &Table,
        descriptor: &Descriptor,
        indirect: bool,
    ) -> Result<Table, Violation> {
        if !indirect {
            return Err(Violation::IndirectFeature);
        }
        if from.is_indirect || descriptor.next().is_some() {
            return Err(Violation::IndirectNested);
        }
        let entries = descriptor.length / descriptor::BYTES;
        if !descriptor.length.is_multiple_of(descriptor::BYTES)
            || !(1..=MAX_BUFFERS as u32).contains(&entries)
        {
            return Err(Violation::IndirectLength(descriptor.length));
        }
        require(ram, descriptor.at, descriptor.length as usize)?;
        Ok(Table {
            at: descriptor.at,
            entries: entries as u16,
            is_indirect: true,
        })
    }

    fn add(&mut self, ram: &GuestRam<'_>, descriptor: &Descriptor) -> Result<(), Violation> {
        let length = descriptor.length as usize;
        require(ram, descriptor.at, length)?;
        if !descriptor.is_writable() && self.readable != self.count {
            return Err(Violation::Order);
        }
        let free = self.buffers.get_mut(self.count);
        *free.ok_or(Violation::ChainLength)? = Piece {
            at: descriptor.at,
            length,
        };
        self.count += 1;
        let cursor = if descriptor.is_writable() {
            &mut self.writer
        } else {
            self.readable += 1;
            &mut self.reader
        };
        // At most 256 times 4 GiB.
        cursor.left += length;
        if self.reader.left + self.writer.left > u32::MAX as usize {
            return Err(Violation::ChainBytes);
        }
        Ok(())
    }

    /// The number of its first descriptor, which is its name.
    pub fn head(&self) -> u16 {
        self.head
    }

    /// Bytes that are there to be read still.
    pub fn readable(&self) -> usize {
        self.reader.left
    }

    /// Bytes that there is room to write still.
    pub fn writable(&self) -> usize {
        self.writer.left
    }

    /// Bytes that were written, from the first on without a gap.
    pub fn written(&self) -> u32 {
        self.written
    }

    /// The next piece to read, of `most` bytes at most. `None` if there is nothing more, or `most` is 0.
    pub fn next_readable(&mut self, most: usize) -> Option<Piece> {
        self.reader.advance(&self.buffers[..self.readable], most)
    }

    /// The next piece to write, which the caller does; as [`next_readable`](Self::next_readable).
    pub fn next_writable(&mut self, most: usize) -> Option<Piece> {
        let piece = self.writer.advance(&self.buffers[..self.count], most)?;
        if !self.gap {
            self.written += piece.length as u32;
        }
        Some(piece)
    }

    /// Leaves out all that is left to write but the last byte.
    pub fn skip_to_last_byte(&mut self) {
        let buffers = &self.buffers[..self.count];
        while let Some(most) = self.writer.left.checked_sub(1) {
            if self.writer.advance(buffers, most).is_none() {
                break;
            }
            self.gap = true;
        }
    }

    /// Reads on. Returns how many bytes there were.
    ///
    /// # Errors
    ///
    /// None that a guest could cause; see [`Piece`].
    pub fn read(&mut self, ram: &GuestRam<'_>, mut into: &mut [u8]) -> Result<usize, Violation> {
        let mut count = 0;
        while let Some(piece) = self.next_readable(into.len()) {
            let (part, rest) = into.split_at_mut(piece.length);
            ram.read(piece.at, part)?;
            (into, count) = (rest, count + piece.length);
        }
        Ok(count)
    }

    /// Writes on. Returns how many bytes there was room for.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read).
    pub fn write(&mut self, ram: &GuestRam<'_>, mut from: &[u8]) -> Result<usize, Violation> {
        let mut count = 0;
        while let Some(piece) = self.next_writable(from.len()) {
            let (part, rest) = from.split_at(piece.length);
            ram.write(piece.at, part)?;
            (from, count) = (rest, count + piece.length);
        }
        Ok(count)
    }
}

impl Cursor {
    fn advance(&mut self, buffers: &[Piece], most: usize) -> Option<Piece> {
        if most == 0 {
            return None;
        }
        loop {
            let buffer = buffers.get(self.buffer)?;
            let left = buffer.length - self.offset;
            if left == 0 {
                (self.buffer, self.offset) = (self.buffer + 1, 0);
                continue;
            }
            let length = left.min(most);
            let at = Gpa(buffer.at.0 + self.offset as u64);
            (self.offset, self.left) = (self.offset + length, self.left - length);
            return Some(Piece { at, length });
        }
    }
}

/// Is that in the guest's memory?
pub(super) fn require(ram: &GuestRam<'_>, at: Gpa, length: usize) -> Result<(), Violation> {
    if ram.contains(at, length) {
        Ok(())
    } else {
        Err(Violation::Memory(vmm_base::OutOfRange { at, length }))
    }
}
