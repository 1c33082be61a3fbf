// SPDX-License-Identifier: BSD-2-Clause
//! One remapping unit: its registers (§11.4), and what it does when they are written.

mod caches;
mod command;
mod context;
mod faults;
mod interrupt;
mod queue;
mod walk;

use std::collections::VecDeque;

use crate::memory::HostMemory;
use crate::options::{FAULT_RECORDS, Options};
use crate::rules::{Rule, Rules};
use crate::watch::{Fresh, Watch};
use caches::Caches;
use command::Pending;
pub(crate) use command::{COMPATIBILITY, QUEUE, REMAPPING, TRANSLATION};
use faults::Faults;
pub use interrupt::Interrupt;
use interrupt::RemapTable;
use queue::Queue;
pub use queue::QueueFault;

/// What all units share.
#[derive(Debug)]
pub(crate) struct Platform {
    pub memory: HostMemory,
    pub watch: Watch,
    pub rules: Rules,
}

const PROTECT: u32 = 1 << 31;
const PROTECTED: u32 = 1 << 0;

#[derive(Debug)]
pub(crate) struct Unit {
    index: usize,
    options: Options,
    status: u32,
    pending: Option<Pending>,
    root_register: u64,
    root: u64,
    interrupt_register: u64,
    remap: RemapTable,
    queue: Queue,
    faults: Faults,
    caches: Caches,
    /// What was cached of tables that were replaced is not dropped yet: contexts, translations,
    /// interrupt entries.
    old_pointers: (bool, bool, bool),
    protected: u32,
    invalidation_event: [u32; 4],
}

impl Unit {
    pub fn new(index: usize, options: Options) -> Self {
        Self {
            index,
            options,
            status: 0,
            pending: None,
            root_register: 0,
            root: 0,
            interrupt_register: 0,
            remap: RemapTable::default(),
            queue: Queue::default(),
            faults: Faults::new(options.fault_records.into(), options.folds_faults),
            caches: Caches::default(),
            old_pointers: (false, false, false),
            protected: 0,
            invalidation_event: [1 << 31, 0, 0, 0],
        }
    }

    fn is_on(&self, switch: u32) -> bool {
        self.status & switch != 0
    }

    pub fn read32(&self, offset: usize) -> u32 {
        match offset {
            0x00 => 0x10,
            0x1c => self.status,
            0x34 => self.faults.status(),
            0x38..=0x44 => self.faults.event_register(offset),
            0x64 if self.options.protected_memory => self.protected,
            0x68..=0x6c if self.options.protected_memory => 0,
            0x9c => 0,
            0xa0..=0xac => self.invalidation_event[(offset - 0xa0) / 4],
            _ => 0,
        }
    }

    pub fn read64(&self, offset: usize) -> u64 {
        match offset {
            0x08 => self.options.cap(),
            0x10 => self.options.ecap(),
            0x20 => self.root_register,
            0x80 => self.queue.head,
            0x88 => self.queue.tail,
            0x90 => self.queue.address,
            0xb8 => self.interrupt_register,
            FAULT_RECORDS.. => self.faults.read(offset - FAULT_RECORDS),
            _ => 0,
        }
    }

    pub fn write32(&mut self, offset: usize, value: u32, platform: &mut Platform) {
        match offset {
            0x18 => self.command(value, platform),
            0x34 => {
                self.faults.acknowledge(value);
                self.settle_queue(platform);
            }
            0x38..=0x44 => self.faults.set_event_register(offset, value),
            0x64 if self.options.protected_memory => {
                self.protected = value & PROTECT | value >> 31;
            }
            0xa0..=0xac => self.invalidation_event[(offset - 0xa0) / 4] = value,
            _ => {}
        }
    }

    pub fn write64(&mut self, offset: usize, value: u64, platform: &mut Platform) {
        match offset {
            0x20 => self.root_register = value,
            0x88 => {
                self.queue.tail = value & 0x7_fff0;
                self.settle_queue(platform);
            }
            0x90 => {
                if self.is_on(QUEUE) {
                    platform
                        .rules
                        .broken(Rule::QueueOrder, || "IQA written while on".into());
                }
                self.queue.address = value;
            }
            0xb8 => self.interrupt_register = value,
            FAULT_RECORDS.. => self.faults.write(offset - FAULT_RECORDS, value),
            _ => {}
        }
    }

    /// Time goes by: the driver looked at something.
    pub fn tick(&mut self, platform: &mut Platform) {
        if let Some(pending) = &mut self.pending {
            pending.accesses = pending.accesses.saturating_sub(1);
            if pending.accesses == 0 {
                self.carry_out(platform);
            }
        }
        if self.options.latency != 0 && self.queue_may_run() {
            self.queue.idle += 1;
            if self.queue.idle >= self.options.latency {
                self.queue.idle = 0;
                self.queue_step(platform);
            }
        }
    }

    /// Without latency, the queue is always worked through.
    fn settle_queue(&mut self, platform: &mut Platform) {
        while self.options.latency == 0 && self.queue_may_run() {
            self.queue_step(platform);
        }
    }

    /// Caches what just became present, as hardware may at any time.
    pub fn prefetch(&mut self, fresh: Fresh, platform: &mut Platform) {
        if !self.options.eager {
            return;
        }
        match fresh {
            Fresh::Context { unit, device } if unit == self.index => {
                let _ = self.context(device, platform, false);
            }
            Fresh::Leaf { root, at } => {
                for user in platform.watch.users(root) {
                    if user.unit == self.index {
                        let _ = self.translate(user.device, at, platform, false);
                    }
                }
            }
            Fresh::Interrupt { unit, index } if unit == self.index => {
                let _ = self.entry(index, platform, false);
            }
            _ => {}
        }
    }

    /// Has the queue run into trouble after `after` more descriptors.
    pub fn inject(&mut self, fault: QueueFault, after: usize) {
        self.queue.injected.push_back((after, fault));
    }

    /// Has the queue stand still, or go on.
    pub fn halt_queue(&mut self, halted: bool) {
        self.queue.halted = halted;
    }

    /// How many troubles are still to come.
    pub fn troubles(&self) -> usize {
        self.queue.injected.len()
    }

    /// Fault events sent: address and data of each message.
    pub fn events(&mut self) -> &mut VecDeque<(u64, u32)> {
        &mut self.faults.events
    }
}
