// SPDX-License-Identifier: BSD-2-Clause
//! The descriptor tables.

use core::arch::asm;
use core::cell::UnsafeCell;

use super::entry::guest_trap_entries;

const STACK: usize = 32 * 1024;
const CODE: u16 = 8;
const TASK: u16 = 24;

/// Where the CPU finds stacks (SDM vol. 3A 9.7): only these are used.
#[repr(C, packed(4))]
struct Task {
    reserved: [u32; 9],
    stacks: [u64; 7],
    reserved_2: [u32; 3],
}

#[repr(C, align(16))]
struct Tables {
    gates: [[u64; 2]; 256],
    segments: [u64; 5],
    task: Task,
    stacks: [[u8; STACK]; 3],
}

struct Shared(UnsafeCell<Tables>);

// SAFETY: there is one CPU, and `prepare` is called once, before anything else.
unsafe impl Sync for Shared {}

static TABLES: Shared = Shared(UnsafeCell::new(Tables {
    gates: [[0; 2]; 256],
    segments: [0; 5],
    task: Task {
        reserved: [0; 9],
        stacks: [0; 7],
        reserved_2: [0; 3],
    },
    stacks: [[0; STACK]; 3],
}));

#[repr(C, packed)]
struct Pointer {
    limit: u16,
    base: u64,
}

/// Gives every vector its gate. To be called once.
pub fn prepare() {
    let tables = TABLES.0.get();
    // SAFETY: nobody uses them yet, and from here on the CPU alone does.
    let (segments, gates, task) = unsafe {
        for stack in 0..3 {
            let end = (&raw const (*tables).stacks[stack]) as u64 + STACK as u64;
            (*tables).task.stacks[stack] = end & !15;
        }
        for vector in 0..256 {
            (*tables).gates[vector] = gate(vector);
        }
        let task = (&raw const (*tables).task) as u64;
        (*tables).segments = segments(task);
        (
            (&raw const (*tables).segments) as u64,
            (&raw const (*tables).gates) as u64,
            TASK,
        )
    };
    let segments = Pointer {
        limit: 5 * 8 - 1,
        base: segments,
    };
    let gates = Pointer {
        limit: 256 * 16 - 1,
        base: gates,
    };
    // SAFETY: the segments are as the loader's for code and data; the tables stay for ever.
    unsafe {
        asm!("lgdt [{}]", "lidt [{}]", "ltr {:x}", in(reg) &segments, in(reg) &gates, in(reg) task);
    }
}

/// An interrupt gate (SDM vol. 3A 7.14.1) with the stack of the vector's class.
fn gate(vector: usize) -> [u64; 2] {
    let to = guest_trap_entries as *const () as u64 + 16 * vector as u64;
    let stack = match vector {
        0..32 => 1,
        32..0x80 => 2,
        _ => 3,
    };
    let low = to & 0xffff | u64::from(CODE) << 16 | stack << 32 | 0x8e << 40;
    [low | (to >> 16 & 0xffff) << 48, to >> 32]
}

/// Null, code, data, and the task in two words.
fn segments(task: u64) -> [u64; 5] {
    let limit = size_of::<Task>() as u64 - 1;
    let low = limit | (task & 0xff_ffff) << 16 | 0x89 << 40 | (task >> 24 & 0xff) << 56;
    [
        0,
        0x00af_9b00_0000_ffff,
        0x00cf_9300_0000_ffff,
        low,
        task >> 32,
    ]
}
