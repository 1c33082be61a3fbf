// SPDX-License-Identifier: BSD-2-Clause
//! Reading and writing the registers, by the page or by MSRs.

use vmm_base::Width;

use super::interrupts::FIRST_VECTOR;
use super::{LocalApic, SOFTWARE_ENABLED, SPURIOUS_WRITABLE, VERSION, errors};
use crate::register::{Lvt, MASKED, Register, Rights};
use crate::timer::TimerMode;
use crate::{GeneralProtection, Mode, VirtualApic};

/// The MSR of the register with number 0, and the last one of the range.
const FIRST_MSR: u32 = 0x800;
const LAST_MSR: u32 = 0x8ff;

impl<V: VirtualApic> LocalApic<V> {
    /// RDMSR in the range 0x800 to 0x8ff.
    ///
    /// # Errors
    ///
    /// When the x2APIC is off, or lacks the register, or does not let it be read.
    pub fn read_msr(&mut self, index: u32, now: u64) -> Result<u64, GeneralProtection> {
        match self.msr(index)? {
            (_, Rights::WriteOnly) => Err(GeneralProtection),
            (register, _) => {
                self.expire(now);
                Ok(self.current(register, now))
            }
        }
    }

    /// WRMSR in the range 0x800 to 0x8ff.
    ///
    /// # Errors
    ///
    /// When the x2APIC is off, or lacks the register, or does not let this be written.
    pub fn write_msr(&mut self, index: u32, value: u64, now: u64) -> Result<(), GeneralProtection> {
        match self.msr(index)? {
            (_, Rights::ReadOnly) => Err(GeneralProtection),
            (register, _) if value & !register.writable() != 0 => Err(GeneralProtection),
            (register, _) => {
                self.write(register, value, now);
                Ok(())
            }
        }
    }

    fn msr(&self, index: u32) -> Result<(Register, Rights), GeneralProtection> {
        let register = match index {
            FIRST_MSR..=LAST_MSR if self.mode == Mode::X2Apic => {
                Register::from_number((index - FIRST_MSR) as u8)
            }
            _ => None,
        };
        let found = register.and_then(|register| Some((register, register.rights()?)));
        found.ok_or(GeneralProtection)
    }

    /// A read of the page, `offset` bytes from its beginning: of a register's 4 bytes, or of a
    /// part of them. All else, and without an xAPIC, it reads as all ones.
    pub fn read_page(&mut self, offset: u64, width: Width, now: u64) -> u64 {
        let place = offset % 16;
        if self.mode != Mode::XApic || place + width.bytes() as u64 > 4 {
            return width.mask();
        }
        self.expire(now);
        let value = match register_at(offset) {
            Some(register) => self.current(register, now) & u64::from(u32::MAX),
            None => {
                self.error(errors::ILLEGAL_REGISTER);
                0
            }
        };
        value >> (8 * place) & width.mask()
    }

    /// A write to the page. Registers are written as a whole, others writes are ignored.
    pub fn write_page(&mut self, offset: u64, width: Width, value: u64, now: u64) {
        if self.mode != Mode::XApic || width != Width::Dword || !offset.is_multiple_of(16) {
            return;
        }
        match register_at(offset) {
            Some(Register::Command) => {
                let high = self.command & !u64::from(u32::MAX);
                self.write(Register::Command, high | value, now);
            }
            Some(register) => self.write(register, value, now),
            None => self.error(errors::ILLEGAL_REGISTER),
        }
    }

    /// The CPU let the guest write the register at `offset` in the page (of the xAPIC or of the
    /// x2APIC), and exited behind the instruction.
    pub fn written_by_cpu(&mut self, offset: u16, now: u64) {
        let Some(value) = self.delivery.shown(offset) else {
            return;
        };
        // What of it is not an xAPIC's register is the x2APIC's way to interrupt itself.
        match Register::from_number((offset / 16) as u8) {
            Some(Register::Command) if self.mode == Mode::XApic => {
                // The CPU takes the upper half without an exit.
                let high = self.delivery.shown(Register::CommandHigh.offset());
                self.command = u64::from(high.unwrap_or(0) & 0xff00_0000) << 32;
                self.write(Register::Command, self.command | u64::from(value), now);
            }
            Some(register) => {
                self.write(register, value.into(), now);
                // What it cannot hold is not to be seen.
                self.show(register);
            }
            None => {}
        }
    }

    /// A register with all that its reading takes.
    fn current(&self, register: Register, now: u64) -> u64 {
        match register {
            Register::CurrentCount => self.timer.current(now).into(),
            register => self.peek(register),
        }
    }

    /// What a register has, whatever the time is.
    pub(super) fn peek(&self, register: Register) -> u64 {
        let value = match register {
            Register::Id => match self.mode {
                Mode::X2Apic => self.id.into(),
                _ => u32::from(self.id) << 24,
            },
            Register::Version => VERSION,
            Register::LogicalDestination => self.logical(),
            Register::DestinationFormat => self.format,
            Register::Spurious => self.spurious,
            Register::ErrorStatus => self.error_status,
            Register::Command if self.mode == Mode::X2Apic => return self.command,
            Register::Command => self.command as u32,
            Register::CommandHigh => (self.command >> 32) as u32,
            Register::Lvt(entry) => self.table[entry as usize],
            Register::InitialCount => self.timer.initial(),
            Register::Divide => self.timer.divide(),
            Register::TaskPriority
            | Register::ProcessorPriority
            | Register::InService(_)
            | Register::TriggerMode(_)
            | Register::Requested(_) => self.delivery.register(register),
            // What cannot be read, and what only the time tells.
            Register::EndOfInterrupt | Register::SelfInterrupt | Register::CurrentCount => 0,
        };
        value.into()
    }

    /// Writes a register. What cannot be written is left alone.
    fn write(&mut self, register: Register, value: u64, now: u64) {
        self.expire(now);
        let low = value as u32;
        match register {
            Register::TaskPriority => return self.delivery.set_task_priority(low as u8),
            Register::EndOfInterrupt => return self.end(),
            Register::SelfInterrupt => return self.send_to_self(low as u8),
            Register::LogicalDestination => self.logical = low & 0xff00_0000,
            Register::DestinationFormat => self.format = low | 0x0fff_ffff,
            Register::Spurious => self.set_spurious(low),
            Register::ErrorStatus => self.show_errors(),
            Register::Command => {
                self.command = value & Register::Command.writable() & !DELIVERY_STATUS;
                self.send();
            }
            Register::CommandHigh => {
                self.command = u64::from(low & 0xff00_0000) << 32 | self.command & 0xffff_ffff;
            }
            Register::Lvt(entry) => self.set_entry(entry, low),
            Register::InitialCount => self.timer.set_initial(low, now),
            Register::Divide => self.timer.set_divide(low, now),
            Register::Id
            | Register::Version
            | Register::ProcessorPriority
            | Register::InService(_)
            | Register::TriggerMode(_)
            | Register::Requested(_)
            | Register::CurrentCount => return,
        }
        self.show(register);
    }

    fn set_entry(&mut self, entry: Lvt, value: u32) {
        let kept = match self.spurious & SOFTWARE_ENABLED {
            0 => MASKED,
            _ => 0,
        };
        let value = value & entry.writable() | kept;
        self.table[entry as usize] = value;
        if entry == Lvt::Timer {
            self.timer.set_mode(TimerMode::from_entry(value));
            self.show(Register::InitialCount);
        }
        // Only delivery mode "fixed" has a vector to be wrong.
        if value & (MASKED | 7 << 8) == 0 && (value as u8) < FIRST_VECTOR {
            self.error(errors::RECEIVED_ILLEGAL_VECTOR);
        }
    }

    fn set_spurious(&mut self, value: u32) {
        self.spurious = value & SPURIOUS_WRITABLE;
        if self.spurious & SOFTWARE_ENABLED == 0 {
            // SDM 12.4.7.2.
            for entry in Lvt::ALL {
                self.table[entry as usize] |= MASKED;
                self.show(Register::Lvt(entry));
            }
        }
    }
}

/// Bit 12 of the command register: nothing is ever on its way.
const DELIVERY_STATUS: u64 = 1 << 12;

fn register_at(offset: u64) -> Option<Register> {
    let number = u8::try_from(offset / 16).ok()?;
    Register::from_number(number).filter(|register| register.is_in_page())
}
