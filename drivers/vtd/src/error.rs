// SPDX-License-Identifier: BSD-2-Clause
//! What can go wrong, told apart by whose fault it is.

use core::fmt;

use crate::{Bdf, DomainId, Hpa, Iova, Missing};

/// The result of a driver operation.
pub type Result<T> = core::result::Result<T, Error>;

/// Why an operation was refused or failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// The unit lacks something that this driver cannot do without.
    Missing(Missing),
    /// The unit cannot post interrupts.
    NoPosting,
    /// No table memory is left.
    OutOfMemory,
    /// All domain ids (or all units) are in use.
    OutOfIds,
    /// No unit, domain or interrupt entry has this number.
    NoSuch,
    /// An address or length is not a multiple of 4 KiB, is zero, or wraps around.
    Unaligned,
    /// The device-side range does not fit the width of the domain, or holds the interrupt range
    /// 0xfee00000 to 0xfeefffff.
    IovaRange(Iova),
    /// The host-side range is beyond what the platform addresses, or holds the interrupt range.
    HpaRange(Hpa),
    /// Something is mapped in the range already.
    Overlap(Iova),
    /// The range begins or ends inside a larger page; it must be revoked as it was granted.
    SplitsPage(Iova),
    /// The device is attached to a domain.
    Attached(Bdf, DomainId),
    /// The device is not attached to this domain.
    NotAttached(Bdf),
    /// The domain still has devices.
    DomainInUse(DomainId),
    /// The interrupt entry is bound, to this source.
    Bound(u16, Bdf),
    /// The interrupt entry is not bound.
    NotBound(u16),
    /// The interrupt entry is blocked: its device is in quarantine.
    Blocked(u16),
    /// A vector below 16, an APIC id that the mode cannot express, or a descriptor address that
    /// is not a multiple of 64.
    InterruptTarget,
    /// A global command did not take effect: these status bits (of GSTS) did not follow.
    Stuck(u32),
    /// The invalidation queue refused a descriptor; its low word.
    BadDescriptor(u64),
    /// Invalidations timed out (ITE) or completed wrongly (ICE) again and again.
    InvalidationFailed,
    /// The invalidation queue makes no progress.
    QueueStalled,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(what) => what.fmt(f),
            Self::NoPosting => f.write_str("the IOMMU cannot post interrupts (CAP.PI)"),
            Self::OutOfMemory => f.write_str("no memory left for IOMMU tables"),
            Self::OutOfIds => f.write_str("all domain or unit numbers are in use"),
            Self::NoSuch => f.write_str("no such unit, domain or interrupt entry"),
            Self::Unaligned => f.write_str("address or length is not a positive multiple of 4 KiB"),
            Self::IovaRange(at) => write!(f, "device address {at} is outside the domain's range"),
            Self::HpaRange(at) => write!(f, "memory address {at} cannot be given to a device"),
            Self::Overlap(at) => write!(f, "device address {at} is mapped already"),
            Self::SplitsPage(at) => write!(f, "device address {at} is inside a larger page"),
            Self::Attached(bdf, id) => write!(f, "{bdf} is attached to domain {}", id.0),
            Self::NotAttached(bdf) => write!(f, "{bdf} is not attached to this domain"),
            Self::DomainInUse(id) => write!(f, "domain {} still has devices", id.0),
            Self::Bound(index, bdf) => write!(f, "interrupt entry {index} belongs to {bdf}"),
            Self::NotBound(index) => write!(f, "interrupt entry {index} is not bound"),
            Self::Blocked(index) => write!(f, "interrupt entry {index} is blocked"),
            Self::InterruptTarget => {
                f.write_str("impossible vector, APIC id or descriptor address")
            }
            Self::Stuck(bits) => write!(f, "the IOMMU ignores a global command (GSTS {bits:#x})"),
            Self::BadDescriptor(low) => write!(f, "the IOMMU refused invalidation {low:#x}"),
            Self::InvalidationFailed => f.write_str("invalidations time out repeatedly"),
            Self::QueueStalled => f.write_str("the invalidation queue makes no progress"),
        }
    }
}

impl core::error::Error for Error {}
