// SPDX-License-Identifier: BSD-2-Clause
//! The remapping structures of a DMAR table (§8.2 to §8.9).

use core::fmt;

use crate::bytes::Bytes;
use crate::scope::Scopes;
use crate::{DmarError, PAGE_BYTES};

/// Type and length.
const HEADER: usize = 4;

/// A structure with its offset in the table.
#[derive(Clone, Copy, Debug)]
pub enum Structure<'a> {
    /// DRHD: a remapping unit.
    Unit(Drhd<'a>),
    /// RMRR: memory that firmware keeps for devices.
    Reserved(Rmrr<'a>),
    /// ATSR: root ports that pass address-translation requests of device TLBs.
    DeviceTlbPorts(Atsr<'a>),
    /// RHSA: where a unit is, for placing its tables near.
    Affinity(Rhsa<'a>),
    /// ANDD: a device of the ACPI namespace. Its number and name do not matter here.
    NamespaceDevice(usize),
    /// SATC: devices on the chip with device TLBs.
    ChipDevices(Satc<'a>),
    /// SIDP: properties of devices on the chip, for scalable mode.
    ChipProperties(usize),
    /// A kind that this crate does not know: offset and type.
    Unknown(usize, u16),
}

macro_rules! body {
    ($(#[$doc:meta])* $name:ident, $scopes:expr) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub struct $name<'a> {
            bytes: Bytes<'a>,
            offset: usize,
        }

        impl<'a> $name<'a> {
            /// The devices named.
            pub fn scopes(&self) -> Scopes<'a> {
                Scopes::new(self.bytes.rest($scopes))
            }

            fn check_scopes(&self) -> Result<(), DmarError> {
                let long_enough = self.bytes.0.len() >= $scopes;
                if !long_enough {
                    return Err(DmarError::Structure(self.offset));
                }
                if self.scopes().sound() { Ok(()) } else { Err(DmarError::DeviceScope(self.offset)) }
            }
        }
    };
}

body!(
    /// A remapping unit (§8.3).
    Drhd, 16
);
body!(
    /// A reserved region (§8.4).
    Rmrr, 24
);
body!(
    /// Root ports with address translation services (§8.5).
    Atsr, 8
);
body!(
    /// Devices on the chip with address translation services (§8.8).
    Satc, 8
);

impl Drhd<'_> {
    /// Every device of the segment that no other unit names is behind this one.
    pub fn all_others(&self) -> bool {
        self.bytes.u8(4).unwrap_or(0) & 1 != 0
    }

    /// Bytes of its registers.
    pub fn register_bytes(&self) -> u64 {
        PAGE_BYTES << (self.bytes.u8(5).unwrap_or(0) & 0xf)
    }

    /// Its PCI segment.
    pub fn segment(&self) -> u16 {
        self.bytes.u16(6).unwrap_or(0)
    }

    /// The physical address of its registers.
    pub fn registers(&self) -> u64 {
        self.bytes.u64(8).unwrap_or(0)
    }

    fn sound(&self) -> bool {
        let base = self.registers();
        base != 0 && base.is_multiple_of(PAGE_BYTES)
    }
}

impl Rmrr<'_> {
    /// The segment of its devices.
    pub fn segment(&self) -> u16 {
        self.bytes.u16(6).unwrap_or(0)
    }

    /// The physical address of the first byte.
    pub fn base(&self) -> u64 {
        self.bytes.u64(8).unwrap_or(0)
    }

    /// The physical address of the last byte.
    pub fn limit(&self) -> u64 {
        self.bytes.u64(16).unwrap_or(0)
    }

    fn sound(&self) -> bool {
        let (base, limit) = (self.base(), self.limit());
        base.is_multiple_of(PAGE_BYTES)
            && limit & (PAGE_BYTES - 1) == PAGE_BYTES - 1
            && base < limit
    }
}

impl fmt::Display for Rmrr<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (base, limit) = (self.base(), self.limit());
        write!(f, "firmware reserved memory {base:#x} to {limit:#x}")
    }
}

impl Atsr<'_> {
    /// All root ports of the segment pass translation requests.
    pub fn all_ports(&self) -> bool {
        self.bytes.u8(4).unwrap_or(0) & 1 != 0
    }

    /// Its segment.
    pub fn segment(&self) -> u16 {
        self.bytes.u16(6).unwrap_or(0)
    }
}

impl Satc<'_> {
    /// The devices do not work without their device TLBs.
    pub fn required(&self) -> bool {
        self.bytes.u8(4).unwrap_or(0) & 1 != 0
    }

    /// Its segment.
    pub fn segment(&self) -> u16 {
        self.bytes.u16(6).unwrap_or(0)
    }
}

/// The proximity domain of a unit (§8.6).
#[derive(Clone, Copy, Debug)]
pub struct Rhsa<'a> {
    bytes: Bytes<'a>,
    offset: usize,
}

impl Rhsa<'_> {
    /// The physical address of the unit's registers.
    pub fn registers(&self) -> u64 {
        self.bytes.u64(8).unwrap_or(0)
    }

    /// The proximity domain.
    pub fn proximity(&self) -> u32 {
        self.bytes.u32(16).unwrap_or(0)
    }
}

impl Structure<'_> {
    /// Checks what the length of the structure alone does not tell.
    pub(super) fn check(&self) -> Result<(), DmarError> {
        match self {
            Self::Unit(unit) => {
                unit.check_scopes()?;
                if unit.sound() {
                    Ok(())
                } else {
                    Err(DmarError::Registers(unit.offset))
                }
            }
            Self::Reserved(region) => {
                region.check_scopes()?;
                if region.sound() {
                    Ok(())
                } else {
                    Err(DmarError::Region(region.offset))
                }
            }
            Self::DeviceTlbPorts(ports) => ports.check_scopes(),
            Self::ChipDevices(devices) => devices.check_scopes(),
            Self::Affinity(affinity) if affinity.bytes.0.len() < 20 => {
                Err(DmarError::Structure(affinity.offset))
            }
            _ => Ok(()),
        }
    }
}

/// The structures of a table. Ends early at one whose length is impossible.
#[derive(Clone, Copy, Debug)]
pub struct Structures<'a> {
    bytes: Bytes<'a>,
    offset: usize,
}

impl<'a> Structures<'a> {
    pub(super) fn new(table: Bytes<'a>, offset: usize) -> Self {
        Self {
            bytes: table,
            offset,
        }
    }

    /// Where the next structure is.
    pub(super) fn offset(&self) -> usize {
        self.offset
    }
}

impl<'a> Iterator for Structures<'a> {
    type Item = Structure<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        let offset = self.offset;
        let kind = self.bytes.u16(offset)?;
        let length = usize::from(self.bytes.u16(offset + 2)?);
        if length < HEADER {
            return None;
        }
        let bytes = self.bytes.part(offset, length)?;
        self.offset += length;
        Some(match kind {
            0 => Structure::Unit(Drhd { bytes, offset }),
            1 => Structure::Reserved(Rmrr { bytes, offset }),
            2 => Structure::DeviceTlbPorts(Atsr { bytes, offset }),
            3 => Structure::Affinity(Rhsa { bytes, offset }),
            4 => Structure::NamespaceDevice(offset),
            5 => Structure::ChipDevices(Satc { bytes, offset }),
            6 => Structure::ChipProperties(offset),
            other => Structure::Unknown(offset, other),
        })
    }
}
