// SPDX-License-Identifier: BSD-2-Clause
//! Registers, named and placed as in the IA-PC HPET specification 1.0a, section 2.3.

/// Offsets of 64-bit registers. Each may also be accessed as two 32-bit halves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reg {
    /// GCAP_ID: general capabilities and identification.
    Capabilities,
    /// GEN_CONF: general configuration.
    Configuration,
    /// GINTR_STA: general interrupt status, one bit per comparator.
    Status,
    /// MAIN_CNT: main counter value.
    Counter,
    /// Tn_CONF_CAP: configuration and capabilities of comparator n.
    Timer(u8),
    /// Tn_CMP: comparator value of comparator n.
    Comparator(u8),
    /// Tn_FSB_ROUTE: value (low half) and address (high half) of the message of comparator n.
    FsbRoute(u8),
}

impl Reg {
    /// The byte offset from the start of the register block.
    pub const fn offset(self) -> usize {
        match self {
            Self::Capabilities => 0x00,
            Self::Configuration => 0x10,
            Self::Status => 0x20,
            Self::Counter => 0xf0,
            Self::Timer(n) => 0x100 + 0x20 * n as usize,
            Self::Comparator(n) => 0x108 + 0x20 * n as usize,
            Self::FsbRoute(n) => 0x110 + 0x20 * n as usize,
        }
    }
}

/// Bits of GEN_CONF.
pub mod conf {
    /// ENABLE_CNF: the main counter runs and interrupts are allowed.
    pub const ENABLE: u64 = 1 << 0;
    /// LEG_RT_CNF: comparators 0 and 1 replace the PIT and the RTC.
    pub const LEGACY: u64 = 1 << 1;
}

/// Bits of Tn_CONF_CAP.
pub mod timer {
    /// Tn_INT_TYPE_CNF: level-triggered.
    pub const LEVEL: u64 = 1 << 1;
    /// Tn_INT_ENB_CNF: interrupts enabled.
    pub const ENABLE: u64 = 1 << 2;
    /// Tn_TYPE_CNF: periodic.
    pub const PERIODIC: u64 = 1 << 3;
    /// Tn_PER_INT_CAP: can be periodic.
    pub const PERIODIC_CAP: u64 = 1 << 4;
    /// Tn_SIZE_CAP: 64 bits wide.
    pub const WIDE_CAP: u64 = 1 << 5;
    /// Tn_VAL_SET_CNF: the next write to a periodic comparator sets its value.
    pub const VALUE_SET: u64 = 1 << 6;
    /// Tn_32MODE_CNF: compares only the low 32 bits.
    pub const MODE_32: u64 = 1 << 8;
    /// Tn_INT_ROUTE_CNF: the IOAPIC pin.
    pub const ROUTE_SHIFT: u32 = 9;
    /// Tn_INT_ROUTE_CNF, in place.
    pub const ROUTE_MASK: u64 = 0x1f << ROUTE_SHIFT;
    /// Tn_FSB_EN_CNF: interrupts are messages, not pins.
    pub const FSB: u64 = 1 << 14;
    /// Tn_FSB_INT_DEL_CAP: can send messages.
    pub const FSB_CAP: u64 = 1 << 15;
    /// Tn_INT_ROUTE_CAP: the IOAPIC pins that can be chosen, a bit each.
    pub const ROUTE_CAP_SHIFT: u32 = 32;
}
