// SPDX-License-Identifier: BSD-2-Clause
//! The board: memory, units, and everybody's view of them. A driver holds [`Registers`] and
//! accesses memory; a test plays devices and firmware and looks at what happened.

mod firmware;
mod registers;

use std::cell::RefCell;
use std::rc::Rc;

use crate::hardware::{Interrupt, Platform, QueueFault, Unit};
use crate::memory::{Change, HostMemory, PAGE};
use crate::options::Options;
use crate::rules::{Rule, Rules, Violation};
use crate::watch::Watch;

pub use registers::Registers;

#[derive(Debug)]
struct Inner {
    platform: Platform,
    units: Vec<Unit>,
}

/// A board; clones are the same board.
#[derive(Clone, Debug)]
pub struct Board {
    inner: Rc<RefCell<Inner>>,
}

impl Inner {
    fn tick(&mut self) {
        for unit in &mut self.units {
            unit.tick(&mut self.platform);
        }
        self.prefetch();
    }

    fn visible(&mut self, changes: impl IntoIterator<Item = Change>) {
        let Platform {
            memory,
            watch,
            rules,
        } = &mut self.platform;
        for change in changes {
            watch.changed(change, memory, rules);
        }
        self.prefetch();
    }

    fn prefetch(&mut self) {
        for fresh in std::mem::take(&mut self.platform.watch.fresh) {
            for unit in &mut self.units {
                unit.prefetch(fresh, &mut self.platform);
            }
        }
    }

    /// Reports an access to memory that is not the driver's; whether it may go on.
    fn own(&mut self, at: u64) -> bool {
        let owned = self.platform.memory.owned(at);
        if !owned {
            self.platform
                .rules
                .broken(Rule::OwnMemory, || format!("{at:#x}"));
        }
        owned
    }
}

impl Board {
    /// A board with `pages` pages of memory for tables and these units. Memory is coherent if all
    /// units snoop, and has a write buffer if one needs it flushed.
    pub fn new(pages: usize, units: &[Options]) -> Self {
        let coherent = units.iter().all(|unit| unit.coherent);
        let write_buffer = units.iter().any(|unit| unit.write_buffer);
        let memory = HostMemory::new(pages, coherent, write_buffer);
        let platform = Platform {
            memory,
            watch: Watch::default(),
            rules: Rules::default(),
        };
        let units = units
            .iter()
            .enumerate()
            .map(|(index, options)| Unit::new(index, *options));
        let units = units.collect();
        Self {
            inner: Rc::new(RefCell::new(Inner { platform, units })),
        }
    }

    /// The registers of a unit.
    pub fn registers(&self, unit: usize) -> Registers {
        Registers::new(self.clone(), unit)
    }

    /// Zeroed pages for a driver, aligned to their size.
    pub fn allocate(&self, pages: usize) -> Option<u64> {
        self.inner.borrow_mut().platform.memory.allocate(pages)
    }

    /// A driver gives pages back.
    pub fn free(&self, at: u64, pages: usize) {
        let inner = &mut *self.inner.borrow_mut();
        for page in (at..).step_by(PAGE as usize).take(pages) {
            if !inner.own(page) {
                return;
            }
            inner.platform.watch.freed(page, &mut inner.platform.rules);
        }
        inner.platform.memory.free(at, pages);
    }

    /// A driver reads a word.
    pub fn read(&self, at: u64) -> u64 {
        let inner = &mut *self.inner.borrow_mut();
        inner.tick();
        if inner.own(at) {
            inner.platform.memory.read(at)
        } else {
            u64::MAX
        }
    }

    /// A driver writes a word.
    pub fn write(&self, at: u64, value: u64) {
        let inner = &mut *self.inner.borrow_mut();
        if !inner.own(at) {
            return;
        }
        let Platform {
            memory,
            watch,
            rules,
        } = &mut inner.platform;
        let other = memory.read(at ^ 8);
        if !at.is_multiple_of(16) {
            watch.context_high_written(at, other, rules);
        }
        watch.interrupt_written(at, &[memory.read(at)], &[value], other, rules);
        let change = memory.write(at, value);
        inner.visible(change);
    }

    /// A driver writes two words at once.
    pub fn write_pair(&self, at: u64, low: u64, high: u64) {
        let inner = &mut *self.inner.borrow_mut();
        if !inner.own(at) || !at.is_multiple_of(16) {
            return;
        }
        let Platform {
            memory,
            watch,
            rules,
        } = &mut inner.platform;
        let old = [memory.read(at), memory.read(at + 8)];
        watch.interrupt_written(at, &old, &[low, high], high, rules);
        let changes = [memory.write(at, low), memory.write(at + 8, high)];
        inner.visible(changes.into_iter().flatten());
    }

    /// A driver writes cache lines back.
    pub fn write_back(&self, at: u64, bytes: u64) {
        let inner = &mut *self.inner.borrow_mut();
        for line in inner.platform.memory.hidden_lines(at, bytes) {
            let changes = inner.platform.memory.write_back(line);
            inner.visible(changes);
        }
    }

    /// Pages that a driver has.
    pub fn pages_in_use(&self) -> usize {
        self.inner.borrow().platform.memory.used()
    }

    /// Pages that there are.
    pub fn pages(&self) -> usize {
        self.inner.borrow().platform.memory.pages()
    }

    /// `device`, behind `unit`, reads or writes memory: the address that it reaches, or the fault
    /// reason (0 for protected memory).
    ///
    /// # Errors
    ///
    /// The fault reason.
    pub fn dma(&self, unit: usize, device: u16, at: u64, write: bool) -> Result<u64, u8> {
        let inner = &mut *self.inner.borrow_mut();
        inner.units[unit].dma(device, at, write, &mut inner.platform)
    }

    /// `device`, behind `unit`, sends an interrupt message.
    pub fn message(&self, unit: usize, device: u16, address: u64, data: u32) -> Interrupt {
        let inner = &mut *self.inner.borrow_mut();
        inner.units[unit].message(device, address, data, &mut inner.platform)
    }

    /// The oldest fault event that a unit sent: address and data.
    pub fn take_event(&self, unit: usize) -> Option<(u64, u32)> {
        self.inner.borrow_mut().units[unit].events().pop_front()
    }

    /// Has a unit's invalidation queue run into trouble after `after` more descriptors.
    pub fn inject(&self, unit: usize, fault: QueueFault, after: usize) {
        self.inner.borrow_mut().units[unit].inject(fault, after);
    }

    /// Has a unit's invalidation queue stand still, without an error, or go on.
    pub fn halt_queue(&self, unit: usize, halted: bool) {
        self.inner.borrow_mut().units[unit].halt_queue(halted);
    }

    /// How many troubles are still to come.
    pub fn troubles(&self, unit: usize) -> usize {
        self.inner.borrow().units[unit].troubles()
    }

    /// The driver says that all it took away is gone: reports what is not.
    pub fn check_settled(&self) {
        let Platform { watch, rules, .. } = &mut self.inner.borrow_mut().platform;
        watch.settled(rules);
    }

    /// The rules broken so far, which are then forgotten.
    pub fn take_violations(&self) -> Vec<Violation> {
        std::mem::take(&mut self.inner.borrow_mut().platform.rules.violations)
    }
}
