// SPDX-License-Identifier: BSD-2-Clause
//! What can be wrong with a device's description of its virtual functions, or with what the
//! system description wants of them.

use core::fmt;

use pci::Bdf;

/// The result of an operation on virtual functions.
pub type Result<T> = core::result::Result<T, Error>;

/// Why virtual functions cannot be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// Configuration space is broken.
    Pci(pci::Error),
    /// The function claims no virtual functions, or fewer than it has at first.
    Counts(Bdf, u16, u16),
    /// More were asked for than there are (or none).
    TooMany(Bdf, u16, u16),
    /// Their routing ids would overlap each other, their physical function, or the end.
    Routing(Bdf, u16, u16),
    /// The function cannot have BARs in steps of 4 KiB.
    PageSize(Bdf),
    /// The system description places no VF BAR with this number, which the function has.
    NotPlaced(Bdf, u8),
    /// The system description places a VF BAR with this number, which the function does not have.
    NoSuchBar(Bdf, u8),
    /// The VF BARs would not all be between 1 MiB and 4 GiB, or not aligned to their size.
    Address(Bdf, u8, u64),
    /// The VF BARs with these numbers would overlap.
    Overlap(Bdf, u8, u8),
    /// Virtual functions are enabled already: disable them first.
    Enabled(Bdf),
    /// The function did not take the number of virtual functions, or did not enable them.
    NotTaken(Bdf),
    /// This virtual function does not answer.
    VfAbsent(Bdf),
}

impl From<pci::Error> for Error {
    fn from(error: pci::Error) -> Self {
        Self::Pci(error)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pci(error) => error.fmt(f),
            Self::Counts(at, initial, total) => {
                write!(f, "{at}: claims {initial} virtual functions of {total}")
            }
            Self::TooMany(at, wanted, total) => {
                write!(
                    f,
                    "{at}: {wanted} virtual functions wanted, has 1 to {total}"
                )
            }
            Self::Routing(at, first, stride) => write!(
                f,
                "{at}: virtual functions cannot be at offset {first} in steps of {stride}"
            ),
            Self::PageSize(at) => write!(f, "{at}: does not know pages of 4 KiB"),
            Self::NotPlaced(at, bar) => write!(f, "{at}: VF BAR {bar} needs an address"),
            Self::NoSuchBar(at, bar) => write!(f, "{at}: has no VF BAR {bar} to be placed"),
            Self::Address(at, bar, address) => write!(
                f,
                "{at}: VF BAR {bar} cannot be at {address:#x}: all of it must be between 1 MiB and 4 GiB, aligned to its size"
            ),
            Self::Overlap(at, a, b) => write!(f, "{at}: VF BARs {a} and {b} overlap"),
            Self::Enabled(at) => write!(f, "{at}: its virtual functions are enabled already"),
            Self::NotTaken(at) => write!(f, "{at}: does not enable its virtual functions"),
            Self::VfAbsent(at) => write!(f, "{at}: this virtual function does not answer"),
        }
    }
}

impl core::error::Error for Error {}
