// SPDX-License-Identifier: BSD-2-Clause
//! A second thread, which runs a guest, by single steps or at once, to its first exit.

use core::ptr::NonNull;

use sel4::init_thread::slot;
use sel4::{
    CNodeCapData, CPtr, ObjectBlueprint, ObjectBlueprintX86, Result, UserContext, Word, cap,
};
use sel4_vcpu::{Context, Primary};

use crate::world::World;

// What the thread does: VMEnter with the short message, again and again while that ends by the
// monitor trap flag, then it says what it got and stays.
//
// | Register | |
// |---|---|
// | r10, r8, r9 | the message: RIP, primary controls, no event |
// | r12 | where the answer is written: the result, the exit reason, that it is there, single steps |
//
// There is no stack: the kernel clears RSP in a system call, and interrupts do not use it.
core::arch::global_asm!(
    "run_a_guest:",
    "3: mov rdx, -22",
    "mov esi, 3",
    "xor edi, edi",
    "syscall",
    "cmp rsi, 1",
    "jne 4f",
    "cmp r15, 37",
    "jne 4f",
    "inc qword ptr [r12 + 24]",
    "jmp 3b",
    "4: mov [r12], rsi",
    "mov [r12 + 8], r15",
    "mov qword ptr [r12 + 16], 1",
    "2: pause",
    "jmp 2b",
);

unsafe extern "C" {
    fn run_a_guest();
}

/// Where the answer is in the page whose beginning is the IPC buffer.
const ANSWER: usize = 2048;

/// How a thread's system call VMEnter ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// By an exit, with this reason.
    Exit(Word),
    /// There was no virtual CPU, or there is none any more.
    NoVcpu,
    /// In another way.
    Other(Word),
}

/// A thread.
pub struct Thread {
    /// The thread.
    pub tcb: cap::Tcb,
    page: NonNull<u8>,
}

impl Thread {
    /// A thread on this core that does nothing yet.
    pub fn new(world: &mut World, core: u64) -> Result<Self> {
        let tcb = world.make(ObjectBlueprint::Tcb)?;
        Self::of(world, tcb, core)
    }

    /// As [`new`](Self::new), with a thread that was made.
    pub fn of(world: &mut World, tcb: cap::Tcb, core: u64) -> Result<Self> {
        let frame: cap::Granule = world.make(ObjectBlueprintX86::_4k)?;
        let page = world.map(frame)?;
        let (cspace, vspace) = (slot::CNODE.cap(), slot::VSPACE.cap());
        let (nowhere, data) = (CPtr::from_bits(0), CNodeCapData::skip(0));
        let buffer = page.as_ptr() as Word;
        tcb.tcb_configure(nowhere, cspace, data, vspace, buffer, frame)?;
        tcb.tcb_set_sched_params(slot::TCB.cap(), 255, 255)?;
        if core != 0 {
            tcb.tcb_set_affinity(core)?;
        }
        Ok(Self { tcb, page })
    }

    /// Lets it enter its guest.
    pub fn enter(&self, context: &Context) -> Result<()> {
        let controls: Primary = context.controls();
        let mut registers = UserContext {
            rip: run_a_guest as *const () as Word,
            rflags: 1 << 9 | 1 << 1,
            r10: context.rip,
            r8: controls.bits().into(),
            r12: self.page.as_ptr() as Word + ANSWER as Word,
            ..UserContext::default()
        };
        self.word(2, Some(0));
        self.word(3, Some(0));
        self.tcb.tcb_write_all_registers(true, &mut registers)
    }

    /// How that ended, if it has.
    pub fn answer(&self) -> Option<Answer> {
        (self.word(2, None) != 0).then(|| match self.word(0, None) {
            1 => Answer::Exit(self.word(1, None)),
            Word::MAX => Answer::NoVcpu,
            other => Answer::Other(other),
        })
    }

    /// After how many single steps.
    pub fn steps(&self) -> Word {
        self.word(3, None)
    }

    /// A word of the answer; written before it is read, if there is a value.
    fn word(&self, index: usize, value: Option<Word>) -> Word {
        let at = self
            .page
            .as_ptr()
            .wrapping_add(ANSWER)
            .cast::<Word>()
            .wrapping_add(index);
        // SAFETY: it lies in the thread's page, which is mapped for good and aligned; volatile, for
        // the thread writes it too.
        unsafe {
            if let Some(value) = value {
                at.write_volatile(value);
            }
            at.read_volatile()
        }
    }
}
