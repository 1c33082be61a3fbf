// SPDX-License-Identifier: BSD-2-Clause
//! States in which firmware may leave a unit.

use super::Board;
use crate::hardware::{COMPATIBILITY, QUEUE, QueueFault, REMAPPING, TRANSLATION};
use crate::memory::PAGE;

impl Board {
    /// Firmware leaves translation on, with `device` passed through.
    pub fn firmware_translation(&self, unit: usize, device: u16) {
        let (Some(root), Some(table)) = (self.allocate(1), self.allocate(1)) else {
            return;
        };
        let passed_through = 0b1001;
        self.write(table + u64::from(device & 0xff) * 16 + 8, 1 << 8 | 2);
        self.write(table + u64::from(device & 0xff) * 16, root | passed_through);
        self.write(root + u64::from(device >> 8) * 16, table | 1);
        self.write_back(root, PAGE);
        self.write_back(table, PAGE);
        self.preset(unit, TRANSLATION, root, 0);
    }

    /// Firmware leaves translation on in abort-DMA mode.
    pub fn firmware_abort(&self, unit: usize) {
        const ABORT: u64 = 3 << 10;
        if let Some(root) = self.allocate(1) {
            self.preset(unit, TRANSLATION, root | ABORT, 0);
        }
    }

    /// Firmware leaves interrupt remapping on, with entry `index` open to `device`.
    pub fn firmware_remapping(&self, unit: usize, index: u8, device: u16) {
        let Some(table) = self.allocate(1) else {
            return;
        };
        self.write(
            table + u64::from(index) * 16 + 8,
            u64::from(device) | 1 << 18,
        );
        self.write(table + u64::from(index) * 16, 0x31 << 16 | 1);
        self.write_back(table, PAGE);
        let switches = REMAPPING | COMPATIBILITY;
        self.preset(unit, switches, 0, table | 7);
    }

    /// Firmware leaves its queue on, empty or stopped by trouble.
    pub fn firmware_queue(&self, unit: usize, trouble: Option<QueueFault>) {
        let Some(queue) = self.allocate(1) else {
            return;
        };
        let tail = if trouble.is_some() { 0x40 } else { 0x20 };
        self.inner.borrow_mut().units[unit].preset_queue(queue, 0x20, tail, trouble);
        self.preset(unit, QUEUE, 0, 0);
    }

    /// Firmware leaves all memory protected.
    pub fn firmware_protection(&self, unit: usize) {
        self.inner.borrow_mut().units[unit].preset_protection();
    }

    fn preset(&self, unit: usize, switches: u32, root: u64, interrupts: u64) {
        let inner = &mut *self.inner.borrow_mut();
        for line in inner.platform.memory.buffered_lines() {
            let changes = inner.platform.memory.reveal(line);
            inner.visible(changes);
        }
        inner.units[unit].preset(switches, root, interrupts, &mut inner.platform);
    }
}
