// SPDX-License-Identifier: BSD-2-Clause
//! What a VM entry checks of the guest's state (SDM vol. 3 chapter 27.3.1).

use crate::capability::{cr0_fits, cr4_fits, entry, secondary};
use crate::host::Host;
use crate::{Cpu, Field};

/// The guest's state is not one; with the exit qualification.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Invalid(pub(crate) u64);

const OTHER: Invalid = Invalid(0);
const LINK: Invalid = Invalid(4);

const CR0_PE: u64 = 1 << 0;
const CR0_PG: u64 = 1 << 31;
const CR4_PAE: u64 = 1 << 5;
const CR4_PCIDE: u64 = 1 << 17;
const EFER_POSSIBLE: u64 = 1 << 0 | 1 << 8 | 1 << 10 | 1 << 11;
const EFER_LME: u64 = 1 << 8;
const EFER_LMA: u64 = 1 << 10;
const VM86: u64 = 1 << 17;
const INTERRUPT_FLAG: u64 = 1 << 9;
const UNUSABLE: u64 = 1 << 16;
/// Numbers of segments: ES, CS, SS, DS, FS, GS, LDTR, TR.
const CS: usize = 1;
const SS: usize = 2;
const LDTR: usize = 6;
const TR: usize = 7;

/// Are the upper bits those of bit 47?
pub(crate) const fn is_canonical(address: u64) -> bool {
    matches!(address as i64 >> 47, 0 | -1)
}

fn is(fits: bool) -> Result<(), Invalid> {
    if fits { Ok(()) } else { Err(OTHER) }
}

impl<H: Host> Cpu<H> {
    /// All of it.
    pub(crate) fn check_guest(&mut self) -> Result<(), Invalid> {
        self.check_control_registers()?;
        for number in 0..8 {
            self.check_segment(number)?;
        }
        for (base, limit) in [
            (Field::GDTR_BASE, Field::GDTR_LIMIT),
            (Field::IDTR_BASE, Field::IDTR_LIMIT),
        ] {
            is(is_canonical(self.get(base)) && self.get(limit) >> 16 == 0)?;
        }
        self.check_flags()?;
        self.check_non_registers()?;
        if self.get(Field::LINK) != u64::MAX {
            return Err(LINK);
        }
        Ok(())
    }

    fn is_long(&self) -> bool {
        self.has(Field::ENTRY, entry::IA32E)
    }

    fn check_control_registers(&mut self) -> Result<(), Invalid> {
        let unrestricted = self.has_secondary(secondary::UNRESTRICTED_GUEST);
        let (cr0, cr4) = (self.get(Field::CR0), self.get(Field::CR4));
        let possible = self.cr4_of_host();
        is(cr0_fits(cr0, unrestricted) && cr4_fits(cr4, possible))?;
        is(cr0 & CR0_PG == 0 || cr0 & CR0_PE != 0)?;
        if self.is_long() {
            is(cr0 & CR0_PG != 0 && cr4 & CR4_PAE != 0)?;
        } else {
            is(cr4 & CR4_PCIDE == 0)?;
        }
        is(self.get(Field::CR3) >> 40 == 0)?;
        for field in [Field::SYSENTER_ESP, Field::SYSENTER_EIP] {
            is(is_canonical(self.get(field)))?;
        }
        if self.has(Field::ENTRY, entry::LOAD_DEBUG) {
            is(self.get(Field::DR7) >> 32 == 0)?;
        }
        if self.has(Field::ENTRY, entry::LOAD_PAT) {
            let pat = self.get(Field::PAT).to_le_bytes();
            is(pat.iter().all(|kind| matches!(kind, 0 | 1 | 4..=7)))?;
        }
        if self.has(Field::ENTRY, entry::LOAD_EFER) {
            let efer = self.get(Field::EFER);
            let active = efer & EFER_LMA != 0;
            is(efer & !EFER_POSSIBLE == 0 && active == self.is_long())?;
            is(cr0 & CR0_PG == 0 || active == (efer & EFER_LME != 0))?;
        }
        Ok(())
    }

    fn check_segment(&self, number: usize) -> Result<(), Invalid> {
        let selector = self.get(Field::ES_SELECTOR.segment(number));
        let base = self.get(Field::ES_BASE.segment(number));
        let limit = self.get(Field::ES_LIMIT.segment(number));
        let rights = self.get(Field::ES_RIGHTS.segment(number));
        let usable = rights & UNUSABLE == 0;
        if self.get(Field::RFLAGS) & VM86 != 0 && number < LDTR {
            return is(base == selector << 4 && limit == 0xffff && rights == 0xf3);
        }
        match number {
            TR => {
                is(usable && selector & 4 == 0 && is_canonical(base))?;
                is(rights & 0xf == 11 || (rights & 0xf == 3 && !self.is_long()))?;
                is(rights & 0x10 == 0)?;
            }
            LDTR if !usable => return Ok(()),
            LDTR => {
                is(selector & 4 == 0 && is_canonical(base))?;
                is(rights & 0x1f == 2)?;
            }
            4 | 5 => is(is_canonical(base))?,
            _ => is(!(usable || number == CS) || base >> 32 == 0)?,
        }
        if number < LDTR {
            self.check_code_or_data(number, rights)?;
            if !usable && number != CS {
                return Ok(());
            }
        }
        is(rights & 0x80 != 0 && rights & 0xfffe_0f00 == 0)?;
        // Granular limits end in ones, others are below 1 MiB.
        is(match rights & 1 << 15 {
            0 => limit >> 20 == 0,
            _ => limit & 0xfff == 0xfff,
        })
    }

    fn check_code_or_data(&self, number: usize, rights: u64) -> Result<(), Invalid> {
        let unrestricted = self.has_secondary(secondary::UNRESTRICTED_GUEST);
        let (kind, level) = (rights & 0xf, rights >> 5 & 3);
        let usable = rights & UNUSABLE == 0;
        let stack_level = self.get(Field::SS_RIGHTS) >> 5 & 3;
        let real = self.get(Field::CR0) & CR0_PE == 0;
        match number {
            CS => {
                is(matches!(kind, 9 | 11 | 13 | 15) || (kind == 3 && unrestricted))?;
                is(rights & 0x10 != 0)?;
                is(match kind {
                    3 => level == 0,
                    9 | 11 => level == stack_level,
                    _ => level <= stack_level,
                })?;
                // 64-bit code has no default size.
                is(!(self.is_long() && rights >> 13 & 1 != 0 && rights >> 14 & 1 != 0))
            }
            SS => {
                if usable {
                    is(matches!(kind, 3 | 7) && rights & 0x10 != 0)?;
                }
                let requested = self.get(Field::SS_SELECTOR) & 3;
                is(unrestricted || requested == self.get(Field::CS_SELECTOR) & 3)?;
                is(unrestricted || !usable || level == requested)?;
                let code = self.get(Field::CS_RIGHTS) & 0xf;
                is(!(code == 3 || real) || level == 0)
            }
            _ if !usable => Ok(()),
            _ => {
                is(kind & 1 != 0 && rights & 0x10 != 0)?;
                is(kind & 8 == 0 || kind & 2 != 0)?;
                let requested = self.get(Field::ES_SELECTOR.segment(number)) & 3;
                is(unrestricted || kind >= 12 || level >= requested)
            }
        }
    }

    fn check_flags(&self) -> Result<(), Invalid> {
        let (rip, flags) = (self.get(Field::RIP), self.get(Field::RFLAGS));
        let long_code = self.is_long() && self.get(Field::CS_RIGHTS) >> 13 & 1 != 0;
        is(if long_code {
            is_canonical(rip)
        } else {
            rip >> 32 == 0
        })?;
        is(flags & 2 != 0 && flags & 0xffff_ffff_ffc0_8028 == 0)?;
        if self.is_long() || self.get(Field::CR0) & CR0_PE == 0 {
            is(flags & VM86 == 0)?;
        }
        let event = self.get(Field::ENTRY_EVENT);
        let interrupt = event >> 31 & 1 != 0 && event >> 8 & 7 == 0;
        is(!interrupt || flags & INTERRUPT_FLAG != 0)
    }

    /// Activity, interruptibility, pending debug exceptions.
    fn check_non_registers(&self) -> Result<(), Invalid> {
        let activity = self.get(Field::ACTIVITY);
        let blocking = self.get(Field::INTERRUPTIBILITY);
        let flags = self.get(Field::RFLAGS);
        let event = self.get(Field::ENTRY_EVENT);
        let kind = (event >> 31 & 1 != 0).then_some(event >> 8 & 7);
        // Active and HLT are all there is.
        is(activity <= 1)?;
        if activity == 1 {
            is(self.get(Field::SS_RIGHTS) >> 5 & 3 == 0 && blocking & 3 == 0)?;
            is(matches!(kind, None | Some(0 | 2)) || matches!(event & 0xff, 1 | 18))?;
        }
        is(blocking >> 5 == 0 && blocking & 4 == 0 && blocking & 3 != 3)?;
        is(blocking & 1 == 0 || flags & INTERRUPT_FLAG != 0)?;
        is(kind != Some(0) || blocking & 3 == 0)?;
        is(kind != Some(2) || blocking & 2 == 0)?;
        is(self.get(Field::PENDING_DEBUG) & !0x1_500f == 0)
    }
}
