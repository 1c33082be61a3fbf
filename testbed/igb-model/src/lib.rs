// SPDX-License-Identifier: BSD-2-Clause
//! A network card and the other side of its mailboxes, written from the datasheet's description
//! (§7.10.2.9.1) and from what Linux' `igbvf` was seen to do; it shares nothing with the driver.

use std::cell::{Cell, RefCell};
use std::time::Duration;

use mmio::Mmio;

/// A time.
pub fn ms(value: u64) -> Duration {
    Duration::from_millis(value)
}

const WORDS: usize = 0x20000 / 4;
const EICR: usize = 0x1580;
const VF_VECTORS: usize = 3;

/// The first bit of a virtual function's vectors in EICR and its relatives: the first virtual
/// function has the highest three of 25, the last one those above the physical function's vector 0.
const fn vf_vectors(vf: usize) -> usize {
    22 - VF_VECTORS * vf
}

/// Registers with the behaviour that matters here.
#[derive(Debug)]
pub struct Card {
    registers: RefCell<Vec<u32>>,
    /// Writes of the driver: offset and value.
    pub log: Vec<(usize, u32)>,
    /// How often CTRL reads as being in reset.
    pub reset_ends_after: usize,
    reset_reads: Cell<usize>,
    /// What the PHY says to a command.
    pub mdic_answer: u32,
    /// Writes that take the mailbox, for counting.
    pub locks: usize,
}

impl Default for Card {
    fn default() -> Self {
        Self::new()
    }
}

impl Card {
    /// As after power on.
    pub fn new() -> Self {
        Self {
            registers: RefCell::new(vec![0; WORDS]),
            log: Vec::new(),
            reset_ends_after: 0,
            reset_reads: Cell::new(0),
            mdic_answer: 1 << 28,
            locks: 0,
        }
    }

    /// What a register holds.
    ///
    /// # Panics
    ///
    /// If there is none at `offset` (as all functions that name a register or virtual function).
    pub fn get(&self, offset: usize) -> u32 {
        self.registers.borrow()[offset / 4]
    }

    /// Gives a register a value without logging it.
    pub fn set(&mut self, offset: usize, value: u32) {
        self.registers.borrow_mut()[offset / 4] = value;
    }

    fn change(&self, offset: usize, change: impl FnOnce(u32) -> u32) {
        let mut registers = self.registers.borrow_mut();
        registers[offset / 4] = change(registers[offset / 4]);
    }

    /// The virtual function is reset, by its own register or its configuration space.
    pub fn reset_vf(&mut self, vf: usize) {
        self.change(0xc88, |bits| bits | 1 << vf);
        self.change(0xc8c, |bits| bits & !(1 << vf));
        self.change(0xc90, |bits| bits & !(1 << vf));
        self.change(0xc40 + 4 * vf, |_| 0x80);
    }

    /// Something happened for which `vf` has its vector `vector` (0 to 2), and which it masks for
    /// now.
    pub fn vf_cause(&mut self, vf: usize, vector: usize) {
        assert!(vector < VF_VECTORS);
        self.change(EICR, |bits| bits | 1 << (vf_vectors(vf) + vector));
    }

    /// The causes that `vf` would see pending in its own EICR.
    pub fn vf_causes(&self, vf: usize) -> u32 {
        self.get(EICR) >> vf_vectors(vf) & ((1 << VF_VECTORS) - 1)
    }

    /// The virtual function takes the mailbox and keeps it.
    pub fn vf_lock(&mut self, vf: usize) -> bool {
        if self.get(0xc00 + 4 * vf) & 8 != 0 {
            return false;
        }
        self.change(0xc00 + 4 * vf, |bits| bits | 4);
        true
    }

    /// It gives the mailbox back.
    pub fn vf_unlock(&mut self, vf: usize) {
        self.change(0xc00 + 4 * vf, |bits| bits & !4);
    }

    /// The virtual function writes a message and announces it.
    pub fn vf_send(&mut self, vf: usize, words: &[u32]) {
        assert!(self.vf_lock(vf), "the physical function keeps the mailbox");
        for (n, word) in words.iter().enumerate() {
            self.set(0x800 + 64 * vf + 4 * n, *word);
        }
        self.vf_unlock(vf);
        self.change(0xc80, |bits| bits | 1 << vf);
    }

    /// The answer, if there is one: status bit 4 of the virtual function's side, cleared by
    /// reading, then three words of the buffer.
    pub fn vf_answer(&mut self, vf: usize) -> Option<[u32; 3]> {
        let control = self.get(0xc40 + 4 * vf);
        self.change(0xc40 + 4 * vf, |bits| bits & !0xb0);
        if control & 0x10 == 0 {
            return None;
        }
        Some([0, 4, 8].map(|n| self.get(0x800 + 64 * vf + n)))
    }

    /// Sends, has the driver serve it by `serve`, and fetches the answer.
    pub fn ask(&mut self, vf: usize, words: &[u32], serve: impl FnOnce(&mut Self)) -> [u32; 3] {
        self.vf_send(vf, words);
        serve(self);
        self.vf_answer(vf).expect("an answer")
    }

    fn write_mailbox(&mut self, vf: usize, value: u32) {
        let held_by_vf = self.get(0xc00 + 4 * vf) & 4 != 0;
        self.locks += usize::from(value & 8 != 0);
        if value & 8 != 0 && !held_by_vf {
            self.change(0xc00 + 4 * vf, |bits| bits | 8);
        }
        if value & 0x10 != 0 {
            self.change(0xc00 + 4 * vf, |bits| bits & !4);
        }
        // A message, an acknowledgement: both give the buffer back.
        for (bit, shown) in [(1, 0x10), (2, 0x20)] {
            if value & bit != 0 {
                self.change(0xc40 + 4 * vf, |bits| bits | shown);
                self.change(0xc00 + 4 * vf, |bits| bits & !8);
            }
        }
    }
}

impl Mmio for Card {
    fn size(&self) -> usize {
        WORDS * 4
    }

    fn read32(&self, offset: usize) -> u32 {
        let value = self.get(offset);
        match offset {
            0x0 if value & 1 << 26 != 0 => {
                self.reset_reads.set(self.reset_reads.get() + 1);
                if self.reset_reads.get() >= self.reset_ends_after {
                    self.change(0, |bits| bits & !(1 << 26));
                }
                value
            }
            // Interrupt cause and wrong behaviour: cleared by reading.
            0xc0 | 0x3554 => {
                self.change(offset, |_| 0);
                value
            }
            _ => value,
        }
    }

    fn write32(&mut self, offset: usize, value: u32) {
        self.log.push((offset, value));
        match offset {
            0x20 => self.set(offset, value | self.mdic_answer),
            0xc00..0xc20 => self.write_mailbox((offset - 0xc00) / 4, value),
            0xc80 | 0xc88 | EICR => self.change(offset, |bits| bits & !value),
            _ => self.set(offset, value),
        }
    }

    fn read64(&self, _: usize) -> u64 {
        unreachable!("the card has no 64-bit registers")
    }

    fn write64(&mut self, _: usize, _: u64) {
        unreachable!("the card has no 64-bit registers")
    }
}
