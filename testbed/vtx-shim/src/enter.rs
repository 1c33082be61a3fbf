// SPDX-License-Identifier: BSD-2-Clause
//! VM entry: from the fields of the VMCS to a control block that runs the guest (SDM vol. 3 chapter
//! 27).

use crate::capability::{TIMER_RATE, entry, pin};
use crate::checks::Invalid;
use crate::host::Host;
use crate::hypervisor::{SVME, VMXE};
use crate::instruction::{End, error};
use crate::leave::{ENTRY_FAILED, reason};
use crate::vmcb::Segment;
use crate::{Cpu, Field};

const UNUSABLE: u64 = 1 << 16;
const PRESENT: u16 = 1 << 7;
const DPL_SHIFT: u16 = 5;
const LME_AND_LMA: u64 = 1 << 8 | 1 << 10;

impl<H: Host> Cpu<H> {
    /// Enters the guest. It runs from now on, unless the entry failed late, which is an exit.
    ///
    /// # Errors
    ///
    /// How VMLAUNCH or VMRESUME ends if it fails early.
    pub(crate) fn enter(&mut self, launch: bool) -> Result<(), End> {
        let vmcs = self.vmx.current.ok_or(End::Invalid)?;
        match (launch, vmcs.is_launched(&self.host)) {
            (true, true) => return Err(End::Valid(error::LAUNCH_NOT_CLEAR)),
            (false, false) => return Err(End::Valid(error::RESUME_NOT_LAUNCHED)),
            _ => {}
        }
        self.check_controls_and_host().map_err(End::Valid)?;
        self.host.save(self.hypervisor);
        self.load_guest();
        if let Err(Invalid(qualification)) = self.check_guest() {
            self.fail_entry(reason::INVALID_GUEST_STATE, qualification);
            return Ok(());
        }
        if let Err(entry) = self.load_msrs(Field::ENTRY_MSR_LOAD, Field::ENTRY_MSR_LOAD_COUNT) {
            self.fail_entry(reason::MSR_LOAD_FAILED, entry);
            return Ok(());
        }
        vmcs.set_launched(&self.host);
        self.set_intercepts();
        self.start_timer();
        self.inside = true;
        self.has_run = false;
        self.start_step();
        self.halted = self.get(Field::ACTIVITY) == 1;
        self.block_nmis(self.get(Field::INTERRUPTIBILITY) >> 3 & 1 != 0);
        self.inject_first();
        self.refresh_shadow();
        self.host.load(self.guest);
        self.apic_at_entry();
        Ok(())
    }

    fn fail_entry(&mut self, reason: u32, qualification: u64) {
        self.set(Field::REASON, u64::from(reason | ENTRY_FAILED));
        self.set(Field::QUALIFICATION, qualification);
        self.load_host();
    }

    /// The shadow page tables of this guest's EPT.
    pub(crate) fn refresh_shadow(&mut self) {
        self.guest.nested_cr3 = self.shadow.root(self.get(Field::EPT_POINTER));
        self.guest.flush = 1;
    }

    fn load_guest(&mut self) {
        for number in 0..8 {
            let segment = self.segment(number);
            *self.guest.segments_mut()[number] = segment;
        }
        let stack_level = (self.guest.ss.attributes >> DPL_SHIFT) as u8 & 3;
        let ia32e = self.has(Field::ENTRY, entry::IA32E);
        let efer = if self.has(Field::ENTRY, entry::LOAD_EFER) {
            self.get(Field::EFER)
        } else {
            let active = if ia32e { LME_AND_LMA } else { 0 };
            self.hypervisor.efer & !(LME_AND_LMA | SVME) | active
        };
        let dr7 = if self.has(Field::ENTRY, entry::LOAD_DEBUG) {
            self.get(Field::DR7)
        } else {
            self.hypervisor.dr7
        };
        let get = |field| {
            self.vmx
                .current
                .map_or(0, |vmcs| vmcs.read(&self.host, field))
        };
        let (guest, hypervisor) = (&mut *self.guest, &*self.hypervisor);
        guest.gdtr.base = get(Field::GDTR_BASE);
        guest.gdtr.limit = get(Field::GDTR_LIMIT) as u32;
        guest.idtr.base = get(Field::IDTR_BASE);
        guest.idtr.limit = get(Field::IDTR_LIMIT) as u32;
        guest.cr0 = get(Field::CR0);
        guest.cr3 = get(Field::CR3);
        guest.cr4 = get(Field::CR4) & !VMXE;
        guest.cr2 = hypervisor.cr2;
        guest.dr6 = hypervisor.dr6;
        guest.dr7 = dr7;
        guest.rsp = get(Field::RSP);
        guest.rip = get(Field::RIP);
        guest.rflags = get(Field::RFLAGS);
        guest.rax = hypervisor.rax;
        guest.cpl = stack_level;
        guest.efer = efer | SVME;
        guest.sysenter_cs = get(Field::SYSENTER_CS);
        guest.sysenter_esp = get(Field::SYSENTER_ESP);
        guest.sysenter_eip = get(Field::SYSENTER_EIP);
        guest.pat = get(Field::PAT);
        guest.debugctl = 0;
        guest.star = hypervisor.star;
        guest.lstar = hypervisor.lstar;
        guest.cstar = hypervisor.cstar;
        guest.fmask = hypervisor.fmask;
        guest.kernel_gs_base = hypervisor.kernel_gs_base;
        guest.interrupt_shadow = u64::from(get(Field::INTERRUPTIBILITY) & 3 != 0);
        guest.exit_event = 0;
    }

    /// A segment register; unusable ones are not present.
    fn segment(&self, number: usize) -> Segment {
        let rights = self.get(Field::ES_RIGHTS.segment(number));
        let mut attributes = (rights & 0xff | rights >> 4 & 0xf00) as u16;
        if rights & UNUSABLE != 0 {
            attributes &= !PRESENT;
        }
        Segment {
            selector: self.get(Field::ES_SELECTOR.segment(number)) as u16,
            attributes,
            limit: self.get(Field::ES_LIMIT.segment(number)) as u32,
            base: self.get(Field::ES_BASE.segment(number)),
        }
    }

    fn start_timer(&mut self) {
        self.deadline = None;
        if self.has(Field::PIN, pin::PREEMPTION_TIMER) {
            // It counts when that bit of the counter changes, not from now on.
            let now = self.host.tsc() >> TIMER_RATE;
            self.deadline = Some((now + self.get(Field::PREEMPTION_TIMER)) << TIMER_RATE);
        }
    }

    /// The event that the entry is to inject.
    fn inject_first(&mut self) {
        let event = self.get(Field::ENTRY_EVENT);
        self.guest.event = 0;
        self.software_event = 0;
        if event >> 31 & 1 == 0 {
            return;
        }
        self.halted = false;
        let mut kind = event >> 8 & 7;
        const NMI: u64 = 2;
        if kind == NMI {
            self.block_nmis(true);
        }
        if matches!(kind, 4..=6) {
            // SVM pushes the address that it resumes at, VMX that of the next instruction.
            self.software_event = self.get(Field::ENTRY_LENGTH);
            self.guest.rip = self.guest.rip.wrapping_add(self.software_event);
        }
        if matches!(kind, 5 | 6) {
            kind = 3;
        }
        self.guest.event = event & 0x8000_08ff | kind << 8 | self.get(Field::ENTRY_ERROR) << 32;
    }
}
