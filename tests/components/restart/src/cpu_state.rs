// SPDX-License-Identifier: BSD-2-Clause
//! Processor state besides the general registers that a program may find disturbed by the one
//! before it.

use core::arch::asm;
use core::sync::atomic::{AtomicU64, Ordering::SeqCst};

/// As found at the start of a program.
#[repr(C)]
pub struct CpuState {
    /// RFLAGS.
    pub flags: AtomicU64,
    /// Control and status of SSE.
    pub mxcsr: AtomicU64,
    /// x87 control word.
    pub x87_control: AtomicU64,
    /// x87 status word.
    pub x87_status: AtomicU64,
    /// x87 tag word: two bits for each register, 3 when it is empty.
    pub x87_tags: AtomicU64,
}

impl CpuState {
    /// Notes the state of this CPU.
    pub fn record(&self) {
        let flags: u64;
        let mut mxcsr = 0_u32;
        let mut environment = [0_u32; 7];
        // SAFETY: reads state only; FNSTENV masks the exceptions, and FLDENV puts all back.
        unsafe {
            asm!("pushfq", "pop {}", out(reg) flags);
            asm!("stmxcsr [{}]", in(reg) &mut mxcsr, options(nostack));
            asm!("fnstenv [{0}]", "fldenv [{0}]", in(reg) &mut environment, options(nostack));
        }
        self.flags.store(flags, SeqCst);
        self.mxcsr.store(mxcsr.into(), SeqCst);
        let words = environment.map(|word| u64::from(word & 0xffff));
        self.x87_control.store(words[0], SeqCst);
        self.x87_status.store(words[1], SeqCst);
        self.x87_tags.store(words[2], SeqCst);
    }

    /// Sets the direction flag, flush-to-zero with rounding towards zero, x87 single precision with
    /// rounding up, fills the x87 stack and leaves an exception pending; then writes to `rounds`
    /// for ever.
    pub fn disturb(rounds: &AtomicU64) -> ! {
        let mxcsr = 0xff80_u32;
        let control = 0x0b7f_u16;
        let single_precision_up = control & !0x0300;
        // SAFETY: never returns, so nobody sees the state but who starts next.
        unsafe {
            asm!(
                "ldmxcsr [{mxcsr}]",
                "fldcw [{control}]",
                "fld1", "fld1", "fld1", "fld1", "fld1", "fld1", "fldz", "fldz",
                "fdivp",
                "std",
                "2: lock inc qword ptr [{rounds}]",
                "jmp 2b",
                mxcsr = in(reg) &mxcsr,
                control = in(reg) &single_precision_up,
                rounds = in(reg) rounds.as_ptr(),
                options(noreturn)
            )
        }
    }
}
