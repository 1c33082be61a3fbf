// SPDX-License-Identifier: BSD-2-Clause
//! The registers, with what happens when they are read or written (§7.10.2.9, §8.26).

use igbvf::Reg;
use mmio::{ABSENT32, Mmio};

use crate::{Card, REGISTER_BYTES, State, Vf};

const CTRL_RST: u32 = 1 << 26;
pub(crate) const QUEUE_ENABLE: u32 = 1 << 25;

const MAILBOX: usize = Reg::V2pMailbox as usize;
const VF_USES: u32 = 1 << 2;
const PF_USES: u32 = 1 << 3;
const PF_MESSAGE: u32 = 1 << 4;
const PF_ACKNOWLEDGED: u32 = 1 << 5;
const CLEARED_BY_READING: u32 = 0b1011 << 4;
const CAUSES: usize = 0xc80;
const RESETS: usize = 0xc88;
const MAY_RECEIVE: usize = 0xc8c;
const MAY_TRANSMIT: usize = 0xc90;

impl Vf {
    pub(crate) fn get(&self, offset: usize) -> u32 {
        self.registers[offset / 4]
    }

    pub(crate) fn set(&mut self, offset: usize, value: u32) {
        self.registers[offset / 4] = value;
    }

    /// A message-signalled interrupt for each cause that is new and not masked.
    pub(crate) fn raise(&mut self, causes: u32) {
        let (cause, mask) = (Reg::Eicr as usize, Reg::Eims as usize);
        let before = self.get(cause) & self.get(mask);
        self.set(cause, self.get(cause) | causes);
        let new = self.get(cause) & self.get(mask) & !before;
        self.interrupts += new.count_ones() as usize;
        let cleared = new & self.get(Reg::Eiac as usize);
        self.set(cause, self.get(cause) & !cleared);
    }

    fn read(&mut self, offset: usize) -> u32 {
        let value = self.get(offset);
        match offset {
            MAILBOX => self.set(offset, value & !CLEARED_BY_READING),
            0x2828 | 0x3828 if self.enable_after > 1 => {
                self.enable_after -= 1;
                return value & !QUEUE_ENABLE;
            }
            _ => {}
        }
        value
    }
}

impl State {
    pub(crate) fn pf_get(&self, offset: usize) -> u32 {
        self.pf.get(&offset).copied().unwrap_or_default()
    }

    fn pf_change(&mut self, offset: usize, f: impl FnOnce(u32) -> u32) {
        let value = f(self.pf_get(offset));
        self.pf.insert(offset, value);
    }

    pub(crate) fn may_receive(&self, vf: usize) -> bool {
        self.pf_get(MAY_RECEIVE) >> vf & 1 != 0
    }

    pub(crate) fn may_transmit(&self, vf: usize) -> bool {
        self.pf_get(MAY_TRANSMIT) >> vf & 1 != 0
    }

    pub(crate) fn reset(&mut self, vf: usize) {
        let state = &mut self.vfs[vf];
        let kept: Vec<u32> = state.registers[0x800 / 4..0x1000 / 4].to_vec();
        state.registers.fill(0);
        state.registers[0x800 / 4..0x1000 / 4].copy_from_slice(&kept);
        state.contexts = [None; 2];
        self.pf_change(MAY_RECEIVE, |bits| bits & !(1 << vf));
        self.pf_change(MAY_TRANSMIT, |bits| bits & !(1 << vf));
        self.pf_change(RESETS, |bits| bits | 1 << vf);
    }

    fn vf_write(&mut self, vf: usize, offset: usize, value: u32) {
        let state = &mut self.vfs[vf];
        state.writes += 1;
        let on = |reg: Reg| state.get(reg as usize) & QUEUE_ENABLE != 0;
        let (receiving, transmitting) = (on(Reg::Rxdctl), on(Reg::Txdctl));
        match offset {
            0 if value & CTRL_RST != 0 => self.reset(vf),
            MAILBOX => self.vf_mailbox(vf, value),
            0x1520 => state.raise(value),
            0x1524 => {
                let before = state.get(Reg::Eicr as usize) & state.get(offset);
                state.set(offset, state.get(offset) | value);
                let waiting = state.get(Reg::Eicr as usize) & state.get(offset) & !before;
                state.set(Reg::Eicr as usize, state.get(Reg::Eicr as usize) & !waiting);
                state.raise(waiting);
            }
            0x1528 => state.set(0x1524, state.get(0x1524) & !value),
            0x1580 => state.set(offset, state.get(offset) & !value),
            0x2800 | 0x2808 | 0x3800 | 0x3808 => {
                assert!(
                    value.is_multiple_of(128),
                    "register {offset:#x} is {value:#x}"
                );
                let queue_is_on = if offset < 0x3000 {
                    receiving
                } else {
                    transmitting
                };
                assert!(!queue_is_on, "register {offset:#x} while the queue is on");
                state.set(offset, value);
            }
            0x2818 | 0x3818 => {
                let entries = state.get(offset - 0x10) / 16;
                let queue_is_on = if offset < 0x3000 {
                    receiving
                } else {
                    transmitting
                };
                assert!(value == 0 || queue_is_on, "a tail while the queue is off");
                assert!(value == 0 || value < entries, "tail {value} of {entries}");
                state.set(offset, value);
                if offset == 0x3818 {
                    self.transmit(vf);
                }
            }
            _ => state.set(offset, value),
        }
    }

    fn vf_mailbox(&mut self, vf: usize, value: u32) {
        if value & 1 != 0 {
            self.pf_change(CAUSES, |bits| bits | 1 << vf);
        }
        if value & 2 != 0 {
            self.pf_change(CAUSES, |bits| bits | 1 << (16 + vf));
        }
        let state = &mut self.vfs[vf];
        let mailbox = state.get(MAILBOX);
        let taken = value & VF_USES != 0 && mailbox & PF_USES == 0;
        state.set(
            MAILBOX,
            mailbox & !VF_USES | if taken { VF_USES } else { 0 },
        );
    }

    fn pf_mailbox(&mut self, vf: usize, value: u32) {
        let state = &mut self.vfs[vf];
        let mut mailbox = state.get(MAILBOX);
        if value & 1 != 0 {
            mailbox |= PF_MESSAGE;
        }
        if value & 2 != 0 {
            mailbox |= PF_ACKNOWLEDGED;
        }
        let taken = value & PF_USES != 0 && mailbox & VF_USES == 0;
        mailbox = mailbox & !PF_USES | if taken { PF_USES } else { 0 };
        if value & 1 << 4 != 0 {
            mailbox &= !VF_USES;
        }
        state.set(MAILBOX, mailbox);
        if value & 1 << 4 != 0 {
            self.pf_change(CAUSES, |bits| bits & !(0x1_0001 << vf));
        }
    }
}

/// BAR 0 of a virtual function.
#[derive(Debug)]
pub struct VfRegisters {
    card: Card,
    vf: usize,
}

impl VfRegisters {
    pub(crate) fn new(card: Card, vf: usize) -> Self {
        Self { card, vf }
    }
}

impl Mmio for VfRegisters {
    fn size(&self) -> usize {
        REGISTER_BYTES
    }

    fn read32(&self, offset: usize) -> u32 {
        let link = self.card.0.borrow().link;
        self.card.vf(self.vf, |vf| {
            vf.reads += 1;
            match offset {
                _ if vf.absent => ABSENT32,
                0x8 => u32::from(link) << 1,
                _ => vf.read(offset),
            }
        })
    }

    fn write32(&mut self, offset: usize, value: u32) {
        self.card.0.borrow_mut().vf_write(self.vf, offset, value);
    }

    fn read64(&self, _: usize) -> u64 {
        panic!("the card has no 64-bit registers")
    }

    fn write64(&mut self, _: usize, _: u64) {
        panic!("the card has no 64-bit registers")
    }
}

/// BAR 0 of the physical function.
#[derive(Debug)]
pub struct PfRegisters {
    card: Card,
}

impl PfRegisters {
    pub(crate) fn new(card: Card) -> Self {
        Self { card }
    }
}

impl Mmio for PfRegisters {
    fn size(&self) -> usize {
        0x2_0000
    }

    fn read32(&self, offset: usize) -> u32 {
        let state = self.card.0.borrow();
        let mailbox = |vf: usize| state.vfs.get(vf).map_or(0, |vf| vf.get(MAILBOX));
        match offset {
            0x800..0xa00 => {
                let (vf, word) = ((offset - 0x800) / 64, (offset - 0x800) % 64);
                state.vfs.get(vf).map_or(0, |vf| vf.get(0x800 + word))
            }
            0xc00..0xc20 => mailbox((offset - 0xc00) / 4) & (VF_USES | PF_USES),
            _ => state.pf_get(offset),
        }
    }

    fn write32(&mut self, offset: usize, value: u32) {
        let mut state = self.card.0.borrow_mut();
        match offset {
            0x800..0xa00 => {
                let (vf, word) = ((offset - 0x800) / 64, (offset - 0x800) % 64);
                state.vfs[vf].set(0x800 + word, value);
            }
            0xc00..0xc20 => state.pf_mailbox((offset - 0xc00) / 4, value),
            CAUSES | RESETS => state.pf_change(offset, |bits| bits & !value),
            _ => state.pf_change(offset, |_| value),
        }
    }

    fn read64(&self, _: usize) -> u64 {
        panic!("the card has no 64-bit registers")
    }

    fn write64(&mut self, _: usize, _: u64) {
        panic!("the card has no 64-bit registers")
    }
}
