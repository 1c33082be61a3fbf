// SPDX-License-Identifier: BSD-2-Clause
//! Why a physical function, or one of its virtual functions, cannot be used.

use core::fmt;

use pci::Bdf;

/// The reason, for the console.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Problem {
    /// DMA and interrupts of this machine are not guarded.
    Unguarded,
    /// No function answers.
    Missing,
    /// Another device is there: its vendor and device id.
    WrongDevice(u16, u16),
    /// The protection domain was not given the registers or the memory that the driver needs.
    NotMapped(&'static str),
    /// This BAR has so many bytes, and the system description reckons with so many.
    BarSize(&'static str, u8, u64, u64),
    /// Virtual function `.0` is at `.1`, while the system description says `.2`.
    Elsewhere(u8, Option<Bdf>, Bdf),
    /// Configuration space is not as it should be.
    Pci(pci::Error),
    /// The virtual functions cannot be enabled.
    Sriov(sriov::Error),
    /// The network card does not start.
    Igb(igb::Failure),
    /// The NVMe controller does not start, or cannot do what it must.
    Nvme(nvme::Error),
    /// The IOMMU manager refused this request.
    Iommu(&'static str, iommu_manager_interface::Error),
    /// The IOMMU manager says that the function still reaches something.
    StillBound,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unguarded => f.write_str("the IOMMU manager does not guard it"),
            Self::Missing => f.write_str("no function answers"),
            Self::WrongDevice(vendor, device) => {
                write!(f, "another device is there, {vendor:04x}:{device:04x}")
            }
            Self::NotMapped(what) => write!(f, "system.xml maps no {what} for it"),
            Self::BarSize(whose, bar, has, expected) => write!(
                f,
                "{whose} {bar} has {has:#x} bytes, while system.xml reckons with {expected:#x}"
            ),
            Self::Elsewhere(vf, Some(at), said) => write!(
                f,
                "virtual function {vf} is {at}, while system.xml says {said}"
            ),
            Self::Elsewhere(vf, None, said) => write!(
                f,
                "there is no virtual function {vf}, while system.xml says that it is {said}"
            ),
            Self::Pci(error) => error.fmt(f),
            Self::Sriov(error) => error.fmt(f),
            Self::Igb(failure) => failure.fmt(f),
            Self::Nvme(error) => error.fmt(f),
            Self::Iommu(what, error) => write!(f, "{what}: {error}"),
            Self::StillBound => f.write_str("the IOMMU manager says that it is still attached"),
        }
    }
}

impl core::error::Error for Problem {}

impl From<pci::Error> for Problem {
    fn from(error: pci::Error) -> Self {
        Self::Pci(error)
    }
}

impl From<sriov::Error> for Problem {
    fn from(error: sriov::Error) -> Self {
        Self::Sriov(error)
    }
}

impl From<igb::Failure> for Problem {
    fn from(failure: igb::Failure) -> Self {
        Self::Igb(failure)
    }
}

impl From<nvme::Error> for Problem {
    fn from(error: nvme::Error) -> Self {
        Self::Nvme(error)
    }
}
