// SPDX-License-Identifier: BSD-2-Clause
//! Register offsets in BAR 0 of a virtual function (§8.26) and the bits that are used of them.

use mmio::Mmio;

/// Registers of a virtual function; those of its first queue in each direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub enum Reg {
    /// Device control.
    Ctrl = 0x0000,
    /// Device status.
    Status = 0x0008,
    /// Mailbox control.
    V2pMailbox = 0x0c40,
    /// Extended interrupt cause set.
    Eics = 0x1520,
    /// Extended interrupt mask set.
    Eims = 0x1524,
    /// Extended interrupt mask clear.
    Eimc = 0x1528,
    /// Causes that an interrupt clears.
    Eiac = 0x152c,
    /// Causes that an interrupt masks.
    Eiam = 0x1530,
    /// Extended interrupt cause; writing one clears.
    Eicr = 0x1580,
    /// Interrupt throttle of vector 0.
    Eitr = 0x1680,
    /// Vectors of the queues.
    Vtivar = 0x1700,
    /// Vector of the mailbox.
    VtivarMisc = 0x1740,
    /// Receive descriptors: address, low half.
    Rdbal = 0x2800,
    /// Receive descriptors: address, high half.
    Rdbah = 0x2804,
    /// Receive descriptors: bytes.
    Rdlen = 0x2808,
    /// Split and replication receive control.
    Srrctl = 0x280c,
    /// Receive descriptor head.
    Rdh = 0x2810,
    /// Receive descriptor tail.
    Rdt = 0x2818,
    /// Receive descriptor control.
    Rxdctl = 0x2828,
    /// Transmit descriptors: address, low half.
    Tdbal = 0x3800,
    /// Transmit descriptors: address, high half.
    Tdbah = 0x3804,
    /// Transmit descriptors: bytes.
    Tdlen = 0x3808,
    /// Transmit descriptor head.
    Tdh = 0x3810,
    /// Transmit descriptor tail.
    Tdt = 0x3818,
    /// Transmit descriptor control.
    Txdctl = 0x3828,
    /// Head write-back: address, low half; bit 0 enables it.
    Tdwbal = 0x3838,
}

/// Word `word` of the mailbox buffer.
pub(crate) const fn mailbox_word(word: usize) -> usize {
    0x0800 + 4 * word
}

/// CTRL: reset.
pub(crate) const CTRL_RST: u32 = 1 << 26;
/// STATUS: link up.
pub(crate) const STATUS_LU: u32 = 1 << 1;
/// The three vectors of a virtual function in EIMS, EIMC, EIAC, EICR.
pub(crate) const ALL_VECTORS: u32 = 0b111;
/// Vector 0 of them, which is the only one that is used.
pub(crate) const VECTOR: u32 = 0b001;
/// An entry of VTIVAR is valid; its vector is 0.
pub(crate) const IVAR_VALID: u32 = 1 << 7;
/// RXDCTL and TXDCTL: the queue is on.
pub(crate) const QUEUE_ENABLE: u32 = 1 << 25;

/// Registers by name.
pub(crate) trait Registers: Mmio {
    fn get(&self, reg: Reg) -> u32 {
        self.read32(reg as usize)
    }
    fn set(&mut self, reg: Reg, value: u32) {
        self.write32(reg as usize, value);
    }
}

impl<M: Mmio> Registers for M {}
