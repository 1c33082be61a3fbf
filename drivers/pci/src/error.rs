// SPDX-License-Identifier: BSD-2-Clause
//! What can be wrong with a function, or with what it is asked to do.

use core::fmt;

use crate::Bdf;

/// The result of an operation on configuration space.
pub type Result<T> = core::result::Result<T, Error>;

/// Why an operation was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// No function answers.
    Absent(Bdf),
    /// The list of capabilities leads back to this offset.
    CapabilityLoop(Bdf, u16),
    /// A capability claims to be at this offset, where none can be.
    CapabilityOffset(Bdf, u16),
    /// The function lacks the capability with this name.
    NoCapability(Bdf, &'static str),
    /// The BAR with this number has a reserved type, an impossible size, or no upper half.
    BadBar(Bdf, u8),
    /// The function has no memory BAR with this number.
    NoSuchBar(Bdf, u8),
    /// The address is not a multiple of the BAR's size, or zero, or beyond what it can hold.
    BarAddress(Bdf, u8, u64),
    /// The MSI-X table or pending bits are not inside a memory BAR of the function.
    MsiXLocation(Bdf),
    /// The function has no interrupt vector with this number.
    NoSuchVector(Bdf, u16),
    /// The function cannot be reset alone (no function-level reset).
    NoFunctionReset(Bdf),
    /// The function did not answer within a second of its reset.
    ResetTimeout(Bdf),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent(at) => write!(f, "{at}: no function answers"),
            Self::CapabilityLoop(at, offset) => {
                write!(f, "{at}: the capability list loops at {offset:#x}")
            }
            Self::CapabilityOffset(at, offset) => {
                write!(f, "{at}: the capability list leads to {offset:#x}")
            }
            Self::NoCapability(at, name) => write!(f, "{at}: has no {name} capability"),
            Self::BadBar(at, bar) => write!(f, "{at}: BAR {bar} describes itself impossibly"),
            Self::NoSuchBar(at, bar) => write!(f, "{at}: has no memory BAR {bar}"),
            Self::BarAddress(at, bar, address) => write!(
                f,
                "{at}: BAR {bar} cannot be at {address:#x}: give it a multiple of its size, below 4 GiB if it is a 32-bit BAR"
            ),
            Self::MsiXLocation(at) => {
                write!(f, "{at}: its MSI-X table is not inside one of its BARs")
            }
            Self::NoSuchVector(at, vector) => write!(f, "{at}: has no interrupt vector {vector}"),
            Self::NoFunctionReset(at) => write!(f, "{at}: cannot be reset alone (no FLR)"),
            Self::ResetTimeout(at) => write!(f, "{at}: did not come back from its reset"),
        }
    }
}

impl core::error::Error for Error {}
