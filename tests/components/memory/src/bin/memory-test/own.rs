// SPDX-License-Identifier: BSD-2-Clause
//! The program's own memory.

use alloc::vec::Vec;
use core::arch::asm;
use core::sync::atomic::{AtomicU64, Ordering::SeqCst};

use memory_tests::MAGIC;
use sel4_test::{TestResult, check, check_eq};

/// Bytes of heap.
pub const HEAP: usize = 0x4_0000;

/// What system.xml gives as stack.
const STACK_SIZE: u64 = 0x10000;
const STACK_TOP: u64 = 0x7fff_ffff_d000;

static BSS: [AtomicU64; 0x8000] = [const { AtomicU64::new(0) }; 0x8000];
static DATA: [AtomicU64; 0x1000] = [const { AtomicU64::new(MAGIC) }; 0x1000];

pub fn bss_is_zero_and_data_is_not() -> TestResult {
    for (index, word) in BSS.iter().enumerate() {
        check_eq!(word.swap(MAGIC, SeqCst), 0, "word {index} of .bss");
    }
    for (index, word) in DATA.iter().enumerate() {
        check_eq!(word.swap(0, SeqCst), MAGIC, "word {index} of .data");
    }
    Ok(())
}

pub fn whole_heap() -> TestResult {
    // All of it but what the allocator and the test's registry need, several times.
    for round in 0..4_u8 {
        let mut bytes: Vec<u8> = Vec::new();
        check!(
            bytes.try_reserve_exact(HEAP / 8 * 7).is_ok(),
            "round {round}: no memory"
        );
        bytes.resize(HEAP / 8 * 7, round);
        check!(bytes.iter().all(|byte| *byte == round));
    }
    let mut too_much: Vec<u8> = Vec::new();
    check!(
        too_much.try_reserve_exact(HEAP + 1).is_err(),
        "more than there is"
    );
    Ok(())
}

pub fn stack_to_the_last_byte() -> TestResult {
    let lowest = (STACK_TOP - STACK_SIZE) as *mut u8;
    let here: u64;
    // SAFETY: reads a register.
    unsafe { asm!("mov {}, rsp", out(reg) here) };
    check!(
        (STACK_TOP - STACK_SIZE..STACK_TOP).contains(&here),
        "the stack is at {here:#x}"
    );
    check!(here - lowest as u64 > 0x1000, "the stack is nearly used up");
    // SAFETY: the lowest byte of the stack, far below what is in use.
    unsafe {
        lowest.write_volatile(0x42);
        check_eq!(lowest.read_volatile(), 0x42);
    }
    Ok(())
}
