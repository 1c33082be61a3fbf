// SPDX-License-Identifier: BSD-2-Clause
//! How a guest's driver can break the rules.

use core::fmt;

use vmm_base::{Gpa, OutOfRange};

/// A rule of the specification that a guest's driver broke. Its device then stops until the driver
/// resets it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Violation {
    /// A queue's size is no power of two, or more than the device allows.
    QueueSize(u16),
    /// A part of a queue is at an address that is not aligned as it must be.
    QueueAlignment(Gpa),
    /// A part of a queue, a table or a buffer is not in the guest's memory.
    Memory(OutOfRange),
    /// The index of the available ring is further on than the queue is long.
    AvailableIndex {
        /// What the driver wrote.
        index: u16,
        /// How far the device is.
        at: u16,
    },
    /// A descriptor's number is not smaller than the length of its table.
    DescriptorIndex {
        /// The number.
        index: u16,
        /// Entries of the table.
        table: u16,
    },
    /// A chain comes back to where it was.
    Loop,
    /// A chain has more descriptors than the device takes.
    ChainLength,
    /// A chain's buffers are more than 4 GiB together.
    ChainBytes,
    /// A buffer for the device to read comes after one to write.
    Order,
    /// A table of indirect descriptors, without the feature.
    IndirectFeature,
    /// A descriptor that refers to a table and has a successor, or is in a table itself.
    IndirectNested,
    /// A table whose length is 0, no multiple of 16 bytes, or more than the device takes.
    IndirectLength(u32),
    /// A buffer is too short for what the device has to read from it or to write to it.
    BufferLength {
        /// Bytes that it has.
        length: usize,
        /// Bytes that it must have.
        needed: usize,
    },
}

impl From<OutOfRange> for Violation {
    fn from(error: OutOfRange) -> Self {
        Self::Memory(error)
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::QueueSize(size) => write!(f, "a queue cannot have {size} entries"),
            Self::QueueAlignment(at) => write!(f, "a queue cannot be at {at}: not aligned"),
            Self::Memory(error) => error.fmt(f),
            Self::AvailableIndex { index, at } => {
                write!(f, "available index {index} is too far from {at}")
            }
            Self::DescriptorIndex { index, table } => {
                write!(f, "there is no descriptor {index} among {table}")
            }
            Self::Loop => f.write_str("a chain of descriptors is a loop"),
            Self::ChainLength => f.write_str("a chain has too many descriptors"),
            Self::ChainBytes => f.write_str("a chain has more than 4 GiB"),
            Self::Order => f.write_str("a buffer to read comes after one to write"),
            Self::IndirectFeature => f.write_str("an indirect table without the feature"),
            Self::IndirectNested => f.write_str("an indirect table is not the end of a chain"),
            Self::IndirectLength(bytes) => {
                write!(f, "an indirect table cannot have {bytes} bytes")
            }
            Self::BufferLength { length, needed } => {
                write!(f, "a buffer of {length} bytes, {needed} are needed")
            }
        }
    }
}

impl core::error::Error for Violation {}
