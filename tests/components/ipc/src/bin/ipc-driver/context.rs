// SPDX-License-Identifier: BSD-2-Clause
//! What the tests share.

use ipc_tests::Journal;
use sel4_microkit::{
    Channel, MessageInfo, get_mr,
    ipc::{self, Event},
    memory_region_symbol, set_mr, with_msg_regs, with_msg_regs_mut,
};

pub const SERVER: Channel = Channel::new(1);
pub const LISTENER: Channel = Channel::new(3);
pub const LISTENER_TOO: Channel = Channel::new(4);
pub const TICKER: Channel = Channel::new(5);

/// Where signals to this program arrive. It has no children and nobody calls it, so that is a
/// notification.
const INPUT: sel4::cap::Notification = sel4::Cap::from_bits(1);

/// What the tests share.
pub struct Context {
    /// What all programs write to.
    pub journal: &'static Journal,
    /// Signals that came, bit by channel, and were not waited for yet.
    pending: u64,
}

impl Context {
    pub fn new() -> Self {
        let journal = memory_region_symbol!(journal_vaddr: *mut Journal);
        // SAFETY: the region is mapped for good, large enough, and all its users go by atomics.
        let journal = unsafe { journal.as_ref() };
        Self {
            journal,
            pending: 0,
        }
    }

    /// Waits for a signal from `channel`.
    pub fn wait(&mut self, channel: Channel) {
        while self.pending & 1 << channel.index() == 0 {
            if let Event::Notified(channels) = ipc::recv() {
                channels
                    .iter()
                    .for_each(|channel| self.pending |= 1 << channel.index());
            }
        }
        self.pending &= !(1 << channel.index());
    }

    /// Whether there is a signal from `channel`; does not wait. Takes it.
    pub fn poll(&mut self, channel: Channel) -> bool {
        let (_, badge) = INPUT.poll();
        self.pending |= badge;
        let bit = 1 << channel.index();
        let there = self.pending & bit != 0;
        self.pending &= !bit;
        there
    }
}

/// Calls `channel` with `words` and returns label and length of the answer.
pub fn call(channel: Channel, label: u64, words: &[u64]) -> (u64, usize) {
    with_msg_regs_mut(|regs| regs[..words.len()].copy_from_slice(words));
    let answer = channel.pp_call(MessageInfo::new(label, words.len()));
    (answer.label(), answer.count())
}

/// Writes a pattern over the first message registers, so that words which nobody wrote are seen.
pub fn spoil_message() {
    with_msg_regs_mut(|regs| regs[..100].fill(0xdead_beef));
}

/// The first `N` words of the last answer.
pub fn answer<const N: usize>() -> [u64; N] {
    with_msg_regs(|regs| core::array::from_fn(|i| regs[i]))
}

/// One word sent, one received.
pub fn ask(channel: Channel, label: u64, word: u64) -> u64 {
    set_mr(0, word);
    channel.pp_call(MessageInfo::new(label, 1));
    get_mr(0)
}
