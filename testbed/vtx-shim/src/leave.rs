// SPDX-License-Identifier: BSD-2-Clause
//! VM exit: the guest's state back into the VMCS, and the hypervisor's from it (SDM vol. 3 chapter
//! 28).

use crate::capability::{TIMER_RATE, entry, exit, secondary};
use crate::host::Host;
use crate::hypervisor::{SVME, VMXE};
use crate::vmcb::Segment;
use crate::{Cpu, Field};

/// The entry failed.
pub(crate) const ENTRY_FAILED: u32 = 1 << 31;

/// Reasons (SDM vol. 3 appendix C). They are not taken from the hypervisor's crates: a wrong number must
/// not be on both sides.
pub(crate) mod reason {
    #![allow(missing_docs)]
    pub const EXCEPTION: u32 = 0;
    pub const EXTERNAL_INTERRUPT: u32 = 1;
    pub const TRIPLE_FAULT: u32 = 2;
    pub const INTERRUPT_WINDOW: u32 = 7;
    pub const NMI_WINDOW: u32 = 8;
    pub const TASK_SWITCH: u32 = 9;
    pub const CPUID: u32 = 10;
    pub const HLT: u32 = 12;
    pub const INVD: u32 = 13;
    pub const INVLPG: u32 = 14;
    pub const RDPMC: u32 = 15;
    pub const RDTSC: u32 = 16;
    pub const VMCALL: u32 = 18;
    pub const VMCLEAR: u32 = 19;
    pub const VMLAUNCH: u32 = 20;
    pub const VMPTRLD: u32 = 21;
    pub const VMPTRST: u32 = 22;
    pub const VMREAD: u32 = 23;
    pub const VMRESUME: u32 = 24;
    pub const VMWRITE: u32 = 25;
    pub const VMXOFF: u32 = 26;
    pub const VMXON: u32 = 27;
    pub const CONTROL_REGISTER: u32 = 28;
    pub const DEBUG_REGISTER: u32 = 29;
    pub const IO: u32 = 30;
    pub const RDMSR: u32 = 31;
    pub const WRMSR: u32 = 32;
    pub const INVALID_GUEST_STATE: u32 = 33;
    pub const MSR_LOAD_FAILED: u32 = 34;
    pub const MWAIT: u32 = 36;
    pub const MONITOR_TRAP: u32 = 37;
    pub const MONITOR: u32 = 39;
    pub const PAUSE: u32 = 40;
    pub const TPR_BELOW_THRESHOLD: u32 = 43;
    pub const APIC_ACCESS: u32 = 44;
    pub const VIRTUALIZED_EOI: u32 = 45;
    pub const EPT_VIOLATION: u32 = 48;
    pub const EPT_MISCONFIGURATION: u32 = 49;
    pub const INVEPT: u32 = 50;
    pub const RDTSCP: u32 = 51;
    pub const PREEMPTION_TIMER: u32 = 52;
    pub const INVVPID: u32 = 53;
    pub const WBINVD: u32 = 54;
    pub const XSETBV: u32 = 55;
    pub const APIC_WRITE: u32 = 56;
}

const UNUSABLE: u64 = 1 << 16;
const PRESENT: u16 = 1 << 7;
/// The number of the task register, and the bit of its type.
const TR: usize = 7;
const BUSY: u64 = 1 << 1;
const LMA: u64 = 1 << 10;
const LME_AND_LMA: u64 = 1 << 8 | LMA;
const BUSY_TSS_64: u16 = 0x8b;
const CODE_64: u16 = 0x29b;
const CODE: u16 = 0xc9b;
const DATA: u16 = 0xc93;

/// An exit, with what its information fields say. Those that it does not set are 0.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Exit {
    pub(crate) reason: u32,
    pub(crate) qualification: u64,
    /// Bytes of the instruction.
    pub(crate) length: u64,
    /// Interruption information, with the error code in the upper half.
    pub(crate) event: u64,
    pub(crate) information: u64,
    pub(crate) linear: u64,
    pub(crate) physical: u64,
}

impl Exit {
    /// An exit with nothing but a reason.
    pub(crate) const fn of(reason: u32) -> Self {
        Self {
            reason,
            qualification: 0,
            length: 0,
            event: 0,
            information: 0,
            linear: 0,
            physical: 0,
        }
    }

    /// One for an instruction of this length.
    pub(crate) const fn instruction(reason: u32, length: usize) -> Self {
        let mut exit = Self::of(reason);
        exit.length = length as u64;
        exit
    }
}

impl<H: Host> Cpu<H> {
    /// Ends the guest's turn.
    pub(crate) fn leave(&mut self, exit: Exit) {
        self.host.save(self.guest);
        self.set(Field::REASON, exit.reason.into());
        self.set(Field::QUALIFICATION, exit.qualification);
        self.set(Field::LENGTH, exit.length);
        self.set(Field::EXIT_EVENT, exit.event);
        self.set(Field::EXIT_ERROR, exit.event >> 32);
        self.set(Field::INFORMATION, exit.information);
        self.set(Field::LINEAR, exit.linear);
        self.set(Field::GUEST_PHYSICAL, exit.physical);
        self.end_step();
        self.set_vectoring();
        self.set(
            Field::ENTRY_EVENT,
            self.get(Field::ENTRY_EVENT) & !(1 << 31),
        );
        self.save_guest();
        self.store_msrs();
        self.load_host();
    }

    /// The event that was being delivered, if one was.
    fn set_vectoring(&mut self) {
        let event = self.guest.exit_event;
        if event >> 31 & 1 == 0 {
            return self.set(Field::VECTORING, 0);
        }
        let mut information = event & 0x8000_0fff;
        if self.software_event != 0 {
            // As it was asked for; and the instruction has not been executed.
            information = self.get(Field::ENTRY_EVENT) & 0x8000_0fff | 1 << 31;
            self.guest.rip = self.guest.rip.wrapping_sub(self.software_event);
            self.set(Field::LENGTH, self.software_event);
        }
        self.set(Field::VECTORING, information);
        self.set(Field::VECTORING_ERROR, event >> 32);
    }

    fn save_guest(&mut self) {
        let segments = self.guest.segments().map(|segment| *segment);
        for (number, segment) in segments.into_iter().enumerate() {
            self.save_segment(number, segment);
        }
        let guest = &*self.guest;
        for (field, value) in [
            (Field::GDTR_BASE, guest.gdtr.base),
            (Field::GDTR_LIMIT, guest.gdtr.limit.into()),
            (Field::IDTR_BASE, guest.idtr.base),
            (Field::IDTR_LIMIT, guest.idtr.limit.into()),
            (Field::CR0, guest.cr0),
            (Field::CR3, guest.cr3),
            (Field::CR4, guest.cr4 | VMXE),
            (Field::RSP, guest.rsp),
            (Field::RIP, guest.rip),
            (Field::RFLAGS, guest.rflags),
            (Field::SYSENTER_CS, guest.sysenter_cs),
            (Field::SYSENTER_ESP, guest.sysenter_esp),
            (Field::SYSENTER_EIP, guest.sysenter_eip),
            (
                Field::INTERRUPTIBILITY,
                guest.interrupt_shadow & 1 | u64::from(self.nmi_blocked) << 3,
            ),
            (Field::ACTIVITY, self.halted.into()),
            (Field::PENDING_DEBUG, 0),
        ] {
            self.set(field, value);
        }
        let efer = guest.efer & !SVME;
        if self.has(Field::EXIT, exit::SAVE_DEBUG) {
            self.set(Field::DR7, self.guest.dr7);
        }
        if self.has(Field::EXIT, exit::SAVE_PAT) {
            self.set(Field::PAT, self.guest.pat);
        }
        if self.has(Field::EXIT, exit::SAVE_EFER) {
            self.set(Field::EFER, efer);
        }
        if self.has_secondary(secondary::UNRESTRICTED_GUEST) {
            let controls = self.get(Field::ENTRY) & !u64::from(entry::IA32E);
            let long = if efer & LMA != 0 {
                u64::from(entry::IA32E)
            } else {
                0
            };
            self.set(Field::ENTRY, controls | long);
        }
        if self.has(Field::EXIT, exit::SAVE_PREEMPTION_TIMER)
            && let Some(deadline) = self.deadline
        {
            let left = (deadline >> TIMER_RATE).saturating_sub(self.host.tsc() >> TIMER_RATE);
            self.set(Field::PREEMPTION_TIMER, left);
        }
    }

    fn save_segment(&self, number: usize, segment: Segment) {
        let attributes = u64::from(segment.attributes);
        let mut rights = attributes & 0xff | (attributes & 0xf00) << 4;
        if number == TR {
            // The one that is loaded is busy. QEMU notes that in memory only.
            rights |= BUSY;
        }
        if segment.attributes & PRESENT == 0 {
            rights |= UNUSABLE;
        }
        self.set(Field::ES_SELECTOR.segment(number), segment.selector.into());
        self.set(Field::ES_LIMIT.segment(number), segment.limit.into());
        self.set(Field::ES_BASE.segment(number), segment.base);
        self.set(Field::ES_RIGHTS.segment(number), rights);
    }

    /// Loads the hypervisor's state (SDM 28.5). What the control block shares with the guest stays.
    pub(crate) fn load_host(&mut self) {
        self.inside = false;
        self.halted = false;
        let shared = [
            self.guest.star,
            self.guest.lstar,
            self.guest.cstar,
            self.guest.fmask,
        ];
        let get = |field| {
            self.vmx
                .current
                .map_or(0, |vmcs| vmcs.read(&self.host, field))
        };
        let efer = if get(Field::EXIT) & u64::from(exit::LOAD_EFER) != 0 {
            get(Field::HOST_EFER)
        } else {
            self.hypervisor.efer & !SVME | LME_AND_LMA
        };
        let vmcb = &mut *self.hypervisor;
        [vmcb.star, vmcb.lstar, vmcb.cstar, vmcb.fmask] = shared;
        vmcb.kernel_gs_base = self.guest.kernel_gs_base;
        vmcb.rax = self.guest.rax;
        vmcb.cr2 = self.guest.cr2;
        vmcb.dr6 = self.guest.dr6;
        vmcb.dr7 = 0x400;
        vmcb.cr0 = get(Field::HOST_CR0);
        vmcb.cr3 = get(Field::HOST_CR3);
        vmcb.cr4 = get(Field::HOST_CR4) & !VMXE;
        vmcb.efer = efer | SVME;
        vmcb.rsp = get(Field::HOST_RSP);
        vmcb.rip = get(Field::HOST_RIP);
        vmcb.rflags = 2;
        vmcb.cpl = 0;
        vmcb.sysenter_cs = get(Field::HOST_SYSENTER_CS);
        vmcb.sysenter_esp = get(Field::HOST_SYSENTER_ESP);
        vmcb.sysenter_eip = get(Field::HOST_SYSENTER_EIP);
        vmcb.interrupt_shadow = 0;
        vmcb.event = 0;
        vmcb.flush = 1;
        let data = |selector: Field, base: u64| {
            let selector = get(selector) as u16;
            Segment {
                selector,
                attributes: if selector == 0 { DATA & !PRESENT } else { DATA },
                limit: u32::MAX,
                base,
            }
        };
        vmcb.es = data(Field::HOST_ES_SELECTOR, 0);
        vmcb.ss = data(Field::HOST_SS_SELECTOR, 0);
        vmcb.ds = data(Field::HOST_DS_SELECTOR, 0);
        vmcb.fs = data(Field::HOST_FS_SELECTOR, get(Field::HOST_FS_BASE));
        vmcb.gs = data(Field::HOST_GS_SELECTOR, get(Field::HOST_GS_BASE));
        let long = get(Field::EXIT) & u64::from(exit::HOST_64) != 0;
        vmcb.cs = Segment {
            selector: get(Field::HOST_CS_SELECTOR) as u16,
            attributes: if long { CODE_64 | 1 << 11 } else { CODE },
            limit: u32::MAX,
            base: 0,
        };
        vmcb.tr = Segment {
            selector: get(Field::HOST_TR_SELECTOR) as u16,
            attributes: BUSY_TSS_64,
            limit: 0x67,
            base: get(Field::HOST_TR_BASE),
        };
        vmcb.ldtr = Segment::default();
        let table = |base| Segment {
            limit: 0xffff,
            base,
            ..Segment::default()
        };
        vmcb.gdtr = table(get(Field::HOST_GDTR_BASE));
        vmcb.idtr = table(get(Field::HOST_IDTR_BASE));
        // A list that cannot be loaded would be a VMX abort; ours has what it had when it was checked.
        if let Err(entry) = self.load_msrs(Field::EXIT_MSR_LOAD, Field::EXIT_MSR_LOAD_COUNT) {
            self.host.log(format_args!(
                "VMX abort: entry {entry} of the MSR list for exits"
            ));
            if let Some(vmcs) = self.vmx.current {
                const HOST_MSRS: u32 = 4;
                vmcs.abort(&self.host, HOST_MSRS);
            }
        }
        self.host.load(self.hypervisor);
    }
}
