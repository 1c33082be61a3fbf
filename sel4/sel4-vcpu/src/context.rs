// SPDX-License-Identifier: BSD-2-Clause
//! What a VM entry takes and what it leaves: the message of `VMEnter` (kernel/README.md).

use sel4::{Badge, Word};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

use crate::{Event, Exit, Primary, exit::decode};

/// Words of the message that the kernel takes.
pub(crate) const WORDS_IN: usize = 25;
/// Words of the message that it answers.
pub(crate) const WORDS_OUT: usize = size_of::<Context>() / size_of::<Word>();

/// RFLAGS with nothing but its fixed bit.
const RFLAGS_FIXED: Word = 1 << 1;
/// Blocking by STI and by MOV SS: over with the instruction that follows.
const SHADOW: Word = 0b11;

/// The guest's state between two VM entries, with what is known of the exit. An entry takes the
/// fields up to the general registers; what follows them can be changed with
/// [`Vcpu::write`](crate::Vcpu::write) only.
#[derive(Debug, Clone, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C)]
pub struct Context {
    /// RIP.
    pub rip: Word,
    primary_controls: Word,
    /// The event that the entry injects; afterwards, one that still is to be.
    pub event: Event,
    /// Exit reason: basic reason in the lower 16 bits, bit 31 set when the entry failed.
    pub reason: Word,
    /// Exit qualification.
    pub qualification: Word,
    /// Length of the instruction that made the exit, in bytes. An entry that injects a software
    /// event takes it as the length of that instruction.
    pub instruction_length: Word,
    /// Guest-physical address of an EPT violation or misconfiguration.
    pub guest_physical: Word,
    /// RFLAGS.
    pub rflags: Word,
    /// Interruptibility state.
    pub interruptibility: Word,
    /// CR3.
    pub cr3: Word,
    /// General registers.
    pub registers: Registers,
    /// CR0.
    pub cr0: Word,
    /// CR4.
    pub cr4: Word,
    /// IA32_EFER.
    pub efer: Word,
    /// RSP.
    pub rsp: Word,
    access_rights: Word,
    /// Base of CS.
    pub cs_base: Word,
    /// The exception or NMI that made the exit.
    pub interruption: Event,
    /// The event that was being delivered when the exit came: [`Event::again`].
    pub vectoring: Event,
    /// Guest-linear address, of exits that have one.
    pub guest_linear: Word,
    information: Word,
}

/// The guest's general registers, in the order of the kernel's messages.
#[allow(missing_docs)]
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Default, FromBytes, IntoBytes, Immutable, KnownLayout,
)]
#[repr(C)]
pub struct Registers {
    pub rax: Word,
    pub rbx: Word,
    pub rcx: Word,
    pub rdx: Word,
    pub rsi: Word,
    pub rdi: Word,
    pub rbp: Word,
    pub r8: Word,
    pub r9: Word,
    pub r10: Word,
    pub r11: Word,
    pub r12: Word,
    pub r13: Word,
    pub r14: Word,
    pub r15: Word,
}

// The places are the kernel's.
const _: () = {
    use core::mem::offset_of;
    const WORD: usize = size_of::<Word>();
    assert!(offset_of!(Context, reason) == 3 * WORD);
    assert!(offset_of!(Context, registers) == 10 * WORD);
    assert!(offset_of!(Context, cr0) == WORDS_IN * WORD);
    assert!(offset_of!(Context, information) == 34 * WORD);
    assert!(WORDS_OUT == 35);
};

/// The state of a virtual APIC as it was at an exit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ApicState(Word);

impl ApicState {
    /// Nothing known.
    pub const UNKNOWN: Self = Self(0);

    /// Is it known? It is where the CPU delivers the interrupts.
    pub const fn is_known(self) -> bool {
        const KNOWN: Word = 1 << 63;
        self.0 & KNOWN != 0
    }

    /// The guest interrupt status ([`INTERRUPT_STATUS`](crate::field::guest::INTERRUPT_STATUS)).
    pub const fn status(self) -> u16 {
        (self.0 >> 32) as u16
    }

    /// The task-priority register.
    pub const fn task_priority(self) -> u8 {
        (self.0 >> 48) as u8
    }

    /// The same with another status.
    #[must_use]
    pub const fn with_status(self, status: u16) -> Self {
        Self(self.0 & !(0xffff << 32) | (status as Word) << 32)
    }

    /// The same with another priority.
    #[must_use]
    pub const fn with_task_priority(self, priority: u8) -> Self {
        Self(self.0 & !(0xff << 48) | (priority as Word) << 48)
    }
}

/// Why an entry came back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// The guest did something that needs a decision: [`Context::exit`].
    Exit,
    /// A notification came. Reason and qualification mean nothing; all else is as after an exit.
    Notification(Badge),
    /// No virtual CPU is bound to this thread.
    NoVcpu,
}

impl Context {
    /// A guest that starts at `rip` with all registers 0.
    pub fn at(rip: Word) -> Self {
        let mut context: Self = zerocopy::FromZeros::new_zeroed();
        context.rip = rip;
        context.rflags = RFLAGS_FIXED;
        context
    }

    /// The primary execution controls; others than [`Primary`] knows are not shown.
    pub fn controls(&self) -> Primary {
        Primary::from_bits_truncate(self.primary_controls as u32)
    }

    /// Sets the primary execution controls.
    pub fn set_controls(&mut self, controls: Primary) {
        self.primary_controls = controls.bits().into();
    }

    /// Has the guest exit when the host's TSC reaches `tsc`, if the preemption timer is on
    /// ([`Pin::PREEMPTION_TIMER`](crate::Pin)); `u64::MAX` is never. With 0 the VMCS has the time to
    /// the exit. To be said before each entry.
    pub const fn exit_at(&mut self, tsc: u64) {
        self.reason = tsc;
    }

    /// Has the guest take this interrupt as [`Vcpu::post_interrupt`](crate::Vcpu::post_interrupt)
    /// does, with the next entry and without a system call of its own. There is one at most; vectors
    /// below 16 are ignored.
    pub const fn post(&mut self, vector: u8) {
        const POST: Word = 1 << 63;
        self.guest_physical = POST | vector as Word;
    }

    /// The address that an injected page fault tells the guest, in CR2. One that the exit
    /// interrupted and that is injected [again](Event::again) keeps its own.
    pub const fn set_fault_address(&mut self, linear: Word) {
        self.qualification = linear;
    }

    /// What made the exit.
    #[inline(always)]
    pub fn exit(&self) -> Exit {
        decode(self)
    }

    /// Goes on behind the instruction that made the exit.
    pub fn skip_instruction(&mut self) {
        self.rip = self.rip.wrapping_add(self.instruction_length);
        self.interruptibility &= !SHADOW;
    }

    /// Access rights of CS.
    pub const fn cs_access_rights(&self) -> u32 {
        self.access_rights as u32
    }

    /// Access rights of SS, whose bits 6:5 are the current privilege level.
    pub const fn ss_access_rights(&self) -> u32 {
        (self.access_rights >> 32) as u32
    }

    /// Instruction information, of exits that have it.
    pub const fn instruction_info(&self) -> u32 {
        self.information as u32
    }

    /// The state of the virtual APIC.
    #[inline]
    pub const fn apic_state(&self) -> ApicState {
        ApicState(self.information)
    }

    /// Would an external interrupt be taken now?
    pub const fn is_interruptible(&self) -> bool {
        const INTERRUPT_FLAG: Word = 1 << 9;
        self.rflags & INTERRUPT_FLAG != 0 && self.interruptibility & SHADOW == 0
    }

    pub(crate) fn words_mut(&mut self) -> &mut [Word; WORDS_OUT] {
        zerocopy::transmute_mut!(self)
    }
}

impl Ended {
    /// What the result of `VMEnter` means.
    pub(crate) const fn from_result(badge: Badge, result: Word) -> Self {
        match result {
            0 => Self::Notification(badge),
            1 => Self::Exit,
            _ => Self::NoVcpu,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbered() -> Context {
        let mut context = Context::at(0);
        *context.words_mut() = core::array::from_fn(|i| 100 + i as Word);
        context
    }

    #[test]
    fn the_message_has_the_kernels_order() {
        let context = numbered();
        assert_eq!((context.rip, context.reason), (100, 103));
        assert_eq!((context.qualification, context.guest_physical), (104, 106));
        assert_eq!((context.rflags, context.interruptibility), (107, 108));
        assert_eq!((context.cr3, context.registers.rax), (109, 110));
        assert_eq!((context.registers.rbp, context.registers.r15), (116, 124));
        assert_eq!((context.cr0, context.rsp), (125, 128));
        assert_eq!(
            (context.guest_linear, context.instruction_info()),
            (133, 134)
        );
    }

    #[test]
    fn two_values_share_a_word() {
        let mut context = Context::at(0);
        context.words_mut()[29] = 0xa09b | 0xc0f3 << 32;
        assert_eq!(context.cs_access_rights(), 0xa09b);
        assert_eq!(context.ss_access_rights(), 0xc0f3);
    }

    #[test]
    fn the_virtual_apic_is_in_an_upper_half() {
        let mut context = Context::at(0);
        context.words_mut()[34] = 0x8020_4130_0000_0007;
        assert_eq!(context.instruction_info(), 7);
        let state = context.apic_state();
        assert!(state.is_known());
        assert_eq!((state.status(), state.task_priority()), (0x4130, 0x20));
        let other = state.with_status(0xffff).with_task_priority(1);
        assert_eq!((other.status(), other.task_priority()), (0xffff, 1));
        assert_eq!(other.with_status(0x4130).with_task_priority(0x20), state);
        context.words_mut()[34] = 7;
        assert!(!context.apic_state().is_known());
    }

    #[test]
    fn what_an_entry_takes_besides() {
        let mut context = Context::at(0);
        context.exit_at(1000);
        context.set_fault_address(0x1234);
        context.post(0x31);
        let words = context.words_mut();
        assert_eq!((words[3], words[4]), (1000, 0x1234));
        assert_eq!(words[6], 1 << 63 | 0x31);
    }

    #[test]
    fn skipping_ends_what_lasts_an_instruction() {
        let mut context = Context::at(u64::MAX);
        context.instruction_length = 2;
        context.interruptibility = 0b1011;
        context.skip_instruction();
        assert_eq!((context.rip, context.interruptibility), (1, 0b1000));
    }

    #[test]
    fn interrupts_need_flag_and_no_shadow() {
        let mut context = Context::at(0);
        assert!(!context.is_interruptible());
        context.rflags |= 1 << 9;
        assert!(context.is_interruptible());
        context.interruptibility = 1;
        assert!(!context.is_interruptible());
    }

    #[test]
    fn controls_that_have_no_name_are_not_shown() {
        let mut context = Context::at(0);
        context.words_mut()[1] = 0x9600_6172 | 0x80;
        assert_eq!(context.controls(), Primary::HLT);
        context.set_controls(Primary::RDTSC);
        assert_eq!(context.words_mut()[1], 1 << 12);
    }

    #[test]
    fn results() {
        assert_eq!(Ended::from_result(0x5a, 0), Ended::Notification(0x5a));
        assert_eq!(Ended::from_result(0, 1), Ended::Exit);
        assert_eq!(Ended::from_result(7, Word::MAX), Ended::NoVcpu);
    }
}
