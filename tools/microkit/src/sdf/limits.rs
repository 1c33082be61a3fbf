// SPDX-License-Identifier: BSD-2-Clause
//! What a system may have at most, and why.

use image_spec::vf_grants;

use super::number::Limit;

/// Longest system description, in bytes. The largest that makes sense (63 protection domains with all
/// their channels) is far below.
pub const BYTES_MAX: usize = 4 << 20;

/// XML nodes and attributes; stops a small file from becoming a large tree.
pub(super) const NODES_MAX: u32 = 1 << 18;

pub(super) const PDS_MAX: usize = 63;

/// Name of the fault handler that every system has.
pub(super) const MONITOR: &str = "monitor";

/// Bytes of a protection domain's name: the size of the symbol that it is written to.
pub(super) const NAME_MAX: usize = 64;

/// End of user level's virtual addresses, exclusive (`seL4_UserTop`), and of a guest's physical ones.
pub(super) const USER_TOP: u64 = 0x7fff_ffff_f000;

/// Top of the initial stack, exclusive; above it lie a guard page and the IPC buffer.
pub(super) const STACK_TOP: u64 = 0x7fff_ffff_d000;

/// End of I/O virtual addresses, exclusive: three levels of second-level tables.
pub(super) const IOVA_TOP: u64 = 1 << 39;

pub(super) const PAGE_SMALL: u64 = 0x1000;
pub(super) const PAGE_LARGE: u64 = 0x20_0000;

pub(super) const CHANNEL_ID: Limit = Limit::new(
    0,
    61,
    "channels and interrupts of a protection domain share the ids 0 to 61",
);
pub(super) const CHILD_ID: Limit = Limit::new(
    0,
    61,
    "the children of a protection domain have the ids 0 to 61",
);
pub(super) const VCPU_ID: Limit = Limit::new(0, 61, "virtual CPUs have the ids 0 to 61");
pub(super) const IOPORT_ID: Limit = Limit::new(
    0,
    61,
    "the I/O port ranges of a protection domain have the ids 0 to 61",
);
pub(super) const PRIORITY: Limit = Limit::new(0, 254, "255 is the monitor's own priority");
pub(super) const STACK_SIZE: Limit = Limit::new(0x1000, 0x100_0000, "a stack has 4 KiB to 16 MiB");
pub(super) const VECTOR: Limit = Limit::new(
    0,
    107,
    "seL4 gives user level the interrupts 0 to 107 (CPU vectors 0x30 to 0x9b)",
);
pub(super) const PIN: Limit = Limit::new(0, 23, "seL4 drives 24 pins of an I/O APIC");
pub(super) const IOAPIC: Limit = Limit::new(0, 255, "I/O APICs are numbered from 0");
pub(super) const MSI_HANDLE: Limit = Limit::new(
    0,
    0xffff,
    "an interrupt-remapping table has at most 65536 entries",
);
pub(super) const PORT: Limit = Limit::new(0, 0xffff, "I/O ports have the addresses 0 to 0xffff");
pub(super) const PORT_COUNT: Limit = Limit::new(
    1,
    0x1_0000,
    "a range has at least one of the 65536 I/O ports",
);
pub(super) const SLOT: Limit = Limit::new(
    1,
    63,
    "a CSpace has 64 slots, and slot 0 holds the runtime's own capabilities",
);
/// VT-d keeps domain 0 for itself when it caches absent entries (caching mode).
pub(super) const DOMAIN_ID: Limit = Limit::new(
    1,
    0xffff,
    "an IOMMU domain has 16 bits, and domain 0 is reserved",
);
/// Bytes of the BARs of virtual functions, and of all others that are not larger.
pub(super) const BAR_STEP: u64 = vf_grants::BAR_BYTES;
/// Bytes of the registers of an igb.
pub(super) const IGB_BAR0_STEP: u64 = vf_grants::IGB_BAR0_BYTES;
/// End of the addresses of BARs, exclusive.
pub(super) const BAR_TOP: u64 = vf_grants::BAR_END;
pub(super) const BAR: Limit = Limit::new(BAR_STEP, BAR_TOP - 1, "BARs lie below 4 GiB");
pub(super) const IGB_VFS: Limit = Limit::new(
    1,
    vf_grants::IGB_VFS as u64,
    "an igb (82576) has 8 virtual functions",
);
pub(super) const NVME_VFS: Limit = Limit::new(
    1,
    vf_grants::NVME_VFS as u64,
    "an NVMe controller has at most 127 virtual functions",
);
pub(super) const VF: Limit = Limit::new(
    0,
    vf_grants::NVME_VFS as u64 - 1,
    "virtual functions are numbered from 0",
);
/// Interrupts of a virtual function.
pub(super) const VF_IRQS: usize = vf_grants::HANDLES;
pub(super) const VLAN: Limit = Limit::new(
    0,
    vf_grants::VLAN_MAX as u64,
    "VLANs are numbered from 1, 0 is for none, and 4095 is reserved",
);
pub(super) const RATE: Limit = Limit::new(
    0,
    vf_grants::RATE_MAX as u64,
    "it is in Mbit/s, of which the link has 1000; 0 is for no limit",
);
pub(super) const MULTICAST: Limit = Limit::new(
    0,
    vf_grants::MULTICAST_MAX as u64,
    "it is a number of addresses, of which the device takes 30 from each virtual function",
);
pub(super) const FRAME: Limit = Limit::new(
    vf_grants::FRAME_MIN as u64,
    vf_grants::FRAME_MAX as u64,
    "it is the longest frame in bytes, at least one of the usual length with a VLAN tag",
);
pub(super) const NAMESPACE: Limit = Limit::new(
    1,
    0xffff_fffe,
    "namespaces are numbered from 1, and the last number means all of them",
);
pub(super) const RESTARTS: Limit = Limit::new(
    0,
    u32::MAX as u64,
    "it is the number of restarts allowed, 0 for none",
);
