// SPDX-License-Identifier: BSD-2-Clause
//! Exceptions and interrupts.
//!
//! Every vector has a gate, and a stack of its class: compiled code may use memory below the stack
//! pointer, so nothing is pushed there. Interrupts from 0x80 on have a stack of their own, so that
//! they may come inside of a handler of a lower one.

mod entry;
mod tables;

use core::fmt;
use core::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

pub(crate) use tables::prepare;

/// Registers of what was interrupted.
#[derive(Debug)]
#[repr(C)]
#[allow(missing_docs)]
pub struct Frame {
    pub r15: u64,
    pub r14: u64,
    pub r13: u64,
    pub r12: u64,
    pub r11: u64,
    pub r10: u64,
    pub r9: u64,
    pub r8: u64,
    pub rbp: u64,
    pub rdi: u64,
    pub rsi: u64,
    pub rdx: u64,
    pub rcx: u64,
    pub rbx: u64,
    pub rax: u64,
    pub vector: u64,
    pub error: u64,
    pub rip: u64,
    pub cs: u64,
    pub rflags: u64,
    pub rsp: u64,
    pub ss: u64,
}

/// An exception.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trap {
    /// Its vector.
    pub vector: u8,
    /// Its error code, or 0.
    pub error: u64,
    /// The instruction that made it, or the one behind.
    pub rip: u64,
    /// The address of a page fault (CR2).
    pub address: u64,
}

impl fmt::Display for Trap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            vector, error, rip, ..
        } = self;
        write!(f, "exception {vector} ({error:#x}) at {rip:#x}")
    }
}

impl core::error::Error for Trap {}

/// Handlers of interrupts, by vector; 0: none.
static HANDLERS: [AtomicUsize; 256] = [const { AtomicUsize::new(0) }; 256];

/// The stack pointer to go back to when an exception comes, or 0.
#[unsafe(no_mangle)]
static GUEST_RECOVER: AtomicU64 = AtomicU64::new(0);

/// The last exception that was caught: vector, error code, RIP, CR2.
static CAUGHT: [AtomicU64; 4] = [const { AtomicU64::new(0) }; 4];

/// Calls `f` when an interrupt of this vector comes. It has to tell the interrupt controller.
pub fn on_interrupt(vector: u8, f: fn(&mut Frame)) {
    HANDLERS[usize::from(vector)].store(f as usize, Ordering::Relaxed);
}

/// Runs `f`, and returns the exception that ended it, if one did. `f` must own nothing that has to
/// be dropped.
///
/// # Errors
///
/// The exception.
pub fn catch(mut f: impl FnMut()) -> Result<(), Trap> {
    extern "C" fn call<F: FnMut()>(f: *mut F) {
        // SAFETY: it is `f` above, which lives.
        unsafe { (*f)() };
    }
    fn run<F: FnMut()>(f: &mut F) -> u64 {
        let call: extern "C" fn(*mut F) = call::<F>;
        // SAFETY: it calls the function with what it is given.
        unsafe { entry::guest_catch(call as usize, core::ptr::from_mut(f) as usize) }
    }
    if run(&mut f) == 0 {
        return Ok(());
    }
    let [vector, error, rip, address] = [0, 1, 2, 3].map(|at| CAUGHT[at].load(Ordering::Relaxed));
    Err(Trap {
        vector: vector as u8,
        error,
        rip,
        address,
    })
}

/// Called for every exception and interrupt.
#[unsafe(no_mangle)]
extern "C" fn guest_trap(frame: &mut Frame) {
    let handler = HANDLERS[frame.vector as usize & 0xff].load(Ordering::Relaxed);
    if handler != 0 {
        // SAFETY: only `on_interrupt` writes there, and it writes such functions.
        let handler: fn(&mut Frame) = unsafe { core::mem::transmute(handler) };
        return handler(frame);
    }
    let address: u64;
    // SAFETY: reads only.
    unsafe { core::arch::asm!("mov {}, cr2", out(reg) address, options(nomem, nostack)) };
    let recover = GUEST_RECOVER.load(Ordering::Relaxed);
    if frame.vector < 32 && recover != 0 {
        let words = [frame.vector, frame.error, frame.rip, address];
        for (place, word) in CAUGHT.iter().zip(words) {
            place.store(word, Ordering::Relaxed);
        }
        frame.rip = entry::guest_caught as *const () as u64;
        frame.rsp = recover;
        return;
    }
    let Frame {
        vector, error, rip, ..
    } = *frame;
    crate::serial::line(format_args!(
        "PANIC unexpected vector {vector} ({error:#x}) at {rip:#x}, CR2 {address:#x}"
    ));
    crate::exit(0x7e)
}
