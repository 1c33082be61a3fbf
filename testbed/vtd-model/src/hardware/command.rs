// SPDX-License-Identifier: BSD-2-Clause
//! The global command register (§11.4.4).

use super::interrupt::RemapTable;
use super::{PROTECT, PROTECTED, Platform, QueueFault, Unit};
use crate::rules::Rule;

/// GCMD and GSTS: what stays as written, and what is done once.
pub(crate) const TRANSLATION: u32 = 1 << 31;
const ADVANCED_LOG: u32 = 1 << 28;
pub(crate) const QUEUE: u32 = 1 << 26;
pub(crate) const REMAPPING: u32 = 1 << 25;
pub(crate) const COMPATIBILITY: u32 = 1 << 23;
const SWITCHES: u32 = TRANSLATION | ADVANCED_LOG | QUEUE | REMAPPING | COMPATIBILITY;
const SET_ROOT: u32 = 1 << 30;
const SET_LOG: u32 = 1 << 29;
const FLUSH_BUFFER: u32 = 1 << 27;
const SET_INTERRUPTS: u32 = 1 << 24;
const ONCE: u32 = SET_ROOT | SET_LOG | FLUSH_BUFFER | SET_INTERRUPTS;

/// RTADDR: legacy, scalable, reserved, abort-DMA.
const TABLE_MODE: u64 = 3 << 10;

/// A command that is not carried out yet.
#[derive(Debug)]
pub(super) struct Pending {
    pub accesses: u32,
    pub command: u32,
}

impl Unit {
    pub(super) fn command(&mut self, command: u32, platform: &mut Platform) {
        if self.pending.is_some() {
            platform
                .rules
                .broken(Rule::CommandPending, || format!("GCMD {command:#010x}"));
        }
        let changed = (command ^ self.status) & SWITCHES | command & ONCE;
        if changed.count_ones() > 1 {
            platform.rules.broken(Rule::OneCommandBit, || {
                format!("GCMD {command:#010x} with GSTS {:#010x}", self.status)
            });
        }
        // The status of what is done once says so only when it is done again.
        self.status &= !(command & (SET_ROOT | SET_INTERRUPTS));
        self.status |= command & FLUSH_BUFFER;
        self.pending = Some(Pending {
            accesses: self.options.latency,
            command,
        });
        if self.options.latency == 0 {
            self.carry_out(platform);
        }
    }

    pub(super) fn carry_out(&mut self, platform: &mut Platform) {
        let Some(Pending { command, .. }) = self.pending.take() else {
            return;
        };
        if command & SET_ROOT != 0 {
            if self.is_on(TRANSLATION) && (self.root ^ self.root_register) & TABLE_MODE != 0 {
                platform
                    .rules
                    .broken(Rule::ModeWhileOff, || format!("unit {}", self.index));
            }
            self.root = self.root_register & (!0xfff | TABLE_MODE);
            platform
                .watch
                .root_set(self.index, self.root, &platform.memory, &mut platform.rules);
            self.pointer_set(platform, true);
        }
        if command & SET_INTERRUPTS != 0 {
            self.remap = RemapTable::from_register(self.interrupt_register);
            let entries = self.remap.entries;
            platform
                .watch
                .interrupt_table_set(self.index, self.remap.base, entries);
            self.pointer_set(platform, false);
        }
        if command & FLUSH_BUFFER != 0 {
            let Platform {
                memory,
                watch,
                rules,
            } = platform;
            for line in memory.buffered_lines() {
                for change in memory.reveal(line) {
                    watch.changed(change, memory, rules);
                }
            }
        }
        let on = command & !self.status & SWITCHES;
        let off = !command & self.status & SWITCHES;
        if on & QUEUE != 0 {
            self.queue_on(platform);
        }
        if off & QUEUE != 0 {
            self.queue_off(platform);
        }
        let old = self.old_pointers;
        if on & TRANSLATION != 0 && (old.0 || old.1) || on & REMAPPING != 0 && old.2 {
            self.pointer_not_flushed(platform);
        }
        self.status = command & (SWITCHES | SET_ROOT | SET_INTERRUPTS)
            | self.status & (SET_ROOT | SET_INTERRUPTS);
        self.settle_queue(platform);
    }

    fn pointer_set(&mut self, platform: &mut Platform, root: bool) {
        let pending = !self.options.pointer_flushes;
        if root {
            (self.old_pointers.0, self.old_pointers.1) = (pending, pending);
        } else {
            self.old_pointers.2 = pending;
        }
        if self.options.pointer_flushes && root {
            self.drop_contexts(platform, None, None);
            self.drop_translations(platform, None, None, false);
        } else if self.options.pointer_flushes {
            self.drop_interrupts(platform, None);
        }
    }

    pub(super) fn pointer_not_flushed(&self, platform: &mut Platform) {
        platform.rules.broken(Rule::InvalidateAfterPointer, || {
            format!("unit {}", self.index)
        });
    }

    /// Puts the switches into a state, as firmware left them.
    pub fn preset(&mut self, switches: u32, root: u64, interrupts: u64, platform: &mut Platform) {
        self.root_register = root;
        self.interrupt_register = interrupts;
        if root != 0 {
            self.pending = Some(Pending {
                accesses: 0,
                command: self.status & SWITCHES | SET_ROOT,
            });
            self.carry_out(platform);
        }
        if interrupts != 0 {
            let command = self.status & SWITCHES | SET_INTERRUPTS;
            self.pending = Some(Pending {
                accesses: 0,
                command,
            });
            self.carry_out(platform);
        }
        self.old_pointers = (false, false, false);
        self.status |= switches;
    }

    /// Has firmware's protection on.
    pub fn preset_protection(&mut self) {
        self.protected = PROTECT | PROTECTED;
    }

    /// Whether a stuck queue, or one in trouble, was left behind.
    pub fn preset_queue(&mut self, address: u64, head: u64, tail: u64, fault: Option<QueueFault>) {
        self.queue.address = address;
        self.queue.head = head;
        self.queue.tail = tail;
        if let Some(fault) = fault {
            self.faults.queue_trouble(fault);
        }
    }
}
