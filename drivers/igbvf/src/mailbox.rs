// SPDX-License-Identifier: BSD-2-Clause
//! The virtual function's side of the mailbox (§7.10.2.9.1) and the few messages that it sends,
//! which are those of Linux' `igbvf`.

use igb::{MESSAGE_WORDS, Mac};
use mmio::{ABSENT32, Mmio};

use crate::Failure;
use crate::registers::{Reg, Registers, mailbox_word};

const REQUEST: u32 = 1;
const ACKNOWLEDGE: u32 = 1 << 1;
const VF_USES: u32 = 1 << 2;
const PF_MESSAGE: u32 = 1 << 4;
const PF_ACKNOWLEDGED: u32 = 1 << 5;
/// The physical function is in reset.
const RESET_INDICATED: u32 = 1 << 6;
/// The reset is over. Like the two above it is cleared by reading.
const RESET_DONE: u32 = 1 << 7;
const CLEARED_BY_READING: u32 = PF_MESSAGE | PF_ACKNOWLEDGED | RESET_DONE;

const RESET: u32 = 1;
const SET_MAX_FRAME: u32 = 5;
const KIND: u32 = 0xffff;
const ACK: u32 = 1 << 31;
const NACK: u32 = 1 << 30;
const CLEAR_TO_SEND: u32 = 1 << 29;

/// How a reset was answered.
pub type Welcome = Result<Mac, Failure>;

/// The mailbox.
#[derive(Debug, Default)]
pub struct Mailbox {
    /// What reading has cleared and nobody has asked for yet.
    seen: u32,
}

impl Mailbox {
    /// Forgets what came so far.
    pub fn clear(&mut self, registers: &impl Mmio) {
        let _ = self.look(registers);
        self.seen = 0;
    }

    fn look(&mut self, registers: &impl Mmio) -> u32 {
        let bits = registers.get(Reg::V2pMailbox);
        if bits != ABSENT32 {
            self.seen |= bits & CLEARED_BY_READING;
        }
        bits
    }

    /// Whether the physical function is in reset.
    pub fn in_reset(&mut self, registers: &impl Mmio) -> bool {
        self.look(registers) & RESET_INDICATED != 0
    }

    /// Whether the physical function was or is in reset, since the last time.
    pub fn was_reset(&mut self, registers: &impl Mmio) -> bool {
        let bits = self.look(registers);
        let done = self.seen & RESET_DONE != 0;
        self.seen &= !RESET_DONE;
        bits & RESET_INDICATED != 0 || done
    }

    /// Asks for the reset to be known. `false` if the buffer is in use: try again later.
    pub fn ask_reset(&mut self, registers: &mut impl Mmio) -> bool {
        self.send(registers, &[RESET])
    }

    /// The answer to that, if it has come.
    pub fn welcome(&mut self, registers: &mut impl Mmio) -> Option<Welcome> {
        let [first, low, high] = self.receive(registers)?;
        if first & KIND != RESET {
            return None;
        }
        let mac = Mac::from_words(low, high).filter(|_| first & (ACK | NACK) == ACK);
        Some(mac.ok_or(Failure::Refused))
    }

    /// Asks for frames of at most `bytes`, with their checksum.
    pub fn ask_max_frame(&mut self, registers: &mut impl Mmio, bytes: u32) -> bool {
        self.send(registers, &[SET_MAX_FRAME, bytes])
    }

    /// The answer to that, if it has come: whether it was accepted.
    pub fn max_frame(&mut self, registers: &mut impl Mmio) -> Option<Result<bool, Failure>> {
        let [first, ..] = self.receive(registers)?;
        if first & KIND != SET_MAX_FRAME {
            return None;
        }
        if first & CLEAR_TO_SEND == 0 {
            return Some(Err(Failure::Forgotten));
        }
        Some(Ok(first & (ACK | NACK) == ACK))
    }

    /// Whether a message without request says that the physical function has forgotten about the
    /// virtual function.
    pub fn forgotten(&mut self, registers: &mut impl Mmio) -> bool {
        self.receive(registers)
            .is_some_and(|[first, ..]| first & CLEAR_TO_SEND == 0)
    }

    fn lock(&mut self, registers: &mut impl Mmio) -> bool {
        registers.set(Reg::V2pMailbox, VF_USES);
        let bits = self.look(registers);
        bits != ABSENT32 && bits & VF_USES != 0
    }

    fn send(&mut self, registers: &mut impl Mmio, words: &[u32]) -> bool {
        if !self.lock(registers) {
            return false;
        }
        // An answer to something earlier is none to this.
        self.seen &= !(PF_MESSAGE | PF_ACKNOWLEDGED);
        for (word, value) in words.iter().take(MESSAGE_WORDS).enumerate() {
            registers.write32(mailbox_word(word), *value);
        }
        // Gives the buffer back as well.
        registers.set(Reg::V2pMailbox, REQUEST);
        true
    }

    fn receive(&mut self, registers: &mut impl Mmio) -> Option<[u32; 3]> {
        let _ = self.look(registers);
        if self.seen & PF_MESSAGE == 0 || !self.lock(registers) {
            return None;
        }
        // Read once: the words may be different a moment later.
        let words = core::array::from_fn(|word| registers.read32(mailbox_word(word)));
        self.seen &= !PF_MESSAGE;
        registers.set(Reg::V2pMailbox, ACKNOWLEDGE);
        Some(words)
    }
}
