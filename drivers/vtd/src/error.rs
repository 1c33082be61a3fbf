// SPDX-License-Identifier: BSD-2-Clause
//! What can go wrong, told apart by whose fault it is. The first line of each kind's documentation
//! is its message.

use displaydoc::Display;

use crate::{Bdf, DomainId, Hpa, Iova, Missing};

/// The result of a driver operation.
pub type Result<T> = core::result::Result<T, Error>;

/// Why an operation was refused or failed.
#[derive(Clone, Copy, Debug, Display, PartialEq, Eq)]
#[ignore_extra_doc_attributes]
pub enum Error {
    /// {0}
    ///
    /// The unit lacks something that this driver cannot do without.
    Missing(Missing),
    /// the IOMMU cannot post interrupts (CAP.PI)
    NoPosting,
    /// no memory left for IOMMU tables
    OutOfMemory,
    /// all domain or unit numbers are in use
    OutOfIds,
    /// no such unit, domain or interrupt entry
    NoSuch,
    /// address or length is not a positive multiple of 4 KiB
    ///
    /// Or they wrap around.
    Unaligned,
    /// device address {0} is outside the domain's range
    ///
    /// The range does not fit the width of the domain, or holds the interrupt range 0xfee00000 to
    /// 0xfeefffff.
    IovaRange(Iova),
    /// memory address {0} cannot be given to a device
    ///
    /// The range is beyond what the platform addresses, or holds the interrupt range.
    HpaRange(Hpa),
    /// device address {0} is mapped already
    Overlap(Iova),
    /// device address {0} is inside a larger page
    ///
    /// The range begins or ends there; it must be revoked as it was granted.
    SplitsPage(Iova),
    /// {0} is attached to domain {1}
    Attached(Bdf, DomainId),
    /// {0} is not attached to this domain
    NotAttached(Bdf),
    /// domain {0} still has devices
    DomainInUse(DomainId),
    /// interrupt entry {0} belongs to {1}
    Bound(u16, Bdf),
    /// interrupt entry {0} is not bound
    NotBound(u16),
    /// interrupt entry {0} is blocked
    ///
    /// Its device is in quarantine.
    Blocked(u16),
    /// impossible vector, APIC id or descriptor address
    ///
    /// A vector below 16, an APIC id that the mode cannot express, or a descriptor address that is
    /// not a multiple of 64.
    InterruptTarget,
    /// the IOMMU ignores a global command (GSTS {0:#x})
    ///
    /// These status bits did not follow.
    Stuck(u32),
    /// the IOMMU refused invalidation {0:#x}
    ///
    /// The low word of the descriptor.
    BadDescriptor(u64),
    /// invalidations time out repeatedly
    ///
    /// They timed out (ITE) or completed wrongly (ICE) again and again.
    InvalidationFailed,
    /// the invalidation queue makes no progress
    QueueStalled,
}

impl core::error::Error for Error {}
