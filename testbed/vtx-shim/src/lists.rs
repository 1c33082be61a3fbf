// SPDX-License-Identifier: BSD-2-Clause
//! The lists of MSRs that entries and exits load and store (SDM vol. 3 chapters 27.4, 28.4, 28.6).

use crate::checks::is_canonical;
use crate::host::Host;
use crate::{Cpu, Field};

const TSC_AUX: u32 = 0xc000_0103;

impl<H: Host> Cpu<H> {
    /// Loads the MSRs of a list into whoever is to run; the number of the entry, from 1, that cannot be.
    pub(crate) fn load_msrs(&mut self, at: Field, count: Field) -> Result<(), u64> {
        let to_guest = at == Field::ENTRY_MSR_LOAD;
        for number in 0..self.get(count).min(512) {
            let place = self.get(at) + 16 * number;
            let (Ok(index), Ok(value)) = (self.host.read_u64(place), self.host.read_u64(place + 8))
            else {
                return Err(number + 1);
            };
            // The upper half of the index is reserved.
            let Ok(msr) = u32::try_from(index) else {
                return Err(number + 1);
            };
            // FMASK has 32 bits, and those that are addresses are canonical.
            let fits = match msr {
                0xc000_0082 | 0xc000_0083 | 0xc000_0102 => is_canonical(value),
                0xc000_0084 => value >> 32 == 0,
                _ => true,
            };
            match self.listed(msr, to_guest) {
                _ if !fits => return Err(number + 1),
                Some(register) => *register = value,
                None if msr == TSC_AUX => self.host.write_msr(msr, value),
                None => return Err(number + 1),
            }
        }
        Ok(())
    }

    /// Stores the guest's MSRs that the list names.
    pub(crate) fn store_msrs(&mut self) {
        for number in 0..self.get(Field::EXIT_MSR_STORE_COUNT).min(512) {
            let place = self.get(Field::EXIT_MSR_STORE) + 16 * number;
            let msr = self.host.read_u32(place).unwrap_or(0);
            let value = match self.listed(msr, true) {
                Some(register) => *register,
                None => self.host.read_msr(msr),
            };
            let _ = self.host.write(place + 8, &value.to_le_bytes());
        }
    }

    /// A register that both control blocks hold.
    pub(crate) fn listed(&mut self, msr: u32, of_guest: bool) -> Option<&mut u64> {
        let vmcb = if of_guest {
            &mut *self.guest
        } else {
            &mut *self.hypervisor
        };
        Some(match msr {
            0xc000_0081 => &mut vmcb.star,
            0xc000_0082 => &mut vmcb.lstar,
            0xc000_0083 => &mut vmcb.cstar,
            0xc000_0084 => &mut vmcb.fmask,
            0xc000_0102 => &mut vmcb.kernel_gs_base,
            _ => return None,
        })
    }
}
