// SPDX-License-Identifier: BSD-2-Clause
//! Where everything is in a protection domain: addresses and capability slots. Programs rely on it.

/// Page of the IPC buffer.
pub const IPC_BUFFER: u64 = 0x7fff_ffff_e000;
/// Initial stack pointer; the page above it is never mapped.
pub const STACK_TOP: u64 = 0x7fff_ffff_d000;
/// Bytes of the monitor's stack.
pub const MONITOR_STACK: u64 = 0x4000;
/// Slots of the root CNode, as a power of two. Slot 0 holds the main CNode, the others are the user's.
pub const ROOT_BITS: u8 = 6;
/// Slots of the main CNode, as a power of two.
pub const CNODE_BITS: u8 = 9;
/// Guard of the main CNode: a capability address below 512 resolves in it.
pub const CNODE_GUARD: u8 = 64 - ROOT_BITS - CNODE_BITS;
/// Children, channels, interrupts and I/O port ranges are numbered from 0 to one less.
pub const IDS: usize = 62;

/// Slots of the main CNode; of the arrays, the first.
pub mod slot {
    /// What the event loop receives from.
    pub const INPUT: u32 = 1;
    /// Where faults go.
    pub const FAULT: u32 = 2;
    /// The own address space.
    pub const VSPACE: u32 = 3;
    /// By channel: the notification of the other end.
    pub const NOTIFICATION: u32 = 10;
    /// By channel: the endpoint of the other end.
    pub const ENDPOINT: u32 = 74;
    /// By channel: the interrupt handler.
    pub const IRQ: u32 = 138;
    /// By child: its thread.
    pub const CHILD: u32 = 202;
    /// By VCPU.
    pub const VCPU: u32 = 330;
    /// By I/O port range.
    pub const IO_PORT: u32 = 394;
    /// In the monitor's CNode: the thread of each protection domain.
    pub const MONITOR_TCB: u32 = 10;
}

/// Badges of messages; notifications have one bit per channel.
pub mod badge {
    /// A call through the channel of this number.
    pub const fn call(channel: u8) -> u64 {
        1 << 63 | channel as u64
    }

    /// A fault of the child of this number.
    pub const fn child_fault(child: u8) -> u64 {
        1 << 62 | child as u64
    }

    /// At the monitor, a fault of the protection domain of this index.
    pub const fn monitored_fault(pd: usize) -> u64 {
        pd as u64 + 1
    }

    /// A notification or an interrupt on the channel of this number.
    pub const fn notification(channel: u8) -> u64 {
        1 << channel
    }
}
