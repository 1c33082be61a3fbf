// SPDX-License-Identifier: BSD-2-Clause
//! Fills the floating-point registers with values of its own, lets the other user of them run, and
//! looks whether they are still there.
#![no_std]
#![no_main]

use core::arch::asm;
use core::ptr::NonNull;
use core::sync::atomic::{AtomicU64, Ordering::SeqCst};

use memory_tests::Fpu;
use sel4_microkit::{
    Channel, ChannelSet, Handler, Never, memory_region_symbol, protection_domain, var,
};

/// Rounds after which the test is told.
const ENOUGH: u64 = 12;

/// Registers of SSE and of the x87.
const SSE: usize = 16;
const X87: usize = 8;

/// What FXSAVE stores: 512 bytes, aligned to 16 (Intel SDM volume 1, table 10-2).
#[repr(C, align(16))]
struct State([u8; 512]);

const CONTROL: usize = 0;
const MXCSR: usize = 24;
const X87_AT: usize = 32;
const SSE_AT: usize = 160;

impl State {
    /// Values that only the user `who` has, in round `round`.
    fn of(who: usize, round: u64) -> Self {
        let mut state = Self([0; 512]);
        // x87: round down or up, extended precision, exceptions masked, all registers in use.
        let control: u16 = if who == 0 { 0x077f } else { 0x0b7f };
        state.0[CONTROL..CONTROL + 2].copy_from_slice(&control.to_le_bytes());
        state.0[CONTROL + 4] = 0xff;
        // SSE: flush to zero and rounding towards zero, or the initial value.
        let mxcsr: u32 = if who == 0 { 0xff80 } else { 0x1f80 };
        state.0[MXCSR..MXCSR + 4].copy_from_slice(&mxcsr.to_le_bytes());
        for register in 0..X87 {
            let at = X87_AT + 16 * register;
            let mantissa = 1 << 63 | round << 16 | (register as u64) << 8 | (who as u64 + 1);
            state.0[at..at + 8].copy_from_slice(&mantissa.to_le_bytes());
            state.0[at + 8..at + 10].copy_from_slice(&0x3fff_u16.to_le_bytes());
        }
        for (index, byte) in state.0[SSE_AT..SSE_AT + 16 * SSE].iter_mut().enumerate() {
            *byte = (index as u8).wrapping_mul(7) ^ (round as u8) ^ (who as u8 * 0x55 + 1);
        }
        state
    }

    /// Loads all into the registers, counts `mine` up until `other` has changed or `stop` is set,
    /// and stores the registers. The registers of who calls are kept.
    fn wait_with(&self, mine: &AtomicU64, other: &AtomicU64, stop: &AtomicU64) -> Self {
        let mut after = Self([0; 512]);
        let mut own = Self([0; 512]);
        // SAFETY: the areas are aligned and valid; what the code changes in the registers it puts
        // back, or declares.
        unsafe {
            asm!(
                "fxsave64 [{own}]",
                "fxrstor64 [{before}]",
                "mov {seen}, [{other}]",
                "2:",
                "lock inc qword ptr [{mine}]",
                "cmp qword ptr [{stop}], 0",
                "jne 3f",
                "cmp {seen}, [{other}]",
                "je 2b",
                "3:",
                "fxsave64 [{after}]",
                "fxrstor64 [{own}]",
                own = in(reg) &mut own,
                before = in(reg) self,
                after = in(reg) &mut after,
                mine = in(reg) mine.as_ptr(),
                other = in(reg) other.as_ptr(),
                stop = in(reg) stop.as_ptr(),
                seen = out(reg) _,
            );
        }
        after
    }

    /// Whether the registers hold the same values.
    fn same(&self, other: &Self) -> bool {
        let part = |state: &Self, at: usize, len: usize| -> [u8; 16] {
            let mut bytes = [0; 16];
            bytes[..len].copy_from_slice(&state.0[at..at + len]);
            bytes
        };
        let same = |at, len| part(self, at, len) == part(other, at, len);
        same(CONTROL, 2)
            && same(CONTROL + 4, 1)
            && same(MXCSR, 4)
            && (0..X87).all(|register| same(X87_AT + 16 * register, 10))
            && (0..SSE).all(|register| same(SSE_AT + 16 * register, 16))
    }
}

struct User {
    fpu: NonNull<Fpu>,
    /// Also the channel to the test.
    who: usize,
}

impl Handler for User {
    type Error = Never;

    fn notified(&mut self, _: ChannelSet) -> Result<(), Never> {
        // SAFETY: the region is mapped for good and holds only atomics.
        let fpu = unsafe { self.fpu.as_ref() };
        let (who, other) = (self.who, 1 - self.who);
        while fpu.stop.load(SeqCst) == 0 {
            let round = fpu.rounds[who].load(SeqCst) + 1;
            let before = State::of(who, round);
            let after = before.wait_with(&fpu.heartbeats[who], &fpu.heartbeats[other], &fpu.stop);
            if !after.same(&before) {
                fpu.errors[who].fetch_add(1, SeqCst);
            }
            fpu.rounds[who].store(round, SeqCst);
            if round == ENOUGH {
                Channel::new(self.who).notify();
            }
        }
        Ok(())
    }
}

#[protection_domain]
fn init() -> User {
    User {
        fpu: memory_region_symbol!(fpu: *mut Fpu),
        who: *var!(who: usize = 0) % 2,
    }
}
