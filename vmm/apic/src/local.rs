// SPDX-License-Identifier: BSD-2-Clause
//! A local APIC.

mod access;
mod command;
mod errors;
mod interrupts;
mod time;

pub use command::Ipi;
pub use interrupts::Signal;

use crate::delivery::Delivery;
use crate::register::{LVT_ENTRIES, Lvt, MASKED, Register};
use crate::timer::Timer;
use crate::{GeneralProtection, Mode, VirtualApic};

/// Bits of the spurious-interrupt vector register that can be written.
pub(crate) const SPURIOUS_WRITABLE: u32 = 0xff | SOFTWARE_ENABLED | NO_BROADCAST;
const SOFTWARE_ENABLED: u32 = 1 << 8;
const NO_BROADCAST: u32 = 1 << 12;

/// Version 0x14 with the entries of the local vector table that there are, and with the suppression
/// of EOI broadcasts (SDM figure 12-7).
const VERSION: u32 = 1 << 24 | (LVT_ENTRIES as u32 - 1) << 16 | 0x14;

/// A local APIC. In software, or with its state in the [`VirtualApic`] that the CPU works with.
///
/// `now` is the guest's TSC, everywhere. What an access led to is asked afterwards:
/// [`take_end`](Self::take_end), [`take_signal`](Self::take_signal), [`take_ipi`](Self::take_ipi),
/// [`deadline`](Self::deadline), and before each entry [`next`](Self::next).
#[derive(Debug)]
pub struct LocalApic<V> {
    id: u8,
    boot_cpu: bool,
    mode: Mode,
    logical: u32,
    format: u32,
    spurious: u32,
    /// The errors that the guest sees, and those that come up with the next write.
    error_status: u32,
    errors: u32,
    command: u64,
    table: [u32; LVT_ENTRIES],
    timer: Timer,
    /// A periodic timer does not ask to be looked at before.
    not_before: u64,
    delivery: Delivery<V>,
    nmi: bool,
    init: bool,
    ended: Option<u8>,
    ipi: Option<Ipi>,
}

impl<V: VirtualApic> LocalApic<V> {
    /// The APIC of the CPU with this APIC id, in software, as after power-up.
    pub fn new(id: u8, boot_cpu: bool) -> Self {
        Self::with(id, boot_cpu, Delivery::software())
    }

    /// The same, where the CPU delivers the interrupts and holds the registers.
    pub fn virtualised(id: u8, boot_cpu: bool, registers: V) -> Self {
        let mut apic = Self::with(id, boot_cpu, Delivery::by_cpu(registers));
        apic.reset();
        apic
    }

    fn with(id: u8, boot_cpu: bool, delivery: Delivery<V>) -> Self {
        Self {
            id,
            boot_cpu,
            mode: Mode::XApic,
            logical: 0,
            format: u32::MAX,
            spurious: 0xff,
            error_status: 0,
            errors: 0,
            command: 0,
            table: [MASKED; LVT_ENTRIES],
            timer: Timer::RESET,
            not_before: 0,
            delivery,
            nmi: false,
            init: false,
            ended: None,
            ipi: None,
        }
    }

    /// Back to the state after power-up.
    pub fn reset(&mut self) {
        self.mode = Mode::XApic;
        self.clear();
    }

    /// All registers but IA32_APIC_BASE as after power-up.
    fn clear(&mut self) {
        let delivery = core::mem::replace(&mut self.delivery, Delivery::software());
        *self = Self {
            mode: self.mode,
            ..Self::with(self.id, self.boot_cpu, delivery)
        };
        self.delivery.clear();
        self.show_all();
    }

    /// How the guest reaches it. With the CPU's help, the controls of the VMCS follow from this.
    pub const fn mode(&self) -> Mode {
        self.mode
    }

    /// Does the CPU deliver the interrupts?
    pub const fn is_virtualised(&self) -> bool {
        self.delivery.is_by_cpu()
    }

    /// IA32_APIC_BASE.
    pub const fn base(&self) -> u64 {
        self.mode.to_bits(self.boot_cpu)
    }

    /// Writes IA32_APIC_BASE.
    ///
    /// # Errors
    ///
    /// For reserved bits, forbidden steps between modes, and another place of the page.
    pub fn set_base(&mut self, value: u64) -> Result<(), GeneralProtection> {
        let (from, to) = (self.mode, self.mode.step(value)?);
        self.mode = to;
        match (from, to) {
            (Mode::XApic, Mode::X2Apic) => {
                // The upper half of a command is not taken over; the rest is (SDM 12.12.5.1).
                self.command &= u64::from(u32::MAX);
                self.show_all();
            }
            _ if from != to => self.clear(),
            _ => {}
        }
        Ok(())
    }

    /// The task priority's upper half, as CR8 has it.
    pub fn cr8(&self) -> u64 {
        u64::from(self.delivery.task_priority() >> 4)
    }

    /// Writes CR8.
    ///
    /// # Errors
    ///
    /// For values above 15.
    pub fn set_cr8(&mut self, value: u64) -> Result<(), GeneralProtection> {
        if value > 15 {
            return Err(GeneralProtection);
        }
        self.delivery.set_task_priority((value as u8) << 4);
        Ok(())
    }

    /// An interrupt that is for other CPUs. To be asked after each access.
    pub fn take_ipi(&mut self) -> Option<Ipi> {
        self.ipi.take()
    }

    /// The logical-destination register.
    fn logical(&self) -> u32 {
        match self.mode {
            // SDM 12.12.10.2.
            Mode::X2Apic => u32::from(self.id >> 4) << 16 | 1 << (self.id & 15),
            _ => self.logical,
        }
    }

    /// Shows the CPU a register that it lets the guest read.
    fn show(&mut self, register: Register) {
        if self.is_virtualised() {
            let value = self.peek(register);
            self.delivery.show(register.offset(), value);
        }
    }

    fn show_all(&mut self) {
        let numbers = 0..=Register::Divide.number();
        for register in numbers.filter_map(Register::from_number) {
            match register {
                // They are the CPU's.
                Register::TaskPriority
                | Register::ProcessorPriority
                | Register::InService(_)
                | Register::TriggerMode(_)
                | Register::Requested(_) => {}
                // In the x2APIC it is part of the command.
                Register::CommandHigh if self.mode == Mode::X2Apic => {}
                register => self.show(register),
            }
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
