// SPDX-License-Identifier: BSD-2-Clause
//! Which device may reach which memory: the `<io_address_space>` elements of a system description,
//! for the protection domain that owns the IOMMU.
//!
//! The image tool writes the table at the start of the memory region named [`REGION`]; the rest of the
//! region is zero. Physical addresses are filled in when the system starts, since only then it is
//! known where a region without `phys_addr` lies. Layout: [`Header`], then `devices` [`Device`]s in
//! order of their requester id, then `grants` [`Grant`]s, each device's own in a row and in order of
//! their IOVA.

use core::fmt;

use zerocopy::little_endian::{U16, U32, U64};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use crate::{PAGE_SIZE, take};

/// Name of the memory region that the image tool fills with the table.
pub const REGION: &str = "dma_grants";
/// First word of the table.
pub const MAGIC: u32 = u32::from_le_bytes(*b"DMAG");
/// Raised with every change of the layout.
pub const VERSION: u32 = 1;
/// End of the I/O-virtual addresses, exclusive: 48 bits, the widest second-level table.
pub const IOVA_END: u64 = 1 << 48;

/// Start of the table.
#[derive(Debug, Clone, Copy, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct Header {
    /// [`MAGIC`].
    pub magic: U32,
    /// [`VERSION`].
    pub version: U32,
    /// Number of [`Device`]s.
    pub devices: U32,
    /// Number of [`Grant`]s of all devices together.
    pub grants: U32,
}

/// One `<io_address_space>`.
#[derive(Debug, Clone, Copy, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct Device {
    /// Requester id: bus << 8 | device << 3 | function.
    pub requester: U16,
    /// VT-d domain id, unique in the table.
    pub domain: U16,
    /// Index of the device's first grant.
    pub first_grant: U32,
    /// How many grants follow, 0 for a device that may reach nothing.
    pub grants: U32,
    /// Zero.
    pub reserved: U32,
    /// The element's name: UTF-8, filled up with zeros, cut to this length.
    pub name: [u8; 48],
}

/// One `<iomap>`: memory that a device may reach.
#[derive(Debug, Clone, Copy, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct Grant {
    /// First address as the device sees it, a multiple of 4 KiB.
    pub iova: U64,
    /// First address in physical memory, a multiple of 4 KiB.
    pub paddr: U64,
    /// Bytes, a multiple of 4 KiB, not 0.
    pub len: U64,
    /// [`READ`] and [`WRITE`], at least one.
    pub rights: U32,
    /// Zero.
    pub reserved: U32,
}

/// Bit of [`Grant::rights`]: the device may read.
pub const READ: u32 = 1;
/// Bit of [`Grant::rights`]: the device may write.
pub const WRITE: u32 = 2;

impl Device {
    /// The element's name, as far as it fits.
    pub fn name(&self) -> &str {
        let used = self
            .name
            .iter()
            .position(|&byte| byte == 0)
            .unwrap_or(self.name.len());
        match core::str::from_utf8(&self.name[..used]) {
            Ok(name) => name,
            // A character cut in two at the end.
            Err(error) => {
                core::str::from_utf8(&self.name[..error.valid_up_to()]).unwrap_or_default()
            }
        }
    }
}

/// Byte offset of [`Grant::paddr`] of grant `index` in a table of `devices` devices.
pub const fn paddr_offset(devices: usize, index: usize) -> usize {
    table_len(devices, index) + core::mem::offset_of!(Grant, paddr)
}

/// Bytes that a table takes.
pub const fn table_len(devices: usize, grants: usize) -> usize {
    size_of::<Header>() + devices * size_of::<Device>() + grants * size_of::<Grant>()
}

/// A table whose every field has been checked.
#[derive(Debug, Clone, Copy)]
pub struct Table<'a> {
    devices: &'a [Device],
    grants: &'a [Grant],
}

/// What is wrong with a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Error {
    /// The first word is another one: the region was not filled by the image tool.
    Magic,
    /// Another version's table; the value is that version.
    Version(u32),
    /// The table says it is longer than the memory it lies in.
    Truncated,
    /// A device's grants are not in the table, or a device is listed twice or out of order. The index is the device's.
    Device(u32),
    /// A grant is empty, unaligned, without rights, out of range, or overlaps the one before it. The index is the grant's.
    Grant(u32),
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
            Error::Device(index) => write!(f, "DMA grant table: device {index} is malformed"),
            Error::Grant(index) => write!(f, "DMA grant table: grant {index} is malformed"),
        }
    }
}

impl core::error::Error for Error {}

impl<'a> Table<'a> {
    /// Checks a table; `bytes` may be longer than it.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Error> {
        let (header, rest) = Header::ref_from_prefix(bytes).map_err(|_| Error::Truncated)?;
        if header.magic.get() != MAGIC {
            return Err(Error::Magic);
        }
        if header.version.get() != VERSION {
            return Err(Error::Version(header.version.get()));
        }
        let (devices, rest) = take(rest, header.devices.get()).ok_or(Error::Truncated)?;
        let (grants, _) = take(rest, header.grants.get()).ok_or(Error::Truncated)?;
        let table = Table { devices, grants };
        table.check()?;
        Ok(table)
    }

    fn check(&self) -> Result<(), Error> {
        let mut previous = None;
        for (index, device) in (0..).zip(self.devices) {
            let requester = device.requester.get();
            let grants = self.slice(device).ok_or(Error::Device(index))?;
            if previous.is_some_and(|previous| previous >= requester) {
                return Err(Error::Device(index));
            }
            previous = Some(requester);
            let mut free = 0;
            for (grant, at) in grants.iter().zip(device.first_grant.get()..) {
                free = grant.end_if_valid(free).ok_or(Error::Grant(at))?;
            }
        }
        Ok(())
    }

    fn slice(&self, device: &Device) -> Option<&'a [Grant]> {
        let first = usize::try_from(device.first_grant.get()).ok()?;
        let count = usize::try_from(device.grants.get()).ok()?;
        self.grants.get(first..first.checked_add(count)?)
    }

    /// Every device that is in the table, in order of requester ids.
    pub fn devices(&self) -> &'a [Device] {
        self.devices
    }

    /// What `device`, one of [`Self::devices`], may reach: in order of IOVA, without overlap.
    pub fn grants(&self, device: &Device) -> &'a [Grant] {
        self.slice(device).unwrap_or_default()
    }

    /// The device with a requester id.
    pub fn device(&self, requester: u16) -> Option<&'a Device> {
        let at = self
            .devices
            .binary_search_by_key(&requester, |device| device.requester.get());
        at.ok().map(|index| &self.devices[index])
    }
}

impl Grant {
    /// The end of the IOVA range, if all is in range and it starts at `free` or later.
    fn end_if_valid(&self, free: u64) -> Option<u64> {
        let (iova, paddr, len) = (self.iova.get(), self.paddr.get(), self.len.get());
        let rights = self.rights.get();
        let aligned = (iova | paddr | len).is_multiple_of(PAGE_SIZE);
        let allowed = rights != 0 && rights & !(READ | WRITE) == 0;
        paddr.checked_add(len)?;
        let end = iova.checked_add(len)?;
        (aligned && allowed && len != 0 && iova >= free && end <= IOVA_END).then_some(end)
    }
}

#[cfg(test)]
mod tests;
