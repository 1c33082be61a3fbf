// SPDX-License-Identifier: BSD-2-Clause
//! Kinds of capabilities.

/// The kernel's tags of capability types (`structures.bf`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u64)]
pub enum Kind {
    /// No capability.
    Null = 0,
    /// Endpoint.
    Endpoint = 4,
    /// Notification.
    Notification = 6,
    /// Thread.
    Thread = 12,
    /// Handler of an interrupt.
    IrqHandler = 16,
    /// Root of an address space.
    VSpace = 9,
    /// I/O ports.
    IoPort = 19,
    /// Something that no protection domain should ever have: memory, tables, capability tables, the
    /// right to hand out interrupts, ports, address spaces or domains.
    Forbidden = 64,
}

impl Kind {
    /// The kind with this tag.
    pub const fn from_tag(tag: u64) -> Self {
        match tag {
            0 => Self::Null,
            4 => Self::Endpoint,
            6 => Self::Notification,
            12 => Self::Thread,
            16 => Self::IrqHandler,
            9 => Self::VSpace,
            19 => Self::IoPort,
            _ => Self::Forbidden,
        }
    }
}
