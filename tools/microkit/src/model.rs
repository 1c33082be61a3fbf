// SPDX-License-Identifier: BSD-2-Clause
//! A system description after parsing: every value in range, every reference resolved.
//!
//! [`sdf`](crate::sdf) makes it, [`build`](crate::build) turns it into kernel objects. Elements keep
//! their place in the file, so that what only the builder can see (an ELF segment under a mapping,
//! a symbol that is missing) is still reported at the line that caused it.

mod functions;

use std::fmt;
use std::ops::Range;
use std::path::PathBuf;

pub use functions::{
    Bar, Bars, FunctionDriver, NetworkPolicy, PhysicalFunction, VirtualFunction,
    VirtualFunctionPolicy,
};

/// Bytes of the system description that an element's start tag takes.
pub type Span = Range<usize>;

/// Index into [`System::pds`].
pub type PdId = usize;
/// Index into [`System::memory_regions`].
pub type MrId = usize;

/// A whole system description.
#[derive(Debug, Clone)]
pub struct System {
    /// All protection domains, parents before their children.
    pub pds: Vec<ProtectionDomain>,
    pub memory_regions: Vec<MemoryRegion>,
    pub channels: Vec<Channel>,
    pub io_address_spaces: Vec<IoAddressSpace>,
    /// Absent where the description has no `<domains>`.
    pub domains: Option<Domains>,
}

#[derive(Debug, Clone)]
pub struct ProtectionDomain {
    pub name: String,
    pub span: Span,
    /// The parent, and the child's number in the parent's name space (0..=61).
    pub parent: Option<Parent>,
    /// 0..=254.
    pub priority: u8,
    pub cpu: u8,
    pub fpu: bool,
    /// MCS attributes: accepted, warned about, without effect on this kernel.
    pub passive: bool,
    /// Bytes, a multiple of 4 KiB.
    pub stack_size: u64,
    /// The kernel's number of the domain, and index into [`Domains::names`].
    pub domain: Option<u8>,
    pub program_image: ProgramImage,
    pub maps: Vec<Map>,
    pub irqs: Vec<Irq>,
    pub ioports: Vec<IoPort>,
    pub setvars: Vec<SetVar>,
    pub cspace: Vec<CapMap>,
    pub virtual_machine: Option<VirtualMachine>,
    /// `<?postern restart="N"?>`: how often the monitor starts this protection domain again after a
    /// fault (0: never).
    pub restarts: u32,
    /// `<?postern function="…" …?>`: the physical functions that it shares out.
    pub functions: Vec<PhysicalFunction>,
}

impl ProtectionDomain {
    /// Whether it maps a memory region; what its guest maps does not count.
    pub fn maps_region(&self, id: MrId) -> bool {
        self.maps.iter().any(|map| map.mr == id)
    }
}

#[derive(Debug, Clone)]
pub struct Parent {
    pub pd: PdId,
    /// 0..=61.
    pub child_id: u8,
}

#[derive(Debug, Clone, Default)]
pub struct ProgramImage {
    /// As written; resolved along the search path by the builder.
    pub path: PathBuf,
    pub path_for_symbols: Option<PathBuf>,
    pub span: Span,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Perms {
    pub read: bool,
    pub write: bool,
    pub execute: bool,
}

/// A memory region in an address space: a protection domain's, a guest's or a device's.
#[derive(Debug, Clone)]
pub struct Map {
    pub mr: MrId,
    /// Virtual, guest-physical or I/O-virtual address.
    pub vaddr: u64,
    pub perms: Perms,
    pub cached: bool,
    pub span: Span,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PageSize {
    Small,
    Large,
}

impl PageSize {
    /// 4 KiB or 2 MiB.
    pub const fn bytes(self) -> u64 {
        match self {
            PageSize::Small => 0x1000,
            PageSize::Large => 0x20_0000,
        }
    }
}

#[derive(Debug, Clone)]
pub struct MemoryRegion {
    pub name: String,
    /// Bytes, a multiple of `page_size`.
    pub size: u64,
    pub page_size: PageSize,
    pub phys_addr: Option<u64>,
    pub prefill: Option<Prefill>,
    pub span: Span,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Prefill {
    /// A file as found along the search path, and its length in bytes.
    File {
        path: PathBuf,
        len: u64,
    },
    /// `<?postern text="…"?>`.
    Text(String),
    Bootinfo(BootinfoKind),
}

impl Prefill {
    /// Its length in bytes, where that is known before the system starts.
    pub fn length(&self) -> Option<u64> {
        match self {
            Prefill::File { len, .. } => Some(*len),
            Prefill::Text(text) => Some(text.len() as u64),
            Prefill::Bootinfo(_) => None,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BootinfoKind {
    Vbe,
    MemoryMap,
    AcpiRsdp,
    FrameBuffer,
    TscFrequency,
    Fdt,
}

#[derive(Debug, Clone)]
pub struct Irq {
    /// Channel number, 0..=61.
    pub id: u8,
    /// seL4's IRQ number, 0..=107; the CPU's vector is 0x30 more.
    pub vector: u8,
    pub source: IrqSource,
    pub span: Span,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IrqSource {
    Ioapic {
        ioapic: u32,
        pin: u32,
        level: bool,
        active_low: bool,
    },
    Msi {
        pci: Bdf,
        handle: u32,
    },
}

/// PCI bus, device and function.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Bdf {
    pub bus: u8,
    /// 0..=31.
    pub device: u8,
    /// 0..=7.
    pub function: u8,
}

impl Bdf {
    /// What the device's messages and DMA carry: bus << 8 | device << 3 | function.
    pub fn requester(self) -> u16 {
        u16::from(self.bus) << 8 | u16::from(self.device) << 3 | u16::from(self.function)
    }
}

impl fmt::Display for Bdf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:02x}:{:02x}.{:x}",
            self.bus, self.device, self.function
        )
    }
}

#[derive(Debug, Clone)]
pub struct IoPort {
    /// Number in the I/O ports' own name space, 0..=61.
    pub id: u8,
    pub first: u16,
    pub last: u16,
    pub span: Span,
}

/// A symbol of the program image and the 8-byte little-endian value it is given.
#[derive(Debug, Clone)]
pub struct SetVar {
    pub symbol: String,
    pub value: SetVarValue,
    pub span: Span,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SetVarValue {
    /// `setvar_vaddr`, `setvar_id`, `setvar_addr`, `<?postern symbol value?>`: known from the
    /// description.
    Const(u64),
    /// `setvar_size`, `setvar_prefill_size`.
    RegionSize(MrId),
    PrefillSize(MrId),
    /// `region_paddr`: the region's physical address.
    RegionPaddr(MrId),
}

/// A capability in a user slot of a protection domain's CSpace.
#[derive(Debug, Clone)]
pub struct CapMap {
    /// 1..=63.
    pub slot: u8,
    pub kind: CapKind,
    /// Whose.
    pub pd: PdId,
    pub span: Span,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CapKind {
    Tcb,
    VSpace,
    /// Our extension: the VCPU of `pd`'s virtual machine, for posting interrupts only.
    Vcpu,
}

#[derive(Debug, Clone)]
pub struct VirtualMachine {
    pub name: String,
    pub vcpu_id: u8,
    pub maps: Vec<Map>,
    pub span: Span,
}

#[derive(Debug, Clone)]
pub struct Channel {
    pub ends: [ChannelEnd; 2],
    pub span: Span,
}

#[derive(Debug, Clone)]
pub struct ChannelEnd {
    pub pd: PdId,
    /// 0..=61.
    pub id: u8,
    /// This end may call the other.
    pub pp: bool,
    /// This end may notify the other.
    pub notify: bool,
    pub span: Span,
}

#[derive(Debug, Clone)]
pub struct IoAddressSpace {
    pub name: String,
    pub peripheral: Bdf,
    pub domain_id: u16,
    pub iomaps: Vec<Map>,
    /// `<?postern owner="…" …?>`: the device is a virtual function.
    pub vf: Option<VirtualFunction>,
    pub span: Span,
}

#[derive(Debug, Clone)]
pub struct Domains {
    /// By the kernel's number, up to the highest in use; empty where no domain has the number.
    pub names: Vec<String>,
    pub start_index: u64,
    pub index_shift: u64,
    pub schedule: Vec<ScheduleEntry>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScheduleEntry {
    Run { domain: u8, duration: Duration },
    EndMarker,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Duration {
    Microseconds(u64),
    Ticks(u64),
}
