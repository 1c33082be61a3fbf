// SPDX-License-Identifier: BSD-2-Clause
//! Objects.

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
        /// Index of its interrupt-remapping entry, if the IOAPICs are remapped
        /// ([`FillSource::IoapicRemapped`](crate::FillSource::IoapicRemapped)).
        irte: Option<u16>,
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
