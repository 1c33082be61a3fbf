// SPDX-License-Identifier: BSD-2-Clause
//! What a VM entry checks before it loads anything: controls and host state (SDM vol. 3 chapter 27.2).

mod guest;

use crate::capability::{cr0_fits, cr4_fits, entry, exit, fits, pin, primary, secondary};
use crate::host::Host;
use crate::instruction::error;
use crate::{Cpu, Field};

pub(crate) use guest::{Invalid, is_canonical};

/// What the capability MSR says of pointers to extended page tables: UC or WB, 4 levels, no accessed
/// and dirty flags.
pub(crate) const fn ept_pointer_fits(pointer: u64) -> bool {
    matches!(pointer & 7, 0 | 6)
        && pointer >> 3 & 7 == 3
        && pointer & 0xfc0 == 0
        && pointer >> 48 == 0
}

/// Bits of physical addresses.
const PHYSICAL_BITS: u32 = 40;

/// Can something of VMX that is aligned to `align` bytes be at this physical address?
const fn is_place(at: u64, align: u64) -> bool {
    at.is_multiple_of(align) && at >> PHYSICAL_BITS == 0
}

impl<H: Host> Cpu<H> {
    /// Controls and host state; the error of VMLAUNCH and VMRESUME.
    pub(crate) fn check_controls_and_host(&mut self) -> Result<(), u32> {
        if self.controls_fit() != Some(()) {
            return Err(error::ENTRY_CONTROLS);
        }
        if self.host_fits() != Some(()) {
            return Err(error::ENTRY_HOST_STATE);
        }
        Ok(())
    }

    /// Returns None for the first check that fails.
    fn controls_fit(&self) -> Option<()> {
        let is = |fits: bool| fits.then_some(());
        let secondary = self.effective_secondary();
        let (pins, primaries) = (self.get(Field::PIN), self.get(Field::PRIMARY));
        is(fits(pins, pin::DEFAULT, pin::ALL))?;
        is(fits(primaries, primary::DEFAULT, primary::ALL))?;
        is(fits(secondary, 0, secondary::ALL))?;
        is(fits(self.get(Field::EXIT), exit::DEFAULT, exit::ALL))?;
        is(fits(self.get(Field::ENTRY), entry::DEFAULT, entry::ALL))?;
        is(self.get(Field::CR3_TARGETS) <= 4)?;
        let on = |field, control| self.has(field, control);
        let second = |control: u32| secondary & u64::from(control) != 0;
        if on(Field::PRIMARY, primary::IO_BITMAPS) {
            is(is_place(self.get(Field::IO_BITMAP_A), 0x1000))?;
            is(is_place(self.get(Field::IO_BITMAP_B), 0x1000))?;
        }
        if on(Field::PRIMARY, primary::MSR_BITMAPS) {
            is(is_place(self.get(Field::MSR_BITMAP), 0x1000))?;
        }
        self.apic_controls_fit(&second)?;
        if second(secondary::VPID) {
            is(self.get(Field::VPID) != 0)?;
        }
        if second(secondary::EPT) {
            is(ept_pointer_fits(self.get(Field::EPT_POINTER)))?;
        }
        if second(secondary::UNRESTRICTED_GUEST) {
            is(second(secondary::EPT))?;
        }
        if !on(Field::PIN, pin::NMI) {
            is(!on(Field::PIN, pin::VIRTUAL_NMIS))?;
        }
        if !on(Field::PIN, pin::VIRTUAL_NMIS) {
            is(!on(Field::PRIMARY, primary::NMI_WINDOW))?;
        }
        if !on(Field::PIN, pin::PREEMPTION_TIMER) {
            is(!on(Field::EXIT, exit::SAVE_PREEMPTION_TIMER))?;
        }
        for (count, at) in [
            (Field::EXIT_MSR_STORE_COUNT, Field::EXIT_MSR_STORE),
            (Field::EXIT_MSR_LOAD_COUNT, Field::EXIT_MSR_LOAD),
            (Field::ENTRY_MSR_LOAD_COUNT, Field::ENTRY_MSR_LOAD),
        ] {
            is(self.get(count) == 0 || is_place(self.get(at), 16))?;
        }
        is(self.event_fits())
    }

    fn apic_controls_fit(&self, second: &impl Fn(u32) -> bool) -> Option<()> {
        let is = |fits: bool| fits.then_some(());
        let shadow = self.has(Field::PRIMARY, primary::TPR_SHADOW);
        let delivery = second(secondary::VIRTUAL_INTERRUPT_DELIVERY);
        if shadow {
            is(is_place(self.get(Field::VIRTUAL_APIC), 0x1000))?;
            if !delivery {
                is(self.get(Field::TPR_THRESHOLD) >> 4 == 0)?;
            }
        } else {
            is(!second(secondary::VIRTUALIZE_X2APIC))?;
            is(!second(secondary::APIC_REGISTER_VIRTUALIZATION) && !delivery)?;
        }
        is(!(second(secondary::VIRTUALIZE_X2APIC) && second(secondary::VIRTUALIZE_APIC_ACCESSES)))?;
        if second(secondary::VIRTUALIZE_APIC_ACCESSES) {
            is(is_place(self.get(Field::APIC_ACCESS), 0x1000))?;
        }
        if delivery {
            is(self.has(Field::PIN, pin::EXTERNAL_INTERRUPT))?;
        }
        if self.has(Field::PIN, pin::POSTED_INTERRUPTS) {
            is(delivery && self.has(Field::EXIT, exit::ACKNOWLEDGE))?;
            is(self.get(Field::POSTED_VECTOR) <= 0xff)?;
            is(is_place(self.get(Field::POSTED_DESCRIPTOR), 64))?;
        }
        Some(())
    }

    /// The event to inject (SDM 27.2.1.3).
    fn event_fits(&self) -> bool {
        let event = self.get(Field::ENTRY_EVENT);
        if event >> 31 & 1 == 0 {
            return true;
        }
        let (vector, kind, has_error) = (event & 0xff, event >> 8 & 7, event >> 11 & 1 != 0);
        let vector_fits = match kind {
            1 => false,
            2 => vector == 2,
            3 => vector <= 31,
            7 => false,
            _ => true,
        };
        let unrestricted = self.has_secondary(secondary::UNRESTRICTED_GUEST);
        let protected = !unrestricted || self.get(Field::CR0) & 1 != 0;
        let wants_error = kind == 3 && protected && matches!(vector, 8 | 10..=14 | 17);
        let software = matches!(kind, 4..=6);
        vector_fits
            && has_error == wants_error
            && event & 0x7fff_f000 == 0
            && (!has_error || self.get(Field::ENTRY_ERROR) >> 15 == 0)
            && (!software || self.get(Field::ENTRY_LENGTH) <= 15)
    }

    fn host_fits(&mut self) -> Option<()> {
        let is = |fits: bool| fits.then_some(());
        let cr4 = self.cr4_of_host();
        is(cr0_fits(self.get(Field::HOST_CR0), false))?;
        is(cr4_fits(self.get(Field::HOST_CR4), cr4))?;
        is(self.get(Field::HOST_CR3) >> PHYSICAL_BITS == 0)?;
        for field in [
            Field::HOST_SYSENTER_ESP,
            Field::HOST_SYSENTER_EIP,
            Field::HOST_FS_BASE,
            Field::HOST_GS_BASE,
            Field::HOST_GDTR_BASE,
            Field::HOST_IDTR_BASE,
            Field::HOST_TR_BASE,
        ] {
            is(is_canonical(self.get(field)))?;
        }
        for selector in 0..7 {
            is(self.get(Field::HOST_ES_SELECTOR.segment(selector)) & 7 == 0)?;
        }
        is(self.get(Field::HOST_CS_SELECTOR) != 0 && self.get(Field::HOST_TR_SELECTOR) != 0)?;
        // Hypervisors of 64 bits only.
        const LMA: u64 = 1 << 10;
        is(self.hypervisor.efer & LMA != 0 && self.has(Field::EXIT, exit::HOST_64))?;
        is(self.get(Field::HOST_CR4) & 1 << 5 != 0 && is_canonical(self.get(Field::HOST_RIP)))?;
        if self.has(Field::EXIT, exit::LOAD_EFER) {
            const BOTH: u64 = 1 << 8 | 1 << 10;
            is(self.get(Field::HOST_EFER) & BOTH == BOTH)?;
        }
        Some(())
    }

    /// The secondary controls, which count as 0 where they are not in use.
    pub(crate) fn effective_secondary(&self) -> u64 {
        if self.has(Field::PRIMARY, primary::SECONDARY) {
            self.get(Field::SECONDARY)
        } else {
            0
        }
    }
}

#[cfg(test)]
mod tests;
