// SPDX-License-Identifier: BSD-2-Clause
//! How memory is mapped and what it holds at first.

use borsh::{BorshDeserialize, BorshSerialize};

use crate::{ObjectId, Rights};

/// Frames in an address space.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Mapping {
    /// A [`Kind::VSpace`] or [`Kind::EptRoot`].
    pub space: ObjectId,
    /// Address of the first frame, a multiple of the frames' size.
    pub vaddr: u64,
    /// A [`Kind::Frames`].
    pub frames: ObjectId,
    /// Index of the first frame that is mapped.
    pub first: u32,
    /// How many, not 0.
    pub count: u32,
    /// [`Rights::READ`] or [`Rights::READ_WRITE`].
    pub rights: Rights,
    /// Whether the CPU may cache it.
    pub cached: bool,
}

/// Initial content of memory.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Fill {
    /// A [`Kind::Frames`].
    pub frames: ObjectId,
    /// Bytes from the first frame's start.
    pub offset: u64,
    /// What is written there.
    pub source: FillSource,
}

/// What memory is filled with.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub enum FillSource {
    /// Bytes of the image's data.
    Data {
        /// Offset of the first byte.
        offset: u64,
        /// How many, not 0.
        len: u64,
    },
    /// What the boot loader or the firmware told, with the header that seL4 gives such a record.
    Bootinfo(BootinfoKind),
    /// The physical address of a [`Kind::Frames`] without gaps, 8 bytes, little-endian.
    PhysicalAddress(ObjectId),
    /// The machine's ACPI table DMAR as firmware wrote it, as much as fits; nothing if there is none.
    AcpiDmar,
    /// 4 bytes, little-endian: 1 if the entries of the IOAPICs name interrupt-remapping entries
    /// ([`IrqSource::Ioapic`](crate::IrqSource::Ioapic)), else 0. They do if the ACPI table in this
    /// [`Kind::Frames`](crate::Kind::Frames) is right and tells of interrupt remapping.
    IoapicRemapped(ObjectId),
}

/// A record about the machine, numbered as seL4's extra boot information is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub enum BootinfoKind {
    /// VESA mode information from the boot loader.
    Vbe,
    /// The boot loader's memory map.
    MemoryMap,
    /// The ACPI root pointer structure.
    AcpiRsdp,
    /// The boot loader's frame buffer.
    FrameBuffer,
    /// The time stamp counter's frequency in MHz.
    TscFrequency,
    /// A flattened device tree.
    Fdt,
}

impl BootinfoKind {
    /// The number in the record's header.
    pub const fn id(self) -> u64 {
        match self {
            BootinfoKind::Vbe => 1,
            BootinfoKind::MemoryMap => 2,
            BootinfoKind::AcpiRsdp => 3,
            BootinfoKind::FrameBuffer => 4,
            BootinfoKind::TscFrequency => 5,
            BootinfoKind::Fdt => 6,
        }
    }

    /// What `prefill_bootinfo` calls it.
    pub const fn name(self) -> &'static str {
        match self {
            BootinfoKind::Vbe => "x86_vbe",
            BootinfoKind::MemoryMap => "x86_mbmmap",
            BootinfoKind::AcpiRsdp => "x86_acpi_rsdp",
            BootinfoKind::FrameBuffer => "x86_framebuffer",
            BootinfoKind::TscFrequency => "x86_tsc_freq",
            BootinfoKind::Fdt => "fdt",
        }
    }
}
