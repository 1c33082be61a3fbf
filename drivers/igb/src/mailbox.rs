// SPDX-License-Identifier: BSD-2-Clause
//! The physical function's side of a mailbox (§7.10.2.9.1). Whoever holds the lock may use the
//! buffer; the lock is asked for once, and who does not get it comes back later.

use mmio::Mmio;

use crate::message::MESSAGE_WORDS;
use crate::registers::{Registers, VfReg, mailbox_word};

const STATUS: u32 = 1;
const ACKNOWLEDGE: u32 = 1 << 1;
const PF_USES: u32 = 1 << 3;
const RESET_VF_USES: u32 = 1 << 4;

/// Takes the buffer of `vf`. `false` if the virtual function is using it.
fn lock(registers: &mut impl Mmio, vf: u8) -> bool {
    registers.set_vf(VfReg::P2vMailbox, vf, PF_USES);
    registers.vf(VfReg::P2vMailbox, vf) & PF_USES != 0
}

/// The message of `vf`, acknowledged and the buffer given back. `None` if the virtual function is
/// using the buffer: ask again later.
pub fn receive(registers: &mut impl Mmio, vf: u8) -> Option<[u32; MESSAGE_WORDS]> {
    if !lock(registers, vf) {
        return None;
    }
    // Read once: the words may be different a moment later.
    let words = core::array::from_fn(|word| registers.read32(mailbox_word(vf, word)));
    registers.set_vf(VfReg::P2vMailbox, vf, ACKNOWLEDGE);
    Some(words)
}

/// Sends `words` to `vf`. `false` if the virtual function is using the buffer.
pub fn send(registers: &mut impl Mmio, vf: u8, words: &[u32]) -> bool {
    if !lock(registers, vf) {
        return false;
    }
    for (word, value) in words.iter().take(MESSAGE_WORDS).enumerate() {
        registers.write32(mailbox_word(vf, word), *value);
    }
    registers.set_vf(VfReg::P2vMailbox, vf, STATUS);
    true
}

/// Takes the buffer away from a virtual function that is being reset and left it locked.
pub fn unlock(registers: &mut impl Mmio, vf: u8) {
    registers.set_vf(VfReg::P2vMailbox, vf, RESET_VF_USES);
}
