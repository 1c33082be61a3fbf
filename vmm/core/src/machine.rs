// SPDX-License-Identifier: BSD-2-Clause
//! A virtual machine: one CPU, memory, and a platform.

mod msrs;
mod registers;
mod start;

use sel4_vcpu::field::guest;
use sel4_vcpu::{ApicAccess, ApicAccessKind, Context, EptViolation, Exit, IoAccess};
use vmm_apic::APIC_PAGE;
use vmm_base::{Gpa, GuestRam};

use crate::decode::Cache;
use crate::msr::Refused;
use crate::outcome::Outcome;
use crate::stop::Unsupported;
use crate::{Cpu, Cpuid, Platform, Stop, VirtualAccess, inject, mmio, port};

/// A virtual machine.
#[derive(Debug)]
pub struct Machine<'a, C, P> {
    cpu: C,
    ram: GuestRam<'a>,
    cpuid: Cpuid,
    platform: P,
    /// Added to the host's TSC.
    tsc_offset: u64,
    /// What the guest added of that: IA32_TSC_ADJUST.
    tsc_adjust: u64,
    /// The host's TSC at which the guest is to exit.
    deadline: Option<u64>,
    /// It executed HLT, and nothing came since then.
    waits: bool,
    /// An NMI is to be delivered.
    nmi: bool,
    refused: Refused,
    decoded: Cache,
}

const LOW: u64 = 0xffff_ffff;
/// In RFLAGS.
const INTERRUPT_FLAG: u64 = 1 << 9;

/// What is to be done next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Enter the guest.
    Enter,
    /// Wait for something from outside, or for [`Machine::deadline`]: the guest waits for an interrupt.
    Wait,
}

impl<'a, C: Cpu, P: Platform> Machine<'a, C, P> {
    /// A machine whose CPU is not started yet.
    pub fn new(cpu: C, ram: GuestRam<'a>, cpuid: Cpuid, platform: P) -> Self {
        Self {
            cpu,
            ram,
            cpuid,
            platform,
            tsc_offset: 0,
            tsc_adjust: 0,
            deadline: None,
            waits: false,
            nmi: false,
            refused: Refused::default(),
            decoded: Cache::default(),
        }
    }

    /// Interrupt controllers and devices. After changing them: [`notified`](Self::notified).
    pub fn platform(&mut self) -> &mut P {
        &mut self.platform
    }

    /// The host's TSC at which [`notified`](Self::notified) is to be called at the latest, and at
    /// which the guest is to exit if it runs then.
    pub const fn deadline(&self) -> Option<u64> {
        self.deadline
    }

    /// Does what is to be done about the exit that `context` came back with.
    ///
    /// # Errors
    ///
    /// Why the guest does not go on.
    #[inline]
    pub fn exit(&mut self, context: &mut Context) -> Result<Next, Stop> {
        inject::deliver_again(context);
        match context.exit() {
            Exit::Cpuid => {
                let (leaf, subleaf) = (context.registers.rax, context.registers.rcx);
                let [ebx_eax, edx_ecx] = self.cpuid.words(leaf as u32, subleaf as u32);
                context.registers.rax = ebx_eax & LOW;
                context.registers.rbx = ebx_eax >> 32;
                context.registers.rcx = edx_ecx & LOW;
                context.registers.rdx = edx_ecx >> 32;
                self.skip(context)?;
                Ok(Next::Enter)
            }
            Exit::Io(io) => self.port(context, io),
            Exit::EptViolation(access) => self.memory(context, access),
            Exit::ReadMsr(index) => self.read_msr(context, index),
            Exit::WriteMsr(access) => self.write_msr(context, access),
            Exit::Hlt => self.halt(context),
            Exit::InterruptWindow
            | Exit::NmiWindow
            | Exit::PreemptionTimer
            | Exit::TprBelowThreshold => self.notified(context),
            Exit::ApicAccess(access) => self.apic_page(context, access),
            Exit::Eoi(vector) => self.virtual_apic(context, VirtualAccess::Eoi(vector)),
            Exit::ApicWrite(offset) => self.virtual_apic(context, VirtualAccess::Written(offset)),
            other => self.rare(context, other),
        }
    }

    /// Something came from outside, or time has passed.
    ///
    /// # Errors
    ///
    /// Why the guest does not go on.
    pub fn notified(&mut self, context: &mut Context) -> Result<Next, Stop> {
        self.look_at_the_clock();
        loop {
            self.settle(context)?;
            if !self.waits || context.event.is_some() || self.is_woken(context) {
                self.waits = false;
                return Ok(Next::Enter);
            }
            // The guest gives its devices no more to do meanwhile: this ends.
            if !self.platform.has_work() {
                break;
            }
        }
        self.platform.flush();
        Ok(Next::Wait)
    }

    fn port(&mut self, context: &mut Context, io: IoAccess) -> Result<Next, Stop> {
        self.look_at_the_clock();
        if io.string {
            let outcome = port::strings(&self.ram, &mut self.platform, context, io);
            return self.finish(context, outcome);
        }
        port::single(&mut self.platform, context, io);
        self.skip(context)?;
        self.settle_news(context)
    }

    fn memory(&mut self, context: &mut Context, access: EptViolation) -> Result<Next, Stop> {
        inject::refuse_delivery(context, Gpa(access.address))?;
        self.look_at_the_clock();
        let (cpu, platform) = (&self.cpu, &mut self.platform);
        let decoded = mmio::find(&self.ram, &mut self.decoded, context, access)?;
        let outcome = mmio::execute(cpu, &self.ram, platform, context, access, decoded)?;
        self.finish(context, outcome)
    }

    /// An access to the page of the local APIC that the CPU does not do.
    fn apic_page(&mut self, context: &mut Context, access: ApicAccess) -> Result<Next, Stop> {
        let violation = EptViolation {
            address: APIC_PAGE + u64::from(access.offset),
            read: access.kind == ApicAccessKind::Read,
            write: access.kind == ApicAccessKind::Write,
            fetch: access.kind == ApicAccessKind::Fetch,
            linear: Some(context.guest_linear),
            in_page_walk: access.kind == ApicAccessKind::Physical,
            mapped: true,
        };
        self.memory(context, violation)
    }

    /// Does an interrupt end HLT that the CPU delivers itself? With interrupts off none does.
    fn is_woken(&mut self, context: &Context) -> bool {
        context.rflags & INTERRUPT_FLAG != 0 && self.platform.wakes()
    }

    fn halt(&mut self, context: &mut Context) -> Result<Next, Stop> {
        self.skip(context)?;
        self.waits = true;
        let next = self.notified(context)?;
        if next == Next::Wait && context.rflags & INTERRUPT_FLAG == 0 {
            return Err(Stop::HaltedForGood);
        }
        Ok(next)
    }

    fn virtual_apic(&mut self, context: &mut Context, access: VirtualAccess) -> Result<Next, Stop> {
        self.look_at_the_clock();
        self.platform.virtual_apic(access);
        self.settle(context)?;
        Ok(Next::Enter)
    }

    /// What hardly any guest does.
    #[cold]
    fn rare(&mut self, context: &mut Context, exit: Exit) -> Result<Next, Stop> {
        let rip = context.rip;
        match exit {
            Exit::ControlRegister(access) => self.control_register(context, access)?,
            // The caches are the host's.
            Exit::Invd | Exit::Wbinvd => self.skip(context)?,
            Exit::Rdpmc | Exit::Xsetbv => inject::general_protection(context),
            Exit::Vmcall | Exit::VmxInstruction | Exit::Monitor | Exit::Mwait => {
                inject::invalid_opcode(context);
            }
            Exit::TripleFault => return Err(Stop::TripleFault),
            Exit::InvalidGuestState | Exit::MsrLoadFailed(_) | Exit::EntryInstructionFailed(_) => {
                let reason = context.reason as u32;
                return Err(Stop::InvalidState { rip, reason });
            }
            Exit::EptMisconfiguration(address) => {
                let what = Unsupported::Device(Gpa(address));
                return Err(Stop::Unsupported { what, rip });
            }
            _ => {
                let what = Unsupported::Exit(context.reason as u32);
                return Err(Stop::Unsupported { what, rip });
            }
        }
        Ok(Next::Enter)
    }

    /// The instruction that made the exit is done. A guest that steps gets its exception.
    #[inline]
    fn skip(&mut self, context: &mut Context) -> Result<(), Stop> {
        const TRAP_FLAG: u64 = 1 << 8;
        /// Pending debug exceptions: a single step.
        const STEP: u64 = 1 << 14;
        context.skip_instruction();
        if context.rflags & TRAP_FLAG != 0 {
            self.cpu.write(guest::PENDING_DEBUG, STEP)?;
        }
        Ok(())
    }

    /// Goes on behind an instruction that was emulated.
    fn finish(&mut self, context: &mut Context, outcome: Outcome) -> Result<Next, Stop> {
        match outcome {
            Outcome::Done => self.skip(context)?,
            Outcome::Again => {}
            Outcome::PageFault { linear, fault } => inject::page_fault(context, linear, fault),
            Outcome::Unsupported => {
                return Err(Stop::Unsupported {
                    what: Unsupported::Exit(context.reason as u32),
                    rip: context.rip,
                });
            }
        }
        self.settle_news(context)
    }

    #[inline]
    fn settle_news(&mut self, context: &mut Context) -> Result<Next, Stop> {
        if self.platform.has_news() {
            self.settle(context)?;
        }
        Ok(Next::Enter)
    }

    /// Asks the platform what it wants.
    fn settle(&mut self, context: &mut Context) -> Result<(), Stop> {
        if let Some(stop) = self.platform.take_stop() {
            return Err(stop);
        }
        self.nmi |= self.platform.take_nmi();
        let interrupt = self.platform.interrupt();
        if let Some(vector) = inject::choose(context, &mut self.nmi, interrupt) {
            self.platform.accept(vector);
        }
        let deadline = self.platform.deadline();
        self.deadline = deadline.map(|at| at.wrapping_sub(self.tsc_offset));
        Ok(())
    }

    fn look_at_the_clock(&mut self) {
        let now = self.cpu.tsc().wrapping_add(self.tsc_offset);
        self.platform.set_now(now);
    }
}

#[cfg(test)]
mod tests;
