// SPDX-License-Identifier: BSD-2-Clause
//! The physical function at work: events and messages of its virtual functions.

use core::time::Duration;

use mmio::{ABSENT32, Mmio};

use crate::filters::Filters;
use crate::registers::{MAX_VFS, Reg, Registers};
use crate::vf::{Vf, stop};
use crate::{Answer, Limits, Policy, mailbox};

const SPOOF_MAC: u32 = 1;
const SPOOF_VLAN: u32 = 1 << 8;
const RATE_ENABLE: u32 = 1 << 31;
const RATE_INTEGER_SHIFT: u8 = 14;
/// The memory window that the datasheet recommends for gigabit links.
const RATE_WINDOW: u32 = 0x14;
/// How long a virtual function may keep its mailbox before it is looked at again.
const RETRY: Duration = Duration::from_millis(1);

/// What happened, for the console and for whoever counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// This virtual function was reset, by itself or by its configuration space.
    Reset(u8),
    /// This virtual function asked for something.
    Answered(u8, Answer),
    /// This virtual function sent more than it may, and is not listened to for a while.
    Flooding(u8),
    /// The device dropped a frame of this virtual function that had a foreign address or VLAN.
    Spoofed(u8),
}

/// All virtual functions of a device.
#[derive(Debug)]
pub struct Pf {
    count: u8,
    limits: Limits,
    filters: Filters,
    vfs: [Vf; MAX_VFS as usize],
    /// Messages that were announced and not read yet, a bit for each virtual function.
    requests: u8,
    /// Virtual functions that are not listened to until their window ends.
    muted: u8,
    /// Who is looked at first: it changes, so that nobody is always last.
    first: u8,
}

impl Pf {
    /// `count` virtual functions (up to 8), after [`Bringup`](crate::Bringup) is done. Nobody
    /// has any of them yet.
    pub fn new(count: u8, limits: Limits) -> Self {
        Self {
            count: count.min(MAX_VFS),
            limits,
            filters: Filters::default(),
            vfs: Default::default(),
            requests: 0,
            muted: 0,
            first: 0,
        }
    }

    /// Somebody has `vf` from now on, under this policy; it has to start with a reset. `megabits`
    /// is the speed of the link, for the rate. `false` if there is no such virtual function.
    pub fn allow(
        &mut self,
        registers: &mut impl Mmio,
        vf: u8,
        policy: Policy,
        megabits: u16,
    ) -> bool {
        let Some(state) = self.vfs[..self.count.into()].get_mut(usize::from(vf)) else {
            return false;
        };
        state.allow(policy);
        state.restart(registers, &mut self.filters, vf);
        let spoof = (SPOOF_MAC | SPOOF_VLAN) << vf;
        registers.modify(Reg::Dtxswc, |bits| {
            if policy.anti_spoof {
                bits | spoof
            } else {
                bits & !spoof
            }
        });
        self.set_rate(registers, vf, policy.rate, megabits);
        true
    }

    /// Nobody has `vf` any more: it neither receives nor transmits, has nothing in any filter,
    /// and a reset that it asks for is refused.
    pub fn forbid(&mut self, registers: &mut impl Mmio, vf: u8) {
        if let Some(state) = self.vfs.get_mut(usize::from(vf)) {
            state.forbid();
            state.restart(registers, &mut self.filters, vf);
            mailbox::unlock(registers, vf);
            self.requests &= !(1 << vf);
        }
    }

    /// Limits what `vf` sends to `rate` megabits per second, on a link with `megabits` (§8.13):
    /// again whenever the speed of the link changes. 0 for no limit.
    ///
    /// The limit is of a queue, and a virtual function has two, `vf` and `vf + 8` (§8.26.1).
    /// Drivers, Linux's among them, use the first; the second gets next to nothing, so that
    /// nobody has twice his rate.
    pub fn set_rate(&mut self, registers: &mut impl Mmio, vf: u8, rate: u16, megabits: u16) {
        for (queue, rate) in [(vf.saturating_add(MAX_VFS), rate.min(1)), (vf, rate)] {
            registers.set(Reg::Rttdqsel, queue.into());
            registers.set(Reg::Rttbcnrm, RATE_WINDOW);
            registers.set(Reg::Rttbcnrc, rate_factor(rate, megabits));
        }
    }

    /// Takes note of an interrupt by MSI-X vector `vector` (0 to 9), so that the next event raises
    /// another one. To be called before [`poll`](Self::poll), which then misses nothing: reading
    /// and writing clear the causes (§8.8.1, §8.8.9), not the events behind them.
    ///
    /// The register has the causes of all virtual functions as well, each of which sees its three
    /// in a register of its own: one that a virtual function masks for now is still to come.
    pub fn acknowledge(&self, registers: &mut impl Mmio, vector: u8) {
        let _ = registers.get(Reg::Icr);
        registers.set(Reg::Eicr, 1u32.checked_shl(vector.into()).unwrap_or(0));
    }

    /// Deals with everything that the device reports at time `now`, a bounded amount of it.
    /// Returns when to be called again even without an interrupt.
    pub fn poll(
        &mut self,
        registers: &mut impl Mmio,
        now: Duration,
        mut on: impl FnMut(Event),
    ) -> Option<Duration> {
        let causes = registers.get(Reg::Mbvficr);
        if causes == ABSENT32 {
            return None;
        }
        self.unmute(registers, now);
        let mine = ((1u16 << self.count) - 1) as u8;
        let resets = registers.get(Reg::Vflre) as u8 & mine;
        let spoofers = registers.get(Reg::Wvbr) as u8 & mine;
        let asked = causes as u8 & mine;
        // Acknowledgements need no answer; what is not ours is not to come again either.
        registers.set(Reg::Mbvficr, causes & !u32::from(self.muted));
        self.requests |= asked & !self.muted;

        let mut next = None;
        for turn in 0..self.count {
            let vf = (self.first + turn) % self.count;
            let bit = 1 << vf;
            if spoofers & bit != 0 {
                on(Event::Spoofed(vf));
            }
            if (resets | self.requests) & bit == 0 || self.muted & bit != 0 {
                continue;
            }
            if !self.vfs[usize::from(vf)].afford(&self.limits, now) {
                self.mute(registers, vf);
                on(Event::Flooding(vf));
                continue;
            }
            if resets & bit != 0 {
                self.was_reset(registers, vf);
                on(Event::Reset(vf));
            }
            // It may have asked for something since: no new interrupt would tell.
            if self.requests & bit == 0 {
                continue;
            }
            match mailbox::receive(registers, vf) {
                Some(words) => {
                    self.requests &= !bit;
                    let state = &mut self.vfs[usize::from(vf)];
                    if let Some(answer) = state.handle(registers, &mut self.filters, vf, &words) {
                        on(Event::Answered(vf, answer));
                    }
                }
                None => next = Some(now.saturating_add(RETRY)),
            }
        }
        self.first = (self.first + 1) % self.count.max(1);
        for vf in 0..self.count {
            if !self.vfs[usize::from(vf)].flush(registers, vf) {
                next = Some(now.saturating_add(RETRY));
            }
        }
        self.next_window().into_iter().chain(next).min()
    }

    /// Hardware has switched its queues off already. What it left in the mailbox is stale.
    fn was_reset(&mut self, registers: &mut impl Mmio, vf: u8) {
        registers.set(Reg::Vflre, 1 << vf);
        self.vfs[usize::from(vf)].restart(registers, &mut self.filters, vf);
        mailbox::unlock(registers, vf);
    }

    /// Its requests stay pending in hardware and raise no interrupts.
    fn mute(&mut self, registers: &mut impl Mmio, vf: u8) {
        self.muted |= 1 << vf;
        registers.set(Reg::Mbvfimr, u32::from(!self.muted));
    }

    fn unmute(&mut self, registers: &mut impl Mmio, now: Duration) {
        let before = self.muted;
        for vf in 0..self.count {
            let next = self.vfs[usize::from(vf)].budget.next(&self.limits);
            if next.is_none_or(|next| now >= next) {
                self.muted &= !(1 << vf);
            }
        }
        if self.muted != before {
            registers.set(Reg::Mbvfimr, u32::from(!self.muted));
        }
    }

    fn next_window(&self) -> Option<Duration> {
        let muted = (0..self.count).filter(|vf| self.muted & 1 << vf != 0);
        muted
            .filter_map(|vf| self.vfs[usize::from(vf)].budget.next(&self.limits))
            .min()
    }

    /// Whether somebody has `vf`.
    pub fn allowed(&self, vf: u8) -> bool {
        self.vfs.get(usize::from(vf)).is_some_and(Vf::allowed)
    }

    /// Switches the queues of `vf` off at once, without forgetting anything: the first step of a
    /// quarantine.
    pub fn silence(&mut self, registers: &mut impl Mmio, vf: u8) {
        if vf < self.count {
            stop(registers, vf);
        }
    }
}

/// The rate factor is the speed of the link over the rate, with 14 bits behind the point.
fn rate_factor(rate: u16, megabits: u16) -> u32 {
    if rate == 0 || rate >= megabits {
        return 0;
    }
    RATE_ENABLE | ((u32::from(megabits) << RATE_INTEGER_SHIFT) / u32::from(rate))
}

#[cfg(test)]
mod tests;
