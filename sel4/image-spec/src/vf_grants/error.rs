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
    /// A function has a value out of range, or is listed twice or out of order. The index is the function's.
    Function(u32),
    /// A grant has a value out of range, is listed twice or out of order, or shares its channel with an earlier one. The index is the grant's.
    Grant(u32),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Magic => write!(f, "no VF grant table found (was region '{REGION}' mapped?)"),
            Error::Version(version) => {
                write!(f, "VF grant table of version {version}, expected {VERSION}")
            }
            Error::Truncated => write!(f, "VF grant table longer than its region"),
            Error::Function(index) => write!(f, "VF grant table: function {index} is malformed"),
            Error::Grant(index) => write!(f, "VF grant table: grant {index} is malformed"),
        }
    }
}

impl core::error::Error for Error {}
