// SPDX-License-Identifier: BSD-2-Clause
//! The IOAPIC: pins for the lines of devices (82093AA datasheet, section 3; the EOI register is that
//! of version 0x20, ICH9 datasheet, section 13.5).

mod entry;

use vmm_base::{MmioDevice, Width};

use crate::interrupt::{DeliveryMode, Interrupt, Trigger};
use entry::Entry;

/// The number of pins.
pub const PINS: u8 = 24;

/// Version 0x20, and the number of the last entry.
const VERSION: u32 = (PINS as u32 - 1) << 16 | 0x20;

/// Offsets of the registers that are not behind the window.
const SELECT: u64 = 0x00;
const WINDOW: u64 = 0x10;
const END_OF_INTERRUPT: u64 = 0x40;

/// Numbers of registers behind the window.
const ID: u8 = 0;
const VERSION_REGISTER: u8 = 1;
const ARBITRATION: u8 = 2;
const FIRST_ENTRY: u8 = 0x10;

/// An IOAPIC. Lines and the guest's accesses change it; then [`service`](Self::service) hands out
/// the interrupts that there are to deliver.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IoApic {
    id: u8,
    selected: u8,
    entries: [Entry; PINS as usize],
    /// The levels of the lines, a bit for each pin.
    lines: u32,
    /// Pins that have something to deliver.
    pending: u32,
}

impl IoApic {
    /// As after a reset, all lines low, all pins masked.
    #[allow(clippy::new_without_default)]
    pub const fn new() -> Self {
        Self {
            id: 0,
            selected: 0,
            entries: [Entry::RESET; PINS as usize],
            lines: 0,
            pending: 0,
        }
    }

    /// Back to the state after power-up. Lines stay as they are.
    pub fn reset(&mut self) {
        *self = Self {
            lines: self.lines,
            ..Self::new()
        };
    }

    /// Sets the level of a line. Pins that do not exist are ignored.
    pub fn set_line(&mut self, pin: u8, high: bool) {
        if pin >= PINS || self.is_high(pin) == high {
            return;
        }
        self.lines ^= 1 << pin;
        let entry = self.entries[pin as usize];
        match entry.trigger() {
            Trigger::Edge if high && !entry.is_masked() => self.pending |= 1 << pin,
            // An edge on a masked pin is lost (82093AA 3.2.4, bit 16).
            Trigger::Edge => {}
            Trigger::Level => self.evaluate(pin),
        }
    }

    /// Is there something to deliver?
    #[inline]
    pub const fn is_pending(&self) -> bool {
        self.pending != 0
    }

    /// Offers all interrupts that there are to `deliver`, which says whether somebody took it. A
    /// level that nobody took is offered again.
    pub fn service(&mut self, mut deliver: impl FnMut(&Interrupt) -> bool) {
        let mut pins = self.pending;
        while pins != 0 {
            let pin = pins.trailing_zeros() as u8;
            pins &= pins - 1;
            let entry = &mut self.entries[pin as usize];
            let taken = match entry.interrupt() {
                Some(interrupt) => deliver(&interrupt),
                None => true,
            };
            match entry.trigger() {
                // Only what has a vector has an end.
                Trigger::Level if entry.is_requesting() => {
                    if taken {
                        entry.set_in_service(true);
                        self.pending &= !(1 << pin);
                    }
                }
                _ => self.pending &= !(1 << pin),
            }
        }
    }

    /// A CPU, or the guest by the EOI register, ended the service of this vector.
    pub fn end(&mut self, vector: u8) {
        for pin in 0..PINS {
            let entry = &mut self.entries[pin as usize];
            if entry.vector() == vector && entry.is_in_service() {
                entry.set_in_service(false);
                self.evaluate(pin);
            }
        }
    }

    const fn is_high(&self, pin: u8) -> bool {
        self.lines >> pin & 1 != 0
    }

    /// What there is to deliver of a pin that is triggered by level.
    fn evaluate(&mut self, pin: u8) {
        let entry = &self.entries[pin as usize];
        if self.is_high(pin) && !entry.is_masked() && !entry.is_in_service() {
            self.pending |= 1 << pin;
        } else {
            self.pending &= !(1 << pin);
        }
    }

    fn register(&self) -> u32 {
        match self.selected {
            ID | ARBITRATION => u32::from(self.id) << 24,
            VERSION_REGISTER => VERSION,
            number => match entry_of(number) {
                Some((pin, high)) => self.entries[pin as usize].half(high),
                None => 0,
            },
        }
    }

    fn set_register(&mut self, value: u32) {
        match self.selected {
            ID => self.id = (value >> 24) as u8 & 15,
            number => {
                let Some((pin, high)) = entry_of(number) else {
                    return;
                };
                let entry = &mut self.entries[pin as usize];
                entry.set_half(high, value);
                match entry.trigger() {
                    Trigger::Level => self.evaluate(pin),
                    Trigger::Edge if entry.is_masked() => self.pending &= !(1 << pin),
                    Trigger::Edge => {}
                }
            }
        }
    }
}

impl MmioDevice for IoApic {
    fn read(&mut self, offset: u64, width: Width) -> u64 {
        match (offset, width) {
            (SELECT, _) => self.selected.into(),
            (WINDOW, Width::Dword) => self.register().into(),
            _ => width.mask(),
        }
    }

    fn write(&mut self, offset: u64, width: Width, value: u64) {
        match (offset, width) {
            (SELECT, _) => self.selected = value as u8,
            (WINDOW, Width::Dword) => self.set_register(value as u32),
            (END_OF_INTERRUPT, Width::Dword) => self.end(value as u8),
            _ => {}
        }
    }
}

/// The pin of a register, and whether it is the upper half of the entry.
const fn entry_of(register: u8) -> Option<(u8, bool)> {
    match register.checked_sub(FIRST_ENTRY) {
        Some(number) if number / 2 < PINS => Some((number / 2, number % 2 != 0)),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
