// SPDX-License-Identifier: BSD-2-Clause
//! The interrupt descriptor table, which all CPUs share, and the start in assembly.

use core::arch::{asm, global_asm};
use core::cell::UnsafeCell;

use crate::console;
use crate::processor::{STACK_SIZE, STACKS};

global_asm!(
    include_str!("boot.s"),
    first = sym crate::start::first,
    further = sym crate::start::further,
    exception = sym exception,
    stacks = sym STACKS,
    stack_size = const STACK_SIZE,
);

unsafe extern "C" {
    static gates: u8;
}

#[repr(C, align(4096))]
struct Gates(UnsafeCell<[[u64; 2]; 256]>);

// SAFETY: the first CPU writes it before there is another.
unsafe impl Sync for Gates {}

static TABLE: Gates = Gates(UnsafeCell::new([[0; 2]; 256]));

/// Fills the table. Once, by the first CPU.
pub fn fill() {
    const CODE: u64 = 8;
    const INTERRUPT_GATE: u64 = 0x8e;
    const BYTES: usize = 16;
    let first = &raw const gates as usize;
    // SAFETY: no other CPU runs, and this one has not loaded it.
    let table = unsafe { &mut *TABLE.0.get() };
    for (number, gate) in table.iter_mut().enumerate() {
        let at = (first + number * BYTES) as u64;
        let low = at & 0xffff | CODE << 16 | INTERRUPT_GATE << 40 | (at >> 16 & 0xffff) << 48;
        *gate = [low, at >> 32];
    }
}

/// Loads it on this CPU.
pub fn load() {
    #[repr(C, packed)]
    struct Pointer {
        limit: u16,
        base: u64,
    }
    let pointer = Pointer {
        limit: (size_of::<Gates>() - 1) as u16,
        base: TABLE.0.get() as u64,
    };
    // SAFETY: the table is static, and its gates are code.
    unsafe { asm!("lidt [{}]", in(reg) &raw const pointer, options(readonly, nostack)) };
}

/// What is on the stack after an exception: number, error code if it has one, RIP.
extern "C" fn exception(frame: &[u64; 3]) -> ! {
    let number = frame[0];
    let has_error = matches!(number, 8 | 10..=14 | 17);
    let (error, at) = if has_error {
        (frame[1], frame[2])
    } else {
        (0, frame[1])
    };
    let address: u64;
    // SAFETY: reading CR2 has no effect.
    unsafe { asm!("mov {}, cr2", out(reg) address, options(nomem, nostack)) };
    console::stop(format_args!(
        "exception {number} ({error:#x}) at {at:#x}, address {address:#x}: a defect of the shim"
    ))
}

/// Takes one pending interrupt, if there is one.
pub fn take() -> Option<u8> {
    let number: u32;
    // SAFETY: only gates of interrupts can run here, and they change EAX alone.
    unsafe {
        asm!("cli", "stgi", "sti", "nop", "clgi", inout("eax") u32::MAX => number);
    }
    u8::try_from(number).ok()
}

/// Sleeps until an interrupt comes, and takes it.
pub fn wait() -> Option<u8> {
    let number: u32;
    // SAFETY: as above. No interrupt comes between STI and HLT.
    unsafe {
        asm!("cli", "stgi", "sti", "hlt", "clgi", inout("eax") u32::MAX => number);
    }
    u8::try_from(number).ok()
}
