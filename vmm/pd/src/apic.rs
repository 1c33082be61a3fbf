// SPDX-License-Identifier: BSD-2-Clause
//! The virtual APIC, with as few system calls as there can be: each entry brings an interrupt along,
//! and each exit tells what has to be known of the APIC to see whether one is pending.

use core::cell::Cell;

use sel4_vcpu::{ApicState, Context, Vcpu};
use vmm_apic::VirtualApic;

/// Offset of the task-priority register.
const TASK_PRIORITY: u16 = 0x80;

/// The virtual APIC of the virtual CPU.
#[derive(Debug)]
pub struct Apic {
    vcpu: Vcpu,
    /// What the last exit told, and what was changed since.
    state: Cell<ApicState>,
    /// The interrupt that the next entry brings along.
    post: Cell<Option<u8>>,
}

impl Apic {
    /// That of `vcpu`.
    pub const fn new(vcpu: Vcpu) -> Self {
        Self {
            vcpu,
            state: Cell::new(ApicState::UNKNOWN),
            post: Cell::new(None),
        }
    }

    /// Before an entry. Does it bring an interrupt along?
    #[inline]
    pub fn enter(&self, context: &mut Context) -> bool {
        let post = self.post.take();
        if let Some(vector) = post {
            context.post(vector);
        }
        post.is_some()
    }

    /// After an exit, or a notification.
    #[inline]
    pub fn exited(&self, context: &Context) {
        self.state.set(context.apic_state());
    }

    /// Does what waits for the next entry, for somebody who looks.
    fn settle(&self) {
        if let Some(vector) = self.post.take() {
            VirtualApic::post(&self.vcpu, vector);
        }
    }
}

impl VirtualApic for &Apic {
    fn read(&self, offset: u16) -> u32 {
        match self.state.get() {
            state if offset == TASK_PRIORITY && state.is_known() => state.task_priority().into(),
            _ => {
                self.settle();
                VirtualApic::read(&self.vcpu, offset)
            }
        }
    }

    fn write(&self, offset: u16, value: u64) {
        self.settle();
        if offset == TASK_PRIORITY {
            let state = self.state.get();
            self.state.set(state.with_task_priority(value as u8));
        }
        VirtualApic::write(&self.vcpu, offset, value);
    }

    fn status(&self) -> u16 {
        match self.state.get() {
            state if state.is_known() => state.status(),
            _ => VirtualApic::status(&self.vcpu),
        }
    }

    fn set_status(&self, status: u16) {
        self.settle();
        self.state.set(self.state.get().with_status(status));
        VirtualApic::set_status(&self.vcpu, status);
    }

    fn post(&self, vector: u8) {
        if let Some(earlier) = self.post.replace(Some(vector)) {
            VirtualApic::post(&self.vcpu, earlier);
        }
        let state = self.state.get();
        let [requested, service] = state.status().to_le_bytes();
        let status = u16::from_le_bytes([requested.max(vector), service]);
        self.state.set(state.with_status(status));
    }

    fn set_end_exits(&self, quarter: u8, vectors: u64) {
        VirtualApic::set_end_exits(&self.vcpu, quarter, vectors);
    }
}
