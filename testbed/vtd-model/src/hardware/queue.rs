// SPDX-License-Identifier: BSD-2-Clause
//! The invalidation queue (§6.5.2): one descriptor after the other, in order.

use std::collections::VecDeque;

use super::{Platform, QUEUE, Unit};
use crate::memory::PAGE;
use crate::options::MAX_HANDLE_MASK;
use crate::rules::Rule;

const DESCRIPTOR: u64 = 16;

/// Trouble that hardware reports in FSTS (§6.5.2.10).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QueueFault {
    /// IQE: the descriptor at the head is not taken.
    Refused,
    /// ICE: an unexpected completion came in.
    WrongCompletion,
    /// ITE: the invalidation is not done, and waits behind it are dropped.
    Timeout,
}

#[derive(Debug, Default)]
pub(super) struct Queue {
    pub address: u64,
    pub head: u64,
    pub tail: u64,
    /// Accesses of the driver since the last descriptor was done.
    pub idle: u32,
    /// Stands still for no reason that it would tell.
    pub halted: bool,
    /// How many descriptors go well before which trouble.
    pub injected: VecDeque<(usize, QueueFault)>,
    /// Waits before this offset are dropped: they were under way when an invalidation timed out.
    drops_waits: Option<u64>,
}

impl Queue {
    fn bytes(&self) -> u64 {
        PAGE << (self.address & 7)
    }

    fn next_trouble(&mut self) -> Option<QueueFault> {
        let (after, fault) = self.injected.front_mut()?;
        if *after > 0 {
            *after -= 1;
            return None;
        }
        let fault = *fault;
        self.injected.pop_front();
        Some(fault)
    }
}

impl Unit {
    pub(super) fn queue_on(&mut self, platform: &mut Platform) {
        self.queue.head = 0;
        self.queue.drops_waits = None;
        let base = self.queue.address & !(PAGE - 1);
        for page in (base..base + self.queue.bytes()).step_by(PAGE as usize) {
            platform.watch.pin(page, self.index);
        }
    }

    pub(super) fn queue_off(&mut self, platform: &mut Platform) {
        if self.queue.head != self.queue.tail && !self.faults.queue_stopped() {
            platform
                .rules
                .broken(Rule::QueueOrder, || "QIE cleared while not empty".into());
        }
        self.queue.head = 0;
        self.queue.tail = 0;
        platform.watch.unpin(self.index);
    }

    pub(super) fn queue_may_run(&self) -> bool {
        let open = self.is_on(QUEUE) && !self.queue.halted;
        open && self.queue.head != self.queue.tail && !self.faults.queue_stopped()
    }

    pub(super) fn queue_step(&mut self, platform: &mut Platform) {
        let at = (self.queue.address & !(PAGE - 1)) + self.queue.head;
        let (low, high) = (platform.memory.read(at), platform.memory.read(at + 8));
        let trouble = self.queue.next_trouble();
        if trouble == Some(QueueFault::Refused) {
            self.faults.queue_trouble(QueueFault::Refused);
            return;
        }
        match trouble {
            Some(fault) => {
                if fault == QueueFault::Timeout {
                    self.queue.drops_waits = Some(self.queue.tail);
                }
                self.faults.queue_trouble(fault);
            }
            None if !self.invalidate(low, high, platform) => {
                self.faults.queue_trouble(QueueFault::Refused);
                return;
            }
            None => {}
        }
        self.queue.head = (self.queue.head + DESCRIPTOR) % self.queue.bytes();
        if Some(self.queue.head) == self.queue.drops_waits {
            self.queue.drops_waits = None;
        }
    }

    /// Carries a descriptor out; false if it is not one.
    fn invalidate(&mut self, low: u64, high: u64, platform: &mut Platform) -> bool {
        let granularity = low >> 4 & 3;
        let domain = (low >> 16) as u16;
        match (low & 0xf, granularity) {
            (1, 1) => self.drop_contexts(platform, None, None),
            (1, 2) => self.drop_contexts(platform, Some(domain), None),
            (1, 3) => {
                let device = (low >> 32) as u16;
                self.drop_contexts(platform, Some(domain), Some(device));
            }
            (2, 1..=3) => return self.invalidate_translations(low, high, platform),
            (4, 0 | 2) if low & 1 << 4 == 0 => self.drop_interrupts(platform, None),
            (4, 1 | 3) => {
                let mask = (low >> 27 & 0x1f) as u8;
                if mask > MAX_HANDLE_MASK {
                    return false;
                }
                let first = (low >> 32) as u16 & !0 << mask;
                self.drop_interrupts(platform, Some((first, 1 << mask)));
            }
            (5, _) => self.wait(low, high, platform),
            _ => return false,
        }
        true
    }

    fn invalidate_translations(&mut self, low: u64, high: u64, platform: &mut Platform) -> bool {
        const DRAINS: u64 = 3 << 6;
        if self.options.drains && low & DRAINS != DRAINS {
            platform
                .rules
                .broken(Rule::Drain, || format!("descriptor {low:#x}"));
        }
        let domain = Some((low >> 16) as u16);
        match low >> 4 & 3 {
            1 => self.drop_translations(platform, None, None, false),
            3 if self.options.page_selective => {
                let order = (high & 0x3f) as u8;
                let bytes = PAGE << order;
                let base = high & !(PAGE - 1);
                if order > self.options.max_address_mask || !base.is_multiple_of(bytes) {
                    return false;
                }
                let leaves_only = high & 1 << 6 != 0;
                self.drop_translations(platform, domain, Some((base, base + bytes)), leaves_only);
            }
            _ => self.drop_translations(platform, domain, None, false),
        }
        true
    }

    fn wait(&mut self, low: u64, high: u64, platform: &mut Platform) {
        const WRITES_STATUS: u64 = 1 << 5;
        if low & WRITES_STATUS == 0 || self.queue.drops_waits.is_some() {
            return;
        }
        let at = high & !3;
        if !platform.memory.owned(at & !7) {
            platform
                .rules
                .broken(Rule::OwnMemory, || format!("wait status at {at:#x}"));
            return;
        }
        let word = platform.memory.read(at & !7);
        let shift = (at & 4) * 8;
        let data = low >> 32 << shift;
        let kept = word & !(0xffff_ffff << shift);
        platform.memory.write_device(at & !7, kept | data);
    }
}
