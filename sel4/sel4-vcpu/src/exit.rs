// SPDX-License-Identifier: BSD-2-Clause
//! What made a VM exit, decoded from reason, qualification and registers (SDM appendix C, and
//! 28.2.1 for the qualification).

mod access;
pub mod reason;

pub use access::{
    ApicAccess, ApicAccessKind, ControlRegister, CrAccess, DrAccess, EptViolation, IoAccess,
    MsrAccess, Register, TaskSwitch, TaskSwitchSource,
};

use sel4::Word;

use crate::{Context, Event};

/// What made a VM exit. Where an instruction did, [`Context::skip_instruction`] goes on behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// An exception that the exception bitmap names, or an NMI. For a page fault and a debug
    /// exception the qualification tells more.
    Exception(Event),
    /// The guest cannot go on.
    TripleFault,
    /// An INIT signal.
    Init,
    /// A start-up IPI with this vector.
    StartUp(u8),
    /// The guest can take an interrupt now.
    InterruptWindow,
    /// The guest can take an NMI now.
    NmiWindow,
    /// A task switch.
    TaskSwitch(TaskSwitch),
    /// CPUID.
    Cpuid,
    /// HLT.
    Hlt,
    /// INVD.
    Invd,
    /// INVLPG of this linear address.
    Invlpg(Word),
    /// RDPMC.
    Rdpmc,
    /// RDTSC.
    Rdtsc,
    /// RDTSCP.
    Rdtscp,
    /// VMCALL.
    Vmcall,
    /// MOV to or from a control register, CLTS, LMSW.
    ControlRegister(ControlRegister),
    /// MOV to or from a debug register.
    DebugRegister(DrAccess),
    /// IN, OUT, INS, OUTS.
    Io(IoAccess),
    /// RDMSR of this register.
    ReadMsr(u32),
    /// WRMSR.
    WriteMsr(MsrAccess),
    /// The entry failed: the guest's state is not one.
    InvalidGuestState,
    /// The entry failed: this entry of the MSR list (from 1) cannot be loaded.
    MsrLoadFailed(Word),
    /// The entry instruction itself failed, with this error number (SDM 31.4); None if there is no
    /// current VMCS.
    EntryInstructionFailed(Option<u32>),
    /// MWAIT.
    Mwait,
    /// The instruction that was to be watched has run.
    MonitorTrap,
    /// MONITOR.
    Monitor,
    /// PAUSE, or a long loop of it.
    Pause,
    /// The task priority fell below the threshold.
    TprBelowThreshold,
    /// An access to the APIC-access page that is not virtualised.
    ApicAccess(ApicAccess),
    /// The EOI of this vector was virtualised. Nothing is to be skipped.
    Eoi(u8),
    /// A write to the virtual-APIC page at this offset, which has been done. Nothing is to be
    /// skipped.
    ApicWrite(u16),
    /// LGDT, LIDT, SGDT, SIDT; the instruction information tells which.
    GdtrOrIdtr,
    /// LLDT, LTR, SLDT, STR; the instruction information tells which.
    LdtrOrTr,
    /// An access that the EPT does not allow.
    EptViolation(EptViolation),
    /// The EPT's entry for the guest-physical address is malformed.
    EptMisconfiguration(Word),
    /// The preemption timer has counted down.
    PreemptionTimer,
    /// WBINVD.
    Wbinvd,
    /// XSETBV.
    Xsetbv,
    /// INVPCID.
    Invpcid,
    /// RDRAND.
    Rdrand,
    /// RDSEED.
    Rdseed,
    /// VMXON, VMREAD and their like: instructions of VMX other than VMCALL.
    VmxInstruction,
    /// Any other reason, or an entry that failed for it.
    Other(u32),
}

/// Decodes the exit that `context` came back with. Inlined, it is one dispatch with the caller's.
#[inline(always)]
pub(crate) fn decode(context: &Context) -> Exit {
    let reason = context.reason as u32;
    let qualification = context.qualification;
    match reason {
        reason::EXCEPTION_OR_NMI => Exit::Exception(context.interruption),
        reason::TRIPLE_FAULT => Exit::TripleFault,
        reason::INIT => Exit::Init,
        reason::START_UP => Exit::StartUp(qualification as u8),
        reason::INTERRUPT_WINDOW => Exit::InterruptWindow,
        reason::NMI_WINDOW => Exit::NmiWindow,
        reason::TASK_SWITCH => Exit::TaskSwitch(TaskSwitch::decode(qualification)),
        reason::CPUID => Exit::Cpuid,
        reason::HLT => Exit::Hlt,
        reason::INVD => Exit::Invd,
        reason::INVLPG => Exit::Invlpg(qualification),
        reason::RDPMC => Exit::Rdpmc,
        reason::RDTSC => Exit::Rdtsc,
        reason::RDTSCP => Exit::Rdtscp,
        reason::VMCALL => Exit::Vmcall,
        reason::CONTROL_REGISTER => {
            Exit::ControlRegister(ControlRegister::decode(qualification, context.guest_linear))
        }
        reason::DEBUG_REGISTER => Exit::DebugRegister(DrAccess::decode(qualification)),
        reason::IO => Exit::Io(IoAccess::decode(qualification)),
        reason::RDMSR => Exit::ReadMsr(context.registers.rcx as u32),
        reason::WRMSR => Exit::WriteMsr(MsrAccess::decode(&context.registers)),
        reason::INVALID_GUEST_STATE => Exit::InvalidGuestState,
        reason::MSR_LOAD_FAILED => Exit::MsrLoadFailed(qualification),
        reason::ENTRY_INSTRUCTION_FAILED => {
            Exit::EntryInstructionFailed(u32::try_from(qualification).ok())
        }
        reason::MWAIT => Exit::Mwait,
        reason::MONITOR_TRAP => Exit::MonitorTrap,
        reason::MONITOR => Exit::Monitor,
        reason::PAUSE => Exit::Pause,
        reason::TPR_BELOW_THRESHOLD => Exit::TprBelowThreshold,
        reason::APIC_ACCESS => Exit::ApicAccess(ApicAccess::decode(qualification)),
        reason::VIRTUALIZED_EOI => Exit::Eoi(qualification as u8),
        reason::APIC_WRITE => Exit::ApicWrite(qualification as u16 & 0xfff),
        reason::GDTR_OR_IDTR => Exit::GdtrOrIdtr,
        reason::LDTR_OR_TR => Exit::LdtrOrTr,
        reason::EPT_VIOLATION => Exit::EptViolation(EptViolation::decode(context)),
        reason::EPT_MISCONFIGURATION => Exit::EptMisconfiguration(context.guest_physical),
        reason::PREEMPTION_TIMER => Exit::PreemptionTimer,
        reason::WBINVD => Exit::Wbinvd,
        reason::XSETBV => Exit::Xsetbv,
        reason::INVPCID => Exit::Invpcid,
        reason::RDRAND => Exit::Rdrand,
        reason::RDSEED => Exit::Rdseed,
        reason::VMCLEAR..=reason::VMXON | reason::INVEPT | reason::INVVPID | reason::VMFUNC => {
            Exit::VmxInstruction
        }
        other => Exit::Other(other),
    }
}

#[cfg(test)]
mod tests;
