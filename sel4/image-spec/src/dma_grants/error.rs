// SPDX-License-Identifier: BSD-2-Clause
//! What can be wrong with a table.

use core::fmt;

use super::{REGION, VERSION};

/// What is wrong with a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Error {
    /// The first word is another one: the region was not filled by the image tool.
    Magic,
    /// Another version's table; the value is that version.
    Version(u32),
    /// The table says it is longer than the memory it lies in.
    Truncated,
    /// A flag is unknown.
    Flags(u32),
    /// The memory for the IOMMU's own tables is unaligned or out of range.
    Tables,
    /// A device's grants are not in the table, or a device is listed twice or out of order. The index is the device's.
    Device(u32),
    /// A grant is empty, unaligned, without rights, out of range, or overlaps the one before it. The index is the grant's.
    Grant(u32),
    /// An interrupt is out of range, or an entry is listed twice or out of order. The index is the interrupt's in the list.
    Interrupt(u32),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Magic => write!(
                f,
                "no DMA grant table found (was region '{REGION}' mapped?)"
            ),
            Error::Version(version) => {
                write!(
                    f,
                    "DMA grant table of version {version}, expected {VERSION}"
                )
            }
            Error::Truncated => write!(f, "DMA grant table longer than its region"),
            Error::Flags(flags) => write!(f, "DMA grant table: unknown flags {flags:#x}"),
            Error::Tables => write!(f, "DMA grant table: the IOMMU's own memory is malformed"),
            Error::Device(index) => write!(f, "DMA grant table: device {index} is malformed"),
            Error::Grant(index) => write!(f, "DMA grant table: grant {index} is malformed"),
            Error::Interrupt(index) => {
                write!(f, "DMA grant table: interrupt {index} is malformed")
            }
        }
    }
}

impl core::error::Error for Error {}
