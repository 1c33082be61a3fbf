// SPDX-License-Identifier: BSD-2-Clause
//! A local APIC.

mod access;
mod command;
mod errors;

pub use command::Ipi;

use crate::delivery::Delivery;
use crate::interrupt::{DeliveryMode, Interrupt, Trigger};
use crate::register::{LVT_ENTRIES, Lvt, MASKED, Register};
use crate::timer::{Timer, TimerMode};
use crate::{GeneralProtection, Mode, VirtualApic};

/// Bits of the spurious-interrupt vector register that can be written.
pub(crate) const SPURIOUS_WRITABLE: u32 = 0xff | SOFTWARE_ENABLED | NO_BROADCAST;
const SOFTWARE_ENABLED: u32 = 1 << 8;
const NO_BROADCAST: u32 = 1 << 12;

/// Version 0x14 with the entries of the local vector table that there are, and with the suppression
/// of EOI broadcasts (SDM figure 12-7).
const VERSION: u32 = 1 << 24 | (LVT_ENTRIES as u32 - 1) << 16 | 0x14;

/// The first vector that is not reserved.
const FIRST_VECTOR: u8 = 16;

/// What an interrupt did to the CPU itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// An NMI is to be injected.
    Nmi,
    /// The CPU is to be reset.
    Init,
}

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

    /// Is this CPU one that the interrupt is for?
    pub fn is_addressed(&self, interrupt: &Interrupt) -> bool {
        if !interrupt.logical {
            return interrupt.is_broadcast() || interrupt.destination == self.id.into();
        }
        let to = interrupt.destination;
        match self.mode {
            Mode::Disabled => false,
            Mode::X2Apic => to >> 16 == self.logical() >> 16 && to & self.logical() & 0xffff != 0,
            Mode::XApic => {
                let (to, own) = (to as u8, (self.logical >> 24) as u8);
                match self.format >> 28 {
                    // Flat: a bit for each CPU.
                    0xf => to & own != 0,
                    // Clusters: a number and four bits.
                    0 => (to >> 4 == own >> 4 || to >> 4 == 0xf) && to & own & 0xf != 0,
                    _ => false,
                }
            }
        }
    }

    /// Takes an interrupt if it is for this CPU. Says whether it was taken; one that was not can
    /// be offered again.
    pub fn deliver(&mut self, interrupt: &Interrupt) -> bool {
        self.mode != Mode::Disabled && self.is_addressed(interrupt) && self.take(interrupt)
    }

    /// An interrupt that is for this CPU.
    fn take(&mut self, interrupt: &Interrupt) -> bool {
        match interrupt.mode {
            DeliveryMode::Fixed | DeliveryMode::LowestPriority => {
                return self.request(interrupt.vector, interrupt.trigger);
            }
            DeliveryMode::Nmi => self.nmi = true,
            DeliveryMode::Init => self.init = true,
            // There is no management mode and no legacy controller, and this CPU runs already.
            DeliveryMode::Smi | DeliveryMode::ExtInt | DeliveryMode::StartUp => {}
        }
        true
    }

    /// Requests a vector, if the APIC is enabled; says whether it did.
    pub fn request(&mut self, vector: u8, trigger: Trigger) -> bool {
        if !self.is_enabled() {
            return false;
        }
        if vector < FIRST_VECTOR {
            self.error(errors::RECEIVED_ILLEGAL_VECTOR);
        } else {
            self.delivery.request(vector, trigger);
        }
        true
    }

    /// The vector that is to be injected with the next entry, if the guest can take interrupts.
    /// None, always, where the CPU delivers them.
    #[inline]
    pub fn next(&self) -> Option<u8> {
        self.delivery.next()
    }

    /// The vector of [`next`](Self::next) is injected.
    pub fn accept(&mut self, vector: u8) {
        self.delivery.accept(vector);
    }

    /// Is there an interrupt that the CPU takes as soon as its flag lets it? Then HLT does not
    /// wait.
    pub fn is_pending(&self) -> bool {
        self.nmi || self.delivery.is_pending()
    }

    /// A vector of level-triggered interrupts whose service ended: the IOAPIC wants to know. To be
    /// asked after each access, and after [`end_by_cpu`](Self::end_by_cpu).
    pub fn take_end(&mut self) -> Option<u8> {
        self.ended.take()
    }

    /// The CPU ended the service of `vector`, and exited because the IOAPIC may want to know.
    pub fn end_by_cpu(&mut self, vector: u8) {
        let level = self.delivery.end_by_cpu(vector);
        self.tell_end(vector, level);
    }

    fn end(&mut self) {
        if let Some((vector, level)) = self.delivery.end() {
            self.tell_end(vector, level);
        }
    }

    fn tell_end(&mut self, vector: u8, level: bool) {
        if level && self.spurious & NO_BROADCAST == 0 {
            self.ended = Some(vector);
        }
    }

    /// What the CPU itself has to do.
    pub fn take_signal(&mut self) -> Option<Signal> {
        if core::mem::take(&mut self.init) {
            return Some(Signal::Init);
        }
        core::mem::take(&mut self.nmi).then_some(Signal::Nmi)
    }

    /// An interrupt that is for other CPUs. To be asked after each access.
    pub fn take_ipi(&mut self) -> Option<Ipi> {
        self.ipi.take()
    }

    /// When the timer has to be looked at next, by [`expire`](Self::expire), in ticks of the TSC.
    #[inline]
    pub fn deadline(&self) -> Option<u64> {
        if self.table[Lvt::Timer as usize] & MASKED != 0 {
            return None;
        }
        self.timer.end().map(|end| end.max(self.not_before))
    }

    /// The time is `now`: a timer that ended requests its interrupt.
    pub fn expire(&mut self, now: u64) {
        if self.timer.expire(now) {
            if self.timer.mode() == TimerMode::Periodic {
                self.not_before = now.saturating_add(MIN_PERIOD);
            }
            self.raise(Lvt::Timer);
        }
    }

    /// IA32_TSC_DEADLINE.
    pub fn tsc_deadline(&mut self, now: u64) -> u64 {
        self.expire(now);
        self.timer.deadline()
    }

    /// Writes IA32_TSC_DEADLINE.
    pub fn set_tsc_deadline(&mut self, tsc: u64, now: u64) {
        self.expire(now);
        self.timer.set_deadline(tsc);
        self.expire(now);
    }

    /// Requests the interrupt of an entry of the local vector table.
    fn raise(&mut self, entry: Lvt) {
        let value = self.table[entry as usize];
        if value & MASKED == 0 {
            self.request(value as u8, Trigger::Edge);
        }
    }

    const fn is_enabled(&self) -> bool {
        self.spurious & SOFTWARE_ENABLED != 0 && !matches!(self.mode, Mode::Disabled)
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

/// The shortest time in TSC ticks between two interrupts of a periodic timer, so that a guest gets
/// on between them and a monitor has other things to do. What ends in between counts as one.
const MIN_PERIOD: u64 = 10_000;

#[cfg(test)]
pub(crate) mod tests;
