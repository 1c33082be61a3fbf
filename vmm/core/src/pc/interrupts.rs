// SPDX-License-Identifier: BSD-2-Clause
//! From lines and messages to the local APIC.

use sel4_vcpu::Secondary;
use vmm_apic::{Interrupt, Signal, VirtualApic};
use vmm_control::Access;
use vmm_pci::Function;
use vmm_virtio::devices::console::Terminal;

use super::{Pc, apic_access};
use crate::{Platform, Stop, VirtualAccess};

const APIC_BASE: u32 = crate::msr::APIC_BASE;
const TSC_DEADLINE: u32 = crate::msr::TSC_DEADLINE;

impl<V: VirtualApic, F: Function, T: Terminal> Pc<V, F, T> {
    /// A timer or the clock may have ended.
    #[cold]
    fn expire(&mut self, now: u64) {
        self.news = true;
        if self.apic.deadline().is_some_and(|at| at <= now) {
            self.apic.expire(now);
            self.flush();
        }
        if self.clock_deadline.is_some_and(|at| at <= now) {
            self.clock.advance(now);
            self.update_clock();
        }
    }

    /// Brings what the devices want to the local APIC.
    fn route(&mut self) {
        if let Some(vector) = self.apic.take_end() {
            self.io_apic.end(vector);
        }
        if self.messages {
            // What is left then waits for the next exit.
            self.messages = self.pci.work();
            while let Some(message) = self.pci.take_message() {
                if let Some(interrupt) = Interrupt::from_message(message) {
                    self.apic.deliver(&interrupt);
                }
            }
        }
        if self.io_apic.is_pending() {
            let apic = &mut self.apic;
            self.io_apic.service(|interrupt| apic.deliver(interrupt));
        }
    }
}

impl<V: VirtualApic, F: Function, T: Terminal> Platform for Pc<V, F, T> {
    #[inline]
    fn set_now(&mut self, now: u64) {
        self.now = now;
        if self.due <= now {
            self.expire(now);
        }
    }

    #[inline]
    fn interrupt(&mut self) -> Option<u8> {
        self.news = false;
        self.route();
        self.due = self.deadline().unwrap_or(u64::MAX);
        self.apic.next()
    }

    fn accept(&mut self, vector: u8) {
        self.apic.accept(vector);
    }

    #[inline]
    fn has_news(&self) -> bool {
        self.news || self.messages
    }

    fn has_work(&self) -> bool {
        self.messages
    }

    fn wakes(&mut self) -> bool {
        self.apic.is_pending()
    }

    #[inline]
    fn take_nmi(&mut self) -> bool {
        match self.apic.take_signal() {
            Some(Signal::Nmi) => true,
            Some(Signal::Init) => {
                self.stop = Some(Stop::Reset);
                false
            }
            None => false,
        }
    }

    #[inline]
    fn deadline(&self) -> Option<u64> {
        let ends = [self.apic.deadline(), self.clock_deadline];
        ends.into_iter().flatten().min()
    }

    #[inline]
    fn take_stop(&mut self) -> Option<Stop> {
        self.stop.take()
    }

    fn read_msr(&mut self, index: u32) -> Option<u64> {
        self.access = Some(msr_access(index));
        match index {
            APIC_BASE => Some(self.apic.base()),
            TSC_DEADLINE => Some(self.apic.tsc_deadline(self.now)),
            _ => self.apic.read_msr(index, self.now).ok(),
        }
    }

    fn write_msr(&mut self, index: u32, value: u64) -> Option<()> {
        self.access = Some(msr_access(index));
        self.due = 0;
        match index {
            APIC_BASE => self.apic.set_base(value).ok(),
            TSC_DEADLINE => {
                self.apic.set_tsc_deadline(value, self.now);
                Some(())
            }
            _ => self.apic.write_msr(index, value, self.now).ok(),
        }
    }

    fn task_priority(&self) -> u8 {
        self.apic.cr8() as u8
    }

    fn set_task_priority(&mut self, class: u8) {
        // It has four bits: there is nothing to refuse.
        let _ = self.apic.set_cr8(u64::from(class & 0xf));
    }

    fn virtual_apic(&mut self, access: VirtualAccess) {
        self.access = Some(match access {
            VirtualAccess::Eoi(_) => Access::ApicEoi,
            VirtualAccess::Written(offset) => apic_access(u64::from(offset) >> 4),
        });
        self.due = 0;
        match access {
            VirtualAccess::Eoi(vector) => self.apic.end_by_cpu(vector),
            VirtualAccess::Written(offset) => self.apic.written_by_cpu(offset, self.now),
        }
    }

    fn apic_controls(&self) -> Secondary {
        self.help.secondary(self.apic.mode())
    }

    fn flush(&mut self) {
        if core::mem::take(&mut self.unshown) {
            self.terminal.flush();
        }
    }
}

fn msr_access(index: u32) -> Access {
    match index {
        TSC_DEADLINE => Access::ApicTimer,
        APIC_BASE => Access::ApicOther,
        _ => apic_access(u64::from(index & 0xff)),
    }
}
