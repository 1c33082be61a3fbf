// SPDX-License-Identifier: BSD-2-Clause
//! RDMSR and WRMSR of the guest.

use crate::capability::primary;
use crate::host::Host;
use crate::hypervisor::SVME;
use crate::leave::{Exit, reason};
use crate::{Cpu, Field};

const EFER: u32 = 0xc000_0080;
const PAT: u32 = 0x277;
const LMA: u64 = 1 << 10;
const EFER_POSSIBLE: u64 = 1 << 0 | 1 << 8 | 1 << 10 | 1 << 11;

impl<H: Host> Cpu<H> {
    pub(crate) fn msr_exit(&mut self) {
        let write = self.guest.exit_info_1 & 1 != 0;
        let msr = self.registers[1] as u32;
        let length = self
            .instruction()
            .map_or(2, |instruction| instruction.len());
        if self.msr_exits(msr, write) {
            let reason = if write { reason::WRMSR } else { reason::RDMSR };
            return self.leave(Exit::instruction(reason, length));
        }
        let value = self.guest.rax & 0xffff_ffff | self.registers[2] << 32;
        let done = match write {
            true => self.write_guest_msr(msr, value, length as u64),
            false => self.read_guest_msr(msr, length as u64),
        };
        if !done {
            self.general_protection();
        }
    }

    /// What the bitmaps of the hypervisor say (SDM 25.6.9).
    pub(crate) fn msr_exits(&self, msr: u32, write: bool) -> bool {
        if !self.has(Field::PRIMARY, primary::MSR_BITMAPS) {
            return true;
        }
        let base = match msr {
            0..0x2000 => 0,
            0xc000_0000..0xc000_2000 => 0x400,
            _ => return true,
        };
        let bit = msr & 0x1fff;
        let at = self.get(Field::MSR_BITMAP) + base + u64::from(write) * 0x800 + u64::from(bit / 8);
        let mut byte = [0xff];
        let _ = self.host.read(at, &mut byte);
        byte[0] >> (bit % 8) & 1 != 0
    }

    fn read_guest_msr(&mut self, msr: u32, length: u64) -> bool {
        let value = match msr {
            0x800..=0x8ff => match self.read_x2apic(msr) {
                Some(value) => value,
                None => self.host.read_msr(msr),
            },
            EFER => self.guest.efer & !SVME,
            PAT => self.guest.pat,
            _ => match self.listed(msr, true) {
                Some(register) => *register,
                None => self.host.read_msr(msr),
            },
        };
        self.guest.rax = value & 0xffff_ffff;
        self.registers[2] = value >> 32;
        self.skip(length);
        true
    }

    fn write_guest_msr(&mut self, msr: u32, value: u64, length: u64) -> bool {
        match msr {
            0x800..=0x8ff => match self.write_x2apic(msr, value, length) {
                Some(done) => return done,
                None => self.host.write_msr(msr, value),
            },
            EFER if value & !EFER_POSSIBLE != 0 => return false,
            EFER => {
                let active = self.guest.efer & LMA;
                self.guest.efer = value & !LMA | active | SVME;
            }
            PAT if value
                .to_le_bytes()
                .iter()
                .any(|kind| !matches!(kind, 0 | 1 | 4..=7)) =>
            {
                return false;
            }
            PAT => self.guest.pat = value,
            _ => match self.listed(msr, true) {
                Some(register) => *register = value,
                None => self.host.write_msr(msr, value),
            },
        }
        self.skip(length);
        true
    }
}
