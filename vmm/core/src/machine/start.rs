// SPDX-License-Identifier: BSD-2-Clause
//! The CPU's state at the guest's first instruction.

use sel4_vcpu::field::{control, guest};
use sel4_vcpu::{
    Context, Controls, EntryControls, ExitControls, Msr, Pin, Primary, Secondary, Segment,
};
use vmm_boot::EntryState;

use super::Machine;
use crate::control::{CR0_MASK, cr4_of_guest};
use crate::mode::EFER_LMA;
use crate::msr::Refused;
use crate::{Cpu, Platform, Stop};

/// What an entry needs of the CPU in any case. Without the TPR shadow, CR8 exits besides.
const CONTROLS: Controls = Controls {
    pin: Pin::PREEMPTION_TIMER,
    primary: Primary::HLT
        .union(Primary::TSC_OFFSETTING)
        .union(Primary::MWAIT)
        .union(Primary::MONITOR)
        .union(Primary::RDPMC),
    secondary: Secondary::UNRESTRICTED_GUEST
        .union(Secondary::RDTSCP)
        .union(Secondary::INVPCID)
        .union(Secondary::WBINVD),
    exit: ExitControls::empty(),
    entry: EntryControls::LOAD_DEBUG_CONTROLS,
};

/// What PAT is after a reset (SDM vol. 3A 12.12.4).
const PAT_RESET: u64 = 0x0007_0406_0007_0406;
const CR0_NE: u64 = 1 << 5;
const DR7_RESET: u64 = 1 << 10;

impl<C: Cpu, P: Platform> Machine<'_, C, P> {
    /// The controls that the machine needs. `apic` are those that the platform's local APIC has the
    /// CPU use.
    pub fn controls(apic: Controls) -> Controls {
        Controls {
            primary: CONTROLS.primary | apic.primary,
            secondary: CONTROLS.secondary | apic.secondary,
            ..CONTROLS
        }
    }

    /// Puts the CPU into this state, with the guest's TSC at 0. The controls are negotiated already;
    /// the context gets `primary` of them.
    ///
    /// # Errors
    ///
    /// What the kernel answers.
    pub fn start(&mut self, state: &EntryState, primary: Primary) -> Result<Context, Stop> {
        self.waits = false;
        self.nmi = false;
        self.deadline = None;
        self.refused = Refused::default();
        self.tsc_adjust = 0;
        self.tsc_offset = self.cpu.tsc().wrapping_neg();
        let cpu = &mut self.cpu;
        cpu.write(control::TSC_OFFSET, self.tsc_offset)?;
        cpu.write(control::EXCEPTION_BITMAP, 0u32)?;
        set_control_registers(cpu, state, cr4_of_guest(&self.cpuid))?;
        for (segment, value) in Segment::ALL.into_iter().zip(state.segments) {
            cpu.write(segment.selector(), value.selector)?;
            cpu.write(segment.limit(), value.limit)?;
            cpu.write(segment.access_rights(), value.access_rights)?;
            cpu.write(segment.base(), 0u64)?;
        }
        cpu.write(guest::GDTR_BASE, state.gdt.base)?;
        cpu.write(guest::GDTR_LIMIT, state.gdt.limit)?;
        cpu.write(guest::IDTR_BASE, state.idt.base)?;
        cpu.write(guest::IDTR_LIMIT, state.idt.limit)?;
        cpu.write(guest::RSP, 0u64)?;
        cpu.write(guest::DR7, DR7_RESET)?;
        cpu.write(guest::DEBUGCTL, 0u64)?;
        cpu.write(guest::PENDING_DEBUG, 0u64)?;
        cpu.write(guest::ACTIVITY, 0u32)?;
        cpu.write(guest::PAT, PAT_RESET)?;
        cpu.write(guest::SYSENTER_CS, 0u32)?;
        cpu.write(guest::SYSENTER_ESP, 0u64)?;
        cpu.write(guest::SYSENTER_EIP, 0u64)?;
        for msr in Msr::ALL {
            cpu.write_msr(msr, 0)?;
        }
        let mut context = Context::at(state.rip);
        context.set_controls(primary);
        context.rflags = state.rflags;
        context.registers.rax = state.rax;
        context.registers.rbx = state.rbx;
        context.registers.rsi = state.rsi;
        self.look_at_the_clock();
        Ok(context)
    }
}

fn set_control_registers(
    cpu: &mut impl Cpu,
    state: &EntryState,
    cr4_of_guest: u64,
) -> sel4::Result<()> {
    let entry = cpu.read(control::ENTRY)?;
    let long = EntryControls::IA32E_MODE.bits();
    cpu.write(
        control::ENTRY,
        match state.efer & EFER_LMA {
            0 => entry & !long,
            _ => entry | long,
        },
    )?;
    cpu.write(control::CR0_MASK, CR0_MASK)?;
    cpu.write(control::CR0_SHADOW, state.cr0)?;
    cpu.write(guest::CR0, state.cr0 & !CR0_MASK | CR0_NE)?;
    cpu.write(guest::CR3, state.cr3)?;
    cpu.write(control::CR4_MASK, !cr4_of_guest)?;
    cpu.write(control::CR4_SHADOW, 0u64)?;
    // The kernel keeps on what VMX needs.
    cpu.write(guest::CR4, state.cr4)?;
    cpu.write(guest::EFER, state.efer)
}
