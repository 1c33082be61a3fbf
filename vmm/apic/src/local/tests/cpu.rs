// SPDX-License-Identifier: BSD-2-Clause
//! A CPU that virtualises interrupts, after the text of SDM vol. 3C 30.1 and 30.2.

use std::cell::RefCell;
use std::rc::Rc;

use crate::VirtualApic;

#[derive(Debug, Default)]
struct State {
    page: Vec<u32>,
    posted: Vec<u8>,
    requested: u8,
    service: u8,
    exits: [u64; 4],
}

/// Shared by the guest that a test plays, and the APIC.
#[derive(Debug, Clone, Default)]
pub(crate) struct Cpu(Rc<RefCell<State>>);

const TPR: usize = 0x80;
const PPR: usize = 0xa0;
const ISR: usize = 0x100;
const IRR: usize = 0x200;

impl State {
    fn word(&mut self, offset: usize) -> &mut u32 {
        self.page.resize(256, 0xdead_beef);
        &mut self.page[offset / 4]
    }

    fn bit(&mut self, register: usize, vector: u8) -> (&mut u32, u32) {
        let offset = register + usize::from(vector / 32) * 16;
        (self.word(offset), 1 << (vector % 32))
    }

    fn set(&mut self, register: usize, vector: u8, value: bool) {
        let (word, bit) = self.bit(register, vector);
        *word = if value { *word | bit } else { *word & !bit };
    }

    fn highest(&mut self, register: usize) -> u8 {
        let set = (0..=255).rev().find(|vector| {
            let (word, bit) = self.bit(register, *vector);
            *word & bit != 0
        });
        set.unwrap_or(0)
    }

    /// 30.1.3.
    fn virtualise_ppr(&mut self) {
        let task = *self.word(TPR) as u8;
        let service = self.service;
        *self.word(PPR) = if task >> 4 >= service >> 4 {
            task.into()
        } else {
            (service & 0xf0).into()
        };
    }

    fn take_posted(&mut self) {
        for vector in std::mem::take(&mut self.posted) {
            self.set(IRR, vector, true);
            self.requested = self.requested.max(vector);
        }
    }
}

impl Cpu {
    /// A VM entry.
    pub(crate) fn enter(&self) {
        let mut state = self.0.borrow_mut();
        state.take_posted();
        state.virtualise_ppr();
    }

    /// Delivers the interrupt that there is, the guest's flag being set (30.2.2).
    pub(crate) fn take(&self) -> Option<u8> {
        let mut state = self.0.borrow_mut();
        let vector = state.requested;
        if vector >> 4 <= *state.word(PPR) as u8 >> 4 {
            return None;
        }
        state.set(ISR, vector, true);
        state.service = vector;
        *state.word(PPR) = (vector & 0xf0).into();
        state.set(IRR, vector, false);
        state.requested = state.highest(IRR);
        Some(vector)
    }

    /// The guest ends a service (30.1.4); the vector if that exits.
    pub(crate) fn end(&self) -> Option<u8> {
        let mut state = self.0.borrow_mut();
        let vector = state.service;
        state.set(ISR, vector, false);
        state.service = state.highest(ISR);
        state.virtualise_ppr();
        (state.exits[usize::from(vector / 64)] >> (vector % 64) & 1 != 0).then_some(vector)
    }

    /// The guest writes its task priority (30.1.2).
    pub(crate) fn set_task_priority(&self, priority: u8) {
        let mut state = self.0.borrow_mut();
        *state.word(TPR) = priority.into();
        state.virtualise_ppr();
    }

    /// The guest interrupts itself (30.1.5).
    pub(crate) fn interrupt_itself(&self, vector: u8) {
        let mut state = self.0.borrow_mut();
        state.set(IRR, vector, true);
        state.requested = state.requested.max(vector);
    }

    /// What the guest reads or, with an exit, writes.
    pub(crate) fn guest_reads(&self, offset: usize) -> u32 {
        *self.0.borrow_mut().word(offset)
    }

    pub(crate) fn guest_writes(&self, offset: usize, value: u32) {
        *self.0.borrow_mut().word(offset) = value;
    }
}

impl VirtualApic for Cpu {
    fn read(&self, offset: u16) -> u32 {
        assert_eq!(offset % 16, 0);
        let mut state = self.0.borrow_mut();
        state.take_posted();
        *state.word(offset.into())
    }

    fn write(&self, offset: u16, value: u64) {
        assert_eq!(offset % 16, 0);
        let mut state = self.0.borrow_mut();
        state.take_posted();
        *state.word(offset.into()) = value as u32;
        *state.word(usize::from(offset) + 4) = (value >> 32) as u32;
    }

    fn status(&self) -> u16 {
        let state = self.0.borrow();
        u16::from_le_bytes([state.requested, state.service])
    }

    fn set_status(&self, status: u16) {
        let mut state = self.0.borrow_mut();
        [state.requested, state.service] = status.to_le_bytes();
    }

    fn post(&self, vector: u8) {
        assert!(vector >= 16, "the kernel refuses it");
        self.0.borrow_mut().posted.push(vector);
    }

    fn set_end_exits(&self, quarter: u8, vectors: u64) {
        self.0.borrow_mut().exits[usize::from(quarter)] = vectors;
    }
}
