// SPDX-License-Identifier: BSD-2-Clause
//! The VMM's end of the page.

use core::sync::atomic::{AtomicU64, Ordering};

use crate::cause::index;
use crate::page::VERSION;
use crate::{Access, Command, End, Page, Phase, State};

/// The VMM's end. There is one of it to a page: what it counts it alone counts, so an addition is
/// no locked instruction.
#[derive(Debug)]
pub struct Control<'a> {
    page: &'a Page,
    phase: Phase,
    since: u64,
}

impl<'a> Control<'a> {
    /// Takes up the page. `tsc_hz`: ticks of the time-stamp counter in a second.
    ///
    /// A command that an earlier life of this VMM did not obey is found by
    /// [`command`](Self::command).
    pub fn attach(page: &'a Page, tsc_hz: u64) -> Self {
        page.tsc_hz.store(tsc_hz, Ordering::Relaxed);
        page.state
            .store(State::NotStarted as u64, Ordering::Relaxed);
        page.phase.store(0, Ordering::Relaxed);
        page.version.store(VERSION, Ordering::Release);
        Self {
            page,
            phase: Phase::None,
            since: 0,
        }
    }

    /// Was a guest started with this page before?
    pub fn is_used(&self) -> bool {
        self.page.starts.load(Ordering::Relaxed) != 0
    }

    /// The guest starts, and all counters with it. `now`: the time-stamp counter.
    pub fn started(&mut self, now: u64) {
        let page = self.page;
        self.switch(Phase::None, now);
        let counters = page.ticks.iter().chain(&page.accesses).chain(&page.exits);
        for counter in counters.chain([&page.injected, &page.pending]) {
            counter.store(0, Ordering::Relaxed);
        }
        add(&page.starts, 1);
        self.switch(Phase::Vmm, now);
        page.state.store(State::Running as u64, Ordering::Release);
    }

    /// The guest ended. The counters stay.
    pub fn ended(&mut self, end: End, now: u64) {
        self.switch(Phase::None, now);
        for (word, value) in self.page.end.iter().zip(end.to_words()) {
            word.store(value, Ordering::Relaxed);
        }
        self.set_state(State::Ended);
    }

    /// The guest was stopped by a command. The counters stay.
    pub fn stopped(&mut self, now: u64) {
        self.switch(Phase::None, now);
        self.set_state(State::Stopped);
    }

    /// Counts an exit by its reason, as the VMCS has it.
    #[inline]
    pub fn count_exit(&mut self, reason: u32) {
        add(&self.page.exits[index(reason)], 1);
    }

    /// Counts what an exit was about.
    #[inline]
    pub fn count(&mut self, access: Access) {
        add(&self.page.accesses[access as usize], 1);
    }

    /// Counts an interrupt that was injected.
    #[inline]
    pub fn count_injected(&mut self) {
        add(&self.page.injected, 1);
    }

    /// Tells how many interrupts wait.
    #[inline]
    pub fn set_pending(&mut self, interrupts: u64) {
        self.page.pending.store(interrupts, Ordering::Relaxed);
    }

    /// From `now` (the time-stamp counter) on time goes into `phase`.
    #[inline]
    pub fn switch(&mut self, phase: Phase, now: u64) {
        // The counter of another core may be a little behind.
        let ticks = now.saturating_sub(self.since);
        add(&self.page.ticks[self.phase as usize], ticks);
        (self.phase, self.since) = (phase, now);
        self.page
            .phase
            .store(now & !3 | phase as u64, Ordering::Release);
    }

    /// Ticks that the guest has executed since it started, up to the last switch.
    pub fn guest_ticks(&self) -> u64 {
        self.page.ticks[Phase::Guest as usize].load(Ordering::Relaxed)
    }

    /// The command that waits, if one does. It waits until [`obeyed`](Self::obeyed).
    pub fn command(&self) -> Option<(Command, u64)> {
        let word = self.page.command.load(Ordering::Acquire);
        if word == self.page.done.load(Ordering::Relaxed) {
            return None;
        }
        Command::of_word(word).map(|command| (command, word))
    }

    /// The command that came with this word was obeyed.
    pub fn obeyed(&mut self, word: u64) {
        self.page.done.store(word, Ordering::Release);
    }

    fn set_state(&mut self, state: State) {
        self.page.state.store(state as u64, Ordering::Release);
    }
}

/// The other end could have written anything, so the sum may wrap.
#[inline]
fn add(counter: &AtomicU64, more: u64) {
    let sum = counter.load(Ordering::Relaxed).wrapping_add(more);
    counter.store(sum, Ordering::Relaxed);
}
