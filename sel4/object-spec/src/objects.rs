// SPDX-License-Identifier: BSD-2-Clause
//! Objects, and how they are mapped, filled and handed out.

use alloc::string::String;
use core::fmt;

use borsh::{BorshDeserialize, BorshSerialize};

/// Index into [`Spec::objects`](crate::Spec::objects).
pub type ObjectId = u32;

/// One object, or an array of frames or tables.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Object {
    /// What messages call it, with its class: `memory region 'uart_regs'`.
    pub name: String,
    /// What it is.
    pub kind: Kind,
}

/// What an object is.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub enum Kind {
    /// An endpoint.
    Endpoint,
    /// A notification.
    Notification,
    /// A table of two to the power of `size_bits` capability slots.
    CNode {
        /// 1..=18.
        size_bits: u8,
    },
    /// A thread.
    Tcb,
    /// A protection domain's address space.
    VSpace,
    /// A guest's address space.
    EptRoot,
    /// A virtual CPU.
    Vcpu,
    /// Paging structures of one level for a run of addresses of one address space.
    Tables {
        /// A [`Kind::VSpace`] or [`Kind::EptRoot`].
        space: ObjectId,
        /// Which level.
        level: TableLevel,
        /// First address, a multiple of [`TableLevel::span`].
        vaddr: u64,
        /// How many, not 0.
        count: u32,
    },
    /// Memory.
    Frames {
        /// How many, not 0.
        count: u32,
        /// Bytes of each.
        size: PageSize,
        /// Physical address of the first; the others follow it. A multiple of `size`.
        paddr: Option<u64>,
        /// The frames follow each other in physical memory, wherever the first lies.
        contiguous: bool,
    },
    /// The right to handle an interrupt.
    IrqHandler {
        /// 0..=[`MAX_IRQ`](crate::MAX_IRQ).
        vector: u8,
        /// Where it comes from.
        source: IrqSource,
    },
    /// A range of I/O ports.
    IoPorts {
        /// First port.
        first: u16,
        /// Last port, not below `first`.
        last: u16,
    },
}

impl Kind {
    /// Capabilities that the object has in the initial task's CNode.
    pub fn slots(&self) -> u32 {
        match self {
            Kind::Tables { count, .. } | Kind::Frames { count, .. } => *count,
            _ => 1,
        }
    }
}

/// Level of a paging structure; the same for page tables and for extended page tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, BorshSerialize, BorshDeserialize)]
pub enum TableLevel {
    /// Maps 512 GiB by page directories.
    PageDirectoryPointerTable,
    /// Maps 1 GiB by page tables or large pages.
    PageDirectory,
    /// Maps 2 MiB by small pages.
    PageTable,
}

impl TableLevel {
    /// Bytes of address space that one table maps.
    pub const fn span(self) -> u64 {
        match self {
            TableLevel::PageDirectoryPointerTable => 1 << 39,
            TableLevel::PageDirectory => 1 << 30,
            TableLevel::PageTable => 1 << 21,
        }
    }
}

/// Size of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub enum PageSize {
    /// 4 KiB.
    Small,
    /// 2 MiB.
    Large,
}

impl PageSize {
    /// The power of two that it is.
    pub const fn bits(self) -> u8 {
        match self {
            PageSize::Small => 12,
            PageSize::Large => 21,
        }
    }

    /// Bytes.
    pub const fn bytes(self) -> u64 {
        1 << self.bits()
    }
}

/// Where an interrupt comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub enum IrqSource {
    /// A pin of an IOAPIC.
    Ioapic {
        /// Index of the IOAPIC, in the order of the ACPI MADT.
        ioapic: u32,
        /// Its pin.
        pin: u32,
        /// Level-triggered, else edge-triggered.
        level: bool,
        /// Active low, else active high.
        active_low: bool,
    },
    /// A message of a PCI device.
    Msi {
        /// PCI bus.
        bus: u8,
        /// PCI device, 0..=31.
        device: u8,
        /// PCI function, 0..=7.
        function: u8,
        /// The message's number; where interrupts are remapped, the index of its entry.
        handle: u32,
    },
}

impl fmt::Display for IrqSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            IrqSource::Ioapic { ioapic, pin, .. } => write!(f, "pin {pin} of IOAPIC {ioapic}"),
            IrqSource::Msi {
                bus,
                device,
                function,
                ..
            } => {
                write!(f, "PCI {bus:02x}:{device:02x}.{function}")
            }
        }
    }
}

/// What a capability, or a mapping, permits: bits as seL4's rights word has them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Rights(pub u8);

impl Rights {
    /// May write or send.
    pub const WRITE: Rights = Rights(1);
    /// May read or receive.
    pub const READ: Rights = Rights(2);
    /// May read and write.
    pub const READ_WRITE: Rights = Rights(3);
    /// May send and be answered: seL4 of 2017 answers only a caller that may grant.
    pub const CALL: Rights = Rights(5);
    /// Everything.
    pub const ALL: Rights = Rights(7);
}

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

/// A capability in a CNode.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Capability {
    /// The [`Kind::CNode`] that gets it.
    pub cnode: ObjectId,
    /// Slot in it.
    pub slot: u32,
    /// What it is a capability to; no array.
    pub object: ObjectId,
    /// What it permits.
    pub rights: Rights,
    /// What else it carries.
    pub data: CapData,
}

/// The word that a capability is minted with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub enum CapData {
    /// None: the capability is a plain copy.
    None,
    /// The badge of an endpoint or a notification.
    Badge(u64),
    /// Bits of a CNode's guard, all zero: 1..=58.
    Guard(u8),
}
