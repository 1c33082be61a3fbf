// SPDX-License-Identifier: BSD-2-Clause
//! The console's end of the page.

use core::sync::atomic::{AtomicU64, Ordering};

use crate::cause::ACCESSES;
use crate::page::VERSION;
use crate::{Access, Busy, Command, EXITS, End, Page, Phase, State};

/// The console's end. What it reads is the VMM's word, and may be nonsense.
#[derive(Debug, Clone, Copy)]
pub struct Guest<'a> {
    page: &'a Page,
}

/// Ticks of the time-stamp counter since the guest's start, by where they went. What others used
/// of the processor while the guest could have run is in `guest` and `vmm`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Times {
    /// The guest executed.
    pub guest: u64,
    /// Its VMM worked for it.
    pub vmm: u64,
    /// It waited for an interrupt.
    pub idle: u64,
}

impl Times {
    /// All of it.
    pub const fn total(&self) -> u64 {
        self.guest.wrapping_add(self.vmm).wrapping_add(self.idle)
    }
}

/// All that the VMM tells, at one moment. (Counters are read one after the other: those of a guest
/// that runs are not of the very same moment.)
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Snapshot {
    /// Does the guest live?
    pub state: State,
    /// How it ended last, if it ever did.
    pub end: Option<End>,
    /// How often it was started.
    pub starts: u64,
    /// Ticks of the time-stamp counter in a second; 0 if the VMM does not know.
    pub tsc_hz: u64,
    /// What it does now.
    pub phase: Phase,
    /// Where the time went.
    pub times: Times,
    /// Interrupts injected since its start.
    pub injected: u64,
    /// Interrupts that wait.
    pub pending: u64,
    /// Exits since its start; the names are [`exit_name`](crate::exit_name)'s.
    pub exits: [u64; EXITS],
    /// What they were about; in the order of [`Access::ALL`].
    pub accesses: [u64; ACCESSES],
}

impl Snapshot {
    /// Exits of all kinds.
    pub fn total_exits(&self) -> u64 {
        (self.exits.iter()).fold(0, |sum: u64, count| sum.wrapping_add(*count))
    }

    /// The count of these accesses.
    pub const fn accesses(&self, access: Access) -> u64 {
        self.accesses[access as usize]
    }
}

impl<'a> Guest<'a> {
    /// Takes up the page.
    pub const fn attach(page: &'a Page) -> Self {
        Self { page }
    }

    /// What there is to know, at `now` (the time-stamp counter). None before a VMM has taken up
    /// the page.
    pub fn snapshot(&self, now: u64) -> Option<Snapshot> {
        let page = self.page;
        if page.version.load(Ordering::Acquire) != VERSION {
            return None;
        }
        let end = [0, 1].map(|at| page.end[at].load(Ordering::Relaxed));
        let (phase, times) = self.times(now);
        Some(Snapshot {
            state: State::from_number(page.state.load(Ordering::Acquire))?,
            end: End::from_words(end),
            starts: load(&page.starts),
            tsc_hz: load(&page.tsc_hz),
            phase,
            times,
            injected: load(&page.injected),
            pending: load(&page.pending),
            exits: core::array::from_fn(|at| load(&page.exits[at])),
            accesses: core::array::from_fn(|at| load(&page.accesses[at])),
        })
    }

    /// Gives a command. The VMM is to be notified then.
    ///
    /// # Errors
    ///
    /// [`Busy`] if the command before was not obeyed yet.
    pub fn command(&self, command: Command) -> Result<(), Busy> {
        let last = self.page.command.load(Ordering::Relaxed);
        if let Some(earlier) = Command::of_word(last)
            && last != self.page.done.load(Ordering::Acquire)
        {
            return Err(Busy(earlier));
        }
        let word = command.word_after(last);
        self.page.command.store(word, Ordering::Release);
        Ok(())
    }

    fn times(&self, now: u64) -> (Phase, Times) {
        let page = self.page;
        // The guest may go on meanwhile: a reading between two phases is good. It may go on for
        // ever: then the last one must do.
        let mut word = page.phase.load(Ordering::Acquire);
        let mut ticks = [0; 4];
        for _ in 0..8 {
            ticks = core::array::from_fn(|at| page.ticks[at].load(Ordering::Acquire));
            match page.phase.load(Ordering::Acquire) {
                same if same == word => break,
                other => word = other,
            }
        }
        let phase = Phase::of_word(word);
        let current = now.saturating_sub(word & !3);
        ticks[phase as usize] = ticks[phase as usize].wrapping_add(current);
        let [_, guest, vmm, idle] = ticks;
        (phase, Times { guest, vmm, idle })
    }
}

fn load(word: &AtomicU64) -> u64 {
    word.load(Ordering::Relaxed)
}

#[cfg(test)]
mod tests;
