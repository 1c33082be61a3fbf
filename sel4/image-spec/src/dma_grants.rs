// SPDX-License-Identifier: BSD-2-Clause
//! Which device may reach which memory and raise which interrupt, for the protection domain that owns
//! the IOMMU: the `<io_address_space>` and `<irq>` elements of a system description.
//!
//! The image tool writes the table at the start of the memory region named [`REGION`]; the rest of the
//! region is zero. Physical addresses and [`Header::flags`] are filled in when the system starts, since
//! only then it is known where a region without `phys_addr` lies and what the machine can do. Layout:
//! [`Header`], then `devices` [`Device`]s in order of their requester id, then `grants` [`Grant`]s, each
//! device's own in a row and in order of their IOVA, then `interrupts` [`Interrupt`]s in order of their
//! index.

mod error;
mod table;

use zerocopy::little_endian::{U16, U32, U64};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

pub use error::Error;
pub use table::Table;

use crate::{NAME, name};

/// Name of the memory region that the image tool fills with the table.
pub const REGION: &str = "dma_grants";
/// Name of the memory region for the IOMMU's own tables: RAM in one piece, whose place the header tells.
pub const TABLES_REGION: &str = "iommu_tables";
/// Name of the memory region that gets the ACPI table DMAR when the system starts; all zero where the
/// machine has none.
pub const DMAR_REGION: &str = "acpi_dmar";
/// First word of the table.
pub const MAGIC: u32 = u32::from_le_bytes(*b"DMAG");
/// Raised with every change of the layout.
pub const VERSION: u32 = 2;
/// End of the I/O-virtual addresses, exclusive: 48 bits, the widest second-level table.
pub const IOVA_END: u64 = 1 << 48;
/// The CPU's vector of seL4's interrupt 0.
pub const FIRST_VECTOR: u8 = 0x30;
/// The CPU's vector of the last interrupt that seL4 gives to user level.
pub const LAST_VECTOR: u8 = FIRST_VECTOR + 107;
/// Pins of an IOAPIC.
pub const IOAPIC_PINS: u8 = 24;

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
    /// Number of [`Interrupt`]s.
    pub interrupts: U32,
    /// [`IOAPIC_REMAPPED`] or nothing.
    pub flags: U32,
    /// Physical address of the region [`TABLES_REGION`], a multiple of 4 KiB.
    pub tables_paddr: U64,
    /// Bytes of that region, a multiple of 4 KiB; 0 if there is none.
    pub tables_len: U64,
}

/// Bit of [`Header::flags`]: the entries of the IOAPICs name entries of the interrupt-remapping table,
/// so that no [`Interrupt`] of an IOAPIC comes through before interrupts are remapped.
pub const IOAPIC_REMAPPED: u32 = 1;
/// Byte offset of [`Header::flags`] in the table.
pub const FLAGS_OFFSET: usize = core::mem::offset_of!(Header, flags);
/// Byte offset of [`Header::tables_paddr`] in the table.
pub const TABLES_PADDR_OFFSET: usize = core::mem::offset_of!(Header, tables_paddr);

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
    pub name: [u8; NAME],
}

impl Device {
    /// The element's name, as far as it fits.
    pub fn name(&self) -> &str {
        name::text(&self.name)
    }
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

/// The end of a device's I/O-virtual addresses, exclusive; 0 if it has none.
pub fn end(grants: &[Grant]) -> u64 {
    grants
        .last()
        .map_or(0, |last| last.iova.get().saturating_add(last.len.get()))
}

/// One `<irq>`, except those of the table's owner: a remapping unit's own events are not remapped.
#[derive(Debug, Clone, Copy, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct Interrupt {
    /// Requester id of the device that may use the entry; 0 for a pin of an IOAPIC, whose own is known
    /// from the ACPI table DMAR only.
    pub source: U16,
    /// Index of the entry in the interrupt-remapping table.
    pub index: U16,
    /// The CPU's vector, [`FIRST_VECTOR`] to [`LAST_VECTOR`].
    pub vector: u8,
    /// [`MSI`] or [`IOAPIC_PIN`].
    pub kind: u8,
    /// 1 for a pin that is triggered by level, else 0.
    pub level: u8,
    /// Of a pin: the number of its IOAPIC, in the order of the ACPI table MADT.
    pub ioapic: u8,
    /// Below [`IOAPIC_PINS`]; 0 for an MSI.
    pub pin: u8,
    /// The core that takes it, as seL4 numbers them.
    pub cpu: u8,
    /// Zero.
    pub reserved: [u8; 6],
}

/// [`Interrupt::kind`]: a message of a PCI device.
pub const MSI: u8 = 0;
/// [`Interrupt::kind`]: a pin of an IOAPIC.
pub const IOAPIC_PIN: u8 = 1;

impl Interrupt {
    /// Whether it is of an IOAPIC.
    pub fn is_pin(&self) -> bool {
        self.kind == IOAPIC_PIN
    }
}

/// Byte offset of [`Grant::paddr`] of grant `index` in a table of `devices` devices.
pub const fn paddr_offset(devices: usize, index: usize) -> usize {
    table_len(devices, index, 0) + core::mem::offset_of!(Grant, paddr)
}

/// Bytes that a table takes.
pub const fn table_len(devices: usize, grants: usize, interrupts: usize) -> usize {
    size_of::<Header>()
        + devices * size_of::<Device>()
        + grants * size_of::<Grant>()
        + interrupts * size_of::<Interrupt>()
}

#[cfg(test)]
mod tests;
