// SPDX-License-Identifier: BSD-2-Clause
//! Which virtual functions there are to be, whose they are, and what each may do: the `<?postern?>`
//! instructions of a system description, for the protection domain that owns the physical functions
//! (the PF manager).
//!
//! The image tool writes the table at the start of the memory region named [`REGION`]; the rest of the
//! region is zero. Layout: [`Header`], then `functions` [`Function`]s in order of their requester id,
//! then `grants` [`Grant`]s in order of their function and their number in it.

mod error;
mod table;

use zerocopy::little_endian::{U16, U32, U64};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

pub use error::Error;
pub use table::Table;

use crate::{NAME, name};

/// Name of the memory region that the image tool fills with the table.
pub const REGION: &str = "vf_grants";
/// First word of the table.
pub const MAGIC: u32 = u32::from_le_bytes(*b"VFGR");
/// Raised with every change of the layout.
pub const VERSION: u32 = 1;
/// Base address registers of a PCI function.
pub const BARS: usize = 6;
/// Most interrupts that one virtual function can have.
pub const HANDLES: usize = 4;
/// Most virtual functions of an igb (82576).
pub const IGB_VFS: u8 = 8;
/// Most virtual functions of an NVMe controller.
pub const NVME_VFS: u8 = 127;
/// Highest VLAN that can be given; 4095 is reserved (IEEE 802.1Q).
pub const VLAN_MAX: u16 = 4094;
/// Highest rate in Mbit/s: what the link can carry.
pub const RATE_MAX: u16 = 1000;
/// Most multicast addresses of a virtual function, by the hashes that its mailbox message can carry.
pub const MULTICAST_MAX: u8 = 30;
/// Shortest limit of a received frame, in bytes: the longest one without jumbo frames, with a VLAN tag.
pub const FRAME_MIN: u16 = 1522;
/// Longest frame, in bytes (82576 datasheet, RLPML).
pub const FRAME_MAX: u16 = 9728;
/// Bytes of each BAR of a virtual function, and of those of a physical function that are not larger:
/// what the registers of an igb's virtual function (82576 datasheet) and of an NVMe controller
/// (NVMe 1.4, 3.1) take. The image tool hands out registers by it, so a device with others must not be
/// enabled.
pub const BAR_BYTES: u64 = 0x4000;
/// Bytes of the registers of an igb (82576 datasheet, BAR 0).
pub const IGB_BAR0_BYTES: u64 = 0x2_0000;
/// End of the addresses of BARs, exclusive.
pub const BAR_END: u64 = 1 << 32;

/// Start of the table.
#[derive(Debug, Clone, Copy, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct Header {
    /// [`MAGIC`].
    pub magic: U32,
    /// [`VERSION`].
    pub version: U32,
    /// Number of [`Function`]s, at most 256.
    pub functions: U32,
    /// Number of [`Grant`]s of all functions together.
    pub grants: U32,
}

/// One physical function.
#[derive(Debug, Clone, Copy, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct Function {
    /// Requester id: bus << 8 | device << 3 | function.
    pub requester: U16,
    /// [`IGB`] or [`NVME`].
    pub driver: u8,
    /// How many virtual functions are to be enabled, at least 1.
    pub vfs: u8,
    /// Zero.
    pub reserved: U32,
    /// Where the physical function's memory BARs are to be, 0 for those that are none. Multiples of
    /// 4 KiB below [`BAR_END`].
    pub bars: [U64; BARS],
    /// The same for virtual function 0; those of the others follow, each a BAR's size behind the last.
    pub vf_bars: [U64; BARS],
}

/// [`Function::driver`]: Intel 82576.
pub const IGB: u8 = 1;
/// [`Function::driver`]: an NVMe controller with virtualization enhancements.
pub const NVME: u8 = 2;

/// One virtual function and its owner.
#[derive(Debug, Clone, Copy, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct Grant {
    /// Requester id, unique in the table. What the hardware says of it is still to be compared.
    pub requester: U16,
    /// Index of its [`Function`].
    pub function: u8,
    /// Its number, below [`Function::vfs`].
    pub vf: u8,
    /// The channel to its owner, by the id at the PF manager's end: 0 to 61, unique in the table.
    pub channel: u8,
    /// How many of `handles` there are.
    pub handle_count: u8,
    /// igb: its station address, if [`HAS_MAC`].
    pub mac: [u8; 6],
    /// igb: the VLAN that all its frames are in, up to [`VLAN_MAX`]; 0 for none.
    pub vlan: U16,
    /// igb: Mbit/s that it may send, up to [`RATE_MAX`]; 0 for no limit.
    pub rate: U16,
    /// igb: bytes of the longest frame that it may receive, [`FRAME_MIN`] to [`FRAME_MAX`].
    pub max_frame: U16,
    /// [`HAS_MAC`], [`ANTI_SPOOF`], [`PROMISCUOUS`].
    pub flags: U16,
    /// NVMe: the namespace that it may use; 0 for none.
    pub namespace: U32,
    /// Indices of the interrupt-remapping entries that it may use, in the order of its owner's `<irq>`
    /// elements; unused ones are zero.
    pub handles: [U16; HANDLES],
    /// igb: how many multicast addresses it may have, up to [`MULTICAST_MAX`].
    pub multicast: u8,
    /// Zero.
    pub reserved: [u8; 7],
    /// Name of the owning protection domain: UTF-8, filled up with zeros, cut to this length.
    pub owner: [u8; NAME],
}

/// Bit of [`Grant::flags`]: `mac` is an address. Without it, the virtual function has none.
pub const HAS_MAC: u16 = 1;
/// Bit of [`Grant::flags`]: frames with foreign source addresses are dropped.
pub const ANTI_SPOOF: u16 = 2;
/// Bit of [`Grant::flags`]: it may receive every multicast frame.
pub const PROMISCUOUS: u16 = 4;

impl Function {
    /// Most bytes that BAR `index` of the physical function itself may take.
    pub const fn bar_bytes(&self, index: u8) -> u64 {
        if self.driver == IGB && index == 0 {
            IGB_BAR0_BYTES
        } else {
            BAR_BYTES
        }
    }
}

impl Grant {
    /// The owner's name, as far as it fits.
    pub fn owner(&self) -> &str {
        name::text(&self.owner)
    }

    /// The station address, if it is given one.
    pub fn mac(&self) -> Option<[u8; 6]> {
        self.has(HAS_MAC).then_some(self.mac)
    }

    /// Whether a flag is set.
    pub fn has(&self, flag: u16) -> bool {
        self.flags.get() & flag != 0
    }

    /// The interrupt-remapping entries that it may use.
    pub fn handles(&self) -> impl Iterator<Item = u16> {
        let count = usize::from(self.handle_count);
        self.handles.iter().take(count).map(|handle| handle.get())
    }
}

/// Bytes that a table takes.
pub const fn table_len(functions: usize, grants: usize) -> usize {
    size_of::<Header>() + functions * size_of::<Function>() + grants * size_of::<Grant>()
}

#[cfg(test)]
mod tests;
