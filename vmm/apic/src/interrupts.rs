// SPDX-License-Identifier: BSD-2-Clause
//! Both controllers of a machine with one CPU.

use vmm_base::{Message, MmioDevice, Width};

use crate::{GeneralProtection, Interrupt, IoApic, LocalApic, Mode, Signal, VirtualApic};

/// IA32_APIC_BASE.
const APIC_BASE: u32 = 0x1b;
/// IA32_TSC_DEADLINE.
const TSC_DEADLINE: u32 = 0x6e0;

/// The local APIC of the only CPU and the IOAPIC, wired to each other. What one of them has for the
/// other has reached it when a method returns.
#[derive(Debug)]
pub struct Interrupts<V> {
    local: LocalApic<V>,
    io: IoApic,
}

impl<V: VirtualApic> Interrupts<V> {
    /// With this local APIC, and an IOAPIC whose id is 0.
    pub const fn new(local: LocalApic<V>) -> Self {
        let io = IoApic::new(0);
        Self { local, io }
    }

    /// Both as after power-up; the lines stay as they are.
    pub fn reset(&mut self) {
        self.local.reset();
        self.io.reset();
    }

    /// Sets the level of a line at the IOAPIC.
    pub fn set_line(&mut self, pin: u8, high: bool) {
        self.io.set_line(pin, high);
        self.settle();
    }

    /// A device writes a message. What is no interrupt goes nowhere.
    pub fn deliver(&mut self, message: Message) {
        if let Some(interrupt) = Interrupt::from_message(message) {
            self.local.deliver(&interrupt);
        }
    }

    /// Reads a register of the IOAPIC.
    pub fn read_io(&mut self, offset: u64, width: Width) -> u64 {
        self.io.read(offset, width)
    }

    /// Writes a register of the IOAPIC.
    pub fn write_io(&mut self, offset: u64, width: Width, value: u64) {
        self.io.write(offset, width, value);
        self.settle();
    }

    /// Reads the local APIC's page.
    pub fn read_page(&mut self, offset: u64, width: Width, now: u64) -> u64 {
        self.local.read_page(offset, width, now)
    }

    /// Writes the local APIC's page.
    pub fn write_page(&mut self, offset: u64, width: Width, value: u64, now: u64) {
        self.local.write_page(offset, width, value, now);
        self.settle();
    }

    /// RDMSR of IA32_APIC_BASE, IA32_TSC_DEADLINE, or a register of the x2APIC.
    ///
    /// # Errors
    ///
    /// For what cannot be read, and all other MSRs.
    pub fn read_msr(&mut self, index: u32, now: u64) -> Result<u64, GeneralProtection> {
        match index {
            TSC_DEADLINE => Ok(self.local.tsc_deadline(now)),
            APIC_BASE => Ok(self.local.base()),
            _ => self.local.read_msr(index, now),
        }
    }

    /// WRMSR of the same. The mode can be another one afterwards.
    ///
    /// # Errors
    ///
    /// For what cannot be written, and all other MSRs.
    #[inline]
    pub fn write_msr(&mut self, index: u32, value: u64, now: u64) -> Result<(), GeneralProtection> {
        match index {
            TSC_DEADLINE => self.local.set_tsc_deadline(value, now),
            APIC_BASE => self.local.set_base(value)?,
            _ => self.local.write_msr(index, value, now)?,
        }
        self.settle();
        Ok(())
    }

    /// The CPU exited behind a write to the register at `offset` in its virtual-APIC page.
    pub fn written(&mut self, offset: u16, now: u64) {
        self.local.written(offset, now);
        self.settle();
    }

    /// The CPU exited because the service of this vector ended.
    pub fn end_by_cpu(&mut self, vector: u8) {
        self.local.end_by_cpu(vector);
        self.settle();
    }

    /// How the guest reaches its local APIC.
    pub const fn mode(&self) -> Mode {
        self.local.mode()
    }

    /// CR8.
    pub fn cr8(&self) -> u64 {
        self.local.cr8()
    }

    /// Writes CR8.
    ///
    /// # Errors
    ///
    /// For values above 15.
    pub fn set_cr8(&mut self, value: u64) -> Result<(), GeneralProtection> {
        self.local.set_cr8(value)
    }

    /// See [`LocalApic::next`].
    #[inline]
    pub fn next(&self) -> Option<u8> {
        self.local.next()
    }

    /// See [`LocalApic::accept`].
    pub fn accept(&mut self, vector: u8) {
        self.local.accept(vector);
    }

    /// See [`LocalApic::is_pending`].
    pub fn is_pending(&self) -> bool {
        self.local.is_pending()
    }

    /// See [`LocalApic::take_signal`].
    #[inline]
    pub fn take_signal(&mut self) -> Option<Signal> {
        self.local.take_signal()
    }

    /// See [`LocalApic::deadline`].
    #[inline]
    pub fn deadline(&self) -> Option<u64> {
        self.local.deadline()
    }

    /// See [`LocalApic::expire`].
    #[inline]
    pub fn expire(&mut self, now: u64) {
        self.local.expire(now);
    }

    /// Hands on what the controllers have for each other. What is sent to other CPUs is lost: there
    /// are none.
    fn settle(&mut self) {
        self.local.take_ipi();
        if let Some(vector) = self.local.take_end() {
            self.io.end(vector);
        }
        if self.io.is_pending() {
            let local = &mut self.local;
            self.io.service(|interrupt| local.deliver(interrupt));
        }
    }
}

#[cfg(test)]
mod tests;
