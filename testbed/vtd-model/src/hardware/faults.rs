// SPDX-License-Identifier: BSD-2-Clause
//! Fault recording and the fault event (§7.2, §7.3, §11.4.7, §11.4.14).

use std::collections::VecDeque;

use super::QueueFault;

const OVERFLOW: u32 = 1 << 0;
const PENDING: u32 = 1 << 1;
const QUEUE_ERRORS: u32 = 0x70;
const MASK: u32 = 1 << 31;
const EVENT_PENDING: u32 = 1 << 30;
const FAULT: u64 = 1 << 63;

/// A fault to record.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fault {
    pub device: u16,
    pub reason: u8,
    pub info: u64,
    pub read: bool,
}

#[derive(Debug)]
pub(super) struct Faults {
    /// Bits other than the pending one, which follows from the records.
    status: u32,
    records: Vec<(u64, u64)>,
    next: usize,
    folds: bool,
    control: u32,
    data: u32,
    address: u64,
    pub events: VecDeque<(u64, u32)>,
}

impl Faults {
    pub fn new(records: usize, folds: bool) -> Self {
        Self {
            status: 0,
            records: vec![(0, 0); records],
            next: 0,
            folds,
            control: MASK,
            data: 0,
            address: 0,
            events: VecDeque::new(),
        }
    }

    /// FSTS_REG.
    pub fn status(&self) -> u32 {
        let first = (0..self.records.len())
            .map(|step| (self.next + step) % self.records.len())
            .find(|&record| self.records[record].1 & FAULT != 0);
        self.status | first.map_or(0, |record| PENDING | (record as u32) << 8)
    }

    /// Whether the queue is stopped by an error.
    pub fn queue_stopped(&self) -> bool {
        self.status & QUEUE_ERRORS != 0
    }

    pub fn queue_trouble(&mut self, fault: QueueFault) {
        let before = self.status();
        self.status |= match fault {
            QueueFault::Refused => 1 << 4,
            QueueFault::WrongCompletion => 1 << 5,
            QueueFault::Timeout => 1 << 6,
        };
        self.event(before);
    }

    /// FSTS is written.
    pub fn acknowledge(&mut self, value: u32) {
        self.status &= !(value & (OVERFLOW | QUEUE_ERRORS));
        self.event_served();
    }

    pub fn record(&mut self, fault: Fault) {
        let before = self.status();
        let same = |&(_, high): &(u64, u64)| high & FAULT != 0 && high as u16 == fault.device;
        if self.folds && self.records.iter().any(same) {
            return;
        }
        if self.status & OVERFLOW != 0 {
            return;
        }
        if self.records[self.next].1 & FAULT != 0 {
            self.status |= OVERFLOW;
        } else {
            let high = FAULT
                | u64::from(fault.read) << 62
                | u64::from(fault.reason) << 32
                | u64::from(fault.device);
            self.records[self.next] = (fault.info, high);
            self.next = (self.next + 1) % self.records.len();
        }
        self.event(before);
    }

    /// A message goes out when the status was clear before and is not now.
    fn event(&mut self, before: u32) {
        let causes = OVERFLOW | PENDING | QUEUE_ERRORS;
        if before & causes != 0 || self.status() & causes == 0 {
            return;
        }
        if self.control & MASK != 0 {
            self.control |= EVENT_PENDING;
        } else {
            self.events.push_back((self.address, self.data));
        }
    }

    /// Nothing is left to report.
    fn event_served(&mut self) {
        if self.status() & (OVERFLOW | PENDING | QUEUE_ERRORS) == 0 {
            self.control &= !EVENT_PENDING;
        }
    }

    pub fn read(&self, offset: usize) -> u64 {
        let record = self.records.get(offset / 16).copied().unwrap_or_default();
        if offset.is_multiple_of(16) {
            record.0
        } else {
            record.1
        }
    }

    pub fn write(&mut self, offset: usize, value: u64) {
        if let Some(record) = self.records.get_mut(offset / 16)
            && !offset.is_multiple_of(16)
            && value & FAULT != 0
        {
            record.1 &= !FAULT;
        }
        self.event_served();
    }

    pub fn event_register(&self, offset: usize) -> u32 {
        match offset {
            0x38 => self.control,
            0x3c => self.data,
            0x40 => self.address as u32,
            _ => (self.address >> 32) as u32,
        }
    }

    pub fn set_event_register(&mut self, offset: usize, value: u32) {
        match offset {
            0x38 => {
                self.control = self.control & EVENT_PENDING | value & MASK;
                if self.control == EVENT_PENDING {
                    self.control = 0;
                    self.events.push_back((self.address, self.data));
                }
            }
            0x3c => self.data = value,
            0x40 => self.address = self.address & !0xffff_ffff | u64::from(value),
            _ => self.address = self.address & 0xffff_ffff | u64::from(value) << 32,
        }
    }
}
