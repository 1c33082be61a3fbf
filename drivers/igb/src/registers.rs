// SPDX-License-Identifier: BSD-2-Clause
//! Register offsets in BAR 0 (§8) and the bits that are used of them.

use mmio::Mmio;

/// Virtual functions of an 82576.
pub const MAX_VFS: u8 = 8;

/// Registers that exist once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub enum Reg {
    /// Device control.
    Ctrl = 0x0000,
    /// Device status.
    Status = 0x0008,
    /// Extended device control.
    CtrlExt = 0x0018,
    /// Access to the PHY.
    Mdic = 0x0020,
    /// Interrupt cause; reading clears it.
    Icr = 0x00c0,
    /// Interrupt mask set.
    Ims = 0x00d0,
    /// Interrupt mask clear.
    Imc = 0x00d8,
    /// Receive control.
    Rctl = 0x0100,
    /// Transmit control.
    Tctl = 0x0400,
    /// Mailbox causes: requests in bits 7:0, acknowledgements in 23:16; writing one clears.
    Mbvficr = 0x0c80,
    /// Mailbox interrupt mask, a bit for each virtual function.
    Mbvfimr = 0x0c84,
    /// Virtual functions that were reset; writing one clears.
    Vflre = 0x0c88,
    /// Virtual functions that may receive.
    Vfre = 0x0c8c,
    /// Virtual functions that may transmit.
    Vfte = 0x0c90,
    /// General purpose interrupt enable.
    Gpie = 0x1514,
    /// Extended interrupt mask set.
    Eims = 0x1524,
    /// Extended interrupt mask clear.
    Eimc = 0x1528,
    /// Extended interrupt cause, of the physical function's vectors and of those of all virtual
    /// functions; writing one clears.
    Eicr = 0x1580,
    /// Vector of the causes that belong to no queue.
    IvarMisc = 0x1740,
    /// Queues that drop what they cannot hold instead of blocking the others.
    Qde = 0x2408,
    /// Transmit switch control: loopback between pools, anti-spoofing.
    Dtxswc = 0x3500,
    /// Pools that tried to spoof; reading clears it.
    Wvbr = 0x3554,
    /// Queue whose rate the two registers below are about.
    Rttdqsel = 0x3604,
    /// Rate scheduler's memory window.
    Rttbcnrm = 0x3690,
    /// Rate factor.
    Rttbcnrc = 0x36b0,
    /// Longest frame that is received at all.
    Rlpml = 0x5004,
    /// Multiple receive queues.
    Mrqc = 0x5818,
    /// Virtualisation control.
    VtCtl = 0x581c,
}

/// Registers that exist for each virtual function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VfReg {
    /// Mailbox control of the physical function.
    P2vMailbox,
    /// Offload and acceptance of a pool.
    Vmolr,
    /// Default VLAN of a pool.
    Vmvir,
}

impl VfReg {
    pub(crate) const fn offset(self, vf: u8) -> usize {
        let vf = vf as usize;
        match self {
            Self::P2vMailbox => 0x0c00 + 4 * vf,
            Self::Vmolr => 0x5ad0 + 4 * vf,
            Self::Vmvir => 0x3700 + 4 * vf,
        }
    }
}

/// Word `word` of the mailbox buffer of `vf`.
pub(crate) const fn mailbox_word(vf: u8, word: usize) -> usize {
    0x0800 + 64 * vf as usize + 4 * word
}

/// Words of the multicast table.
pub(crate) const MTA_WORDS: usize = 128;

/// Word `word` of the multicast table.
pub(crate) const fn mta(word: usize) -> usize {
    0x5200 + 4 * word
}

/// Receive address filters.
pub(crate) const ADDRESS_FILTERS: u8 = 24;

/// Low half of receive address filter `index`; the high half follows it. They are in two places.
pub(crate) const fn ral(index: u8) -> usize {
    let index = index as usize;
    if index < 16 {
        0x5400 + 8 * index
    } else {
        0x54e0 + 8 * (index - 16)
    }
}

/// VLAN filter `index`, 0 to 31.
pub(crate) const fn vlvf(index: usize) -> usize {
    0x5d00 + 4 * index
}

/// Word `word`, 0 to 127, of the table of VLANs that are accepted at all.
pub(crate) const fn vfta(word: usize) -> usize {
    0x5600 + 4 * word
}

/// Access by name.
pub(crate) trait Registers {
    fn get(&self, register: Reg) -> u32;
    fn set(&mut self, register: Reg, value: u32);
    fn modify(&mut self, register: Reg, change: impl FnOnce(u32) -> u32);
    fn vf(&self, register: VfReg, vf: u8) -> u32;
    fn set_vf(&mut self, register: VfReg, vf: u8, value: u32);
}

impl<M: Mmio> Registers for M {
    fn get(&self, register: Reg) -> u32 {
        self.read32(register as usize)
    }
    fn set(&mut self, register: Reg, value: u32) {
        self.write32(register as usize, value);
    }
    fn modify(&mut self, register: Reg, change: impl FnOnce(u32) -> u32) {
        let value = self.get(register);
        self.set(register, change(value));
    }
    fn vf(&self, register: VfReg, vf: u8) -> u32 {
        self.read32(register.offset(vf))
    }
    fn set_vf(&mut self, register: VfReg, vf: u8, value: u32) {
        self.write32(register.offset(vf), value);
    }
}
