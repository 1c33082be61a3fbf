// SPDX-License-Identifier: BSD-2-Clause
//! The child that is stopped and restarted in every state. At each start it checks that its memory
//! is as its program says, and then spoils it.
#![no_std]
#![no_main]

extern crate alloc;

use alloc::vec;
use core::ptr::NonNull;
use core::sync::atomic::{AtomicU64, Ordering::SeqCst};

use restart_tests::{CpuState, Notes, Order, PLEASE};
use sel4_microkit::{
    Channel, ChannelSet, Handler, MessageInfo, Never, memory_region_symbol, protection_domain, var,
};

const WORDS: usize = 4096;
const PATTERN: u64 = 0x5eed_5eed_5eed_5eed;
const ROUNDS_PER_NOTICE: u64 = 1 << 14;
const HEAP: usize = 0x10000;

/// Not zero at the start.
static DATA: [AtomicU64; WORDS] = [const { AtomicU64::new(PATTERN) }; WORDS];

/// Zero at the start.
static BSS: [AtomicU64; WORDS] = [const { AtomicU64::new(0) }; WORDS];

/// Flags of the wrong things found: `.data`, `.bss`, heap.
fn check_and_spoil() -> u64 {
    let spoil = |words: &[AtomicU64], right: u64| {
        words
            .iter()
            .filter(|word| word.swap(!right, SeqCst) != right)
            .count()
            != 0
    };
    let data = spoil(&DATA, PATTERN);
    let bss = spoil(&BSS, 0);
    // More than half of the heap, never given back: it is there only when the heap is new.
    let piece = vec![1_u8; HEAP / 8 * 5];
    let heap = piece.iter().any(|byte| *byte != 1);
    core::mem::forget(piece);
    u64::from(data) | u64::from(bss) << 1 | u64::from(heap) << 2
}

#[inline(never)]
fn recurse(depth: u64) -> u64 {
    let frame = core::hint::black_box([depth; 64]);
    if depth == u64::MAX {
        0
    } else {
        recurse(depth + 1) + frame[(depth % 64) as usize]
    }
}

struct Phoenix {
    notes: NonNull<Notes>,
    test: Channel,
    slow_server: Channel,
}

impl Phoenix {
    fn notes(&self) -> &'static Notes {
        // SAFETY: the region is mapped for good and holds only atomics.
        unsafe { self.notes.as_ref() }
    }
}

impl Handler for Phoenix {
    type Error = Never;

    fn notified(&mut self, _: ChannelSet) -> Result<(), Never> {
        let notes = self.notes();
        match notes.order() {
            Order::Answer => {}
            Order::Fault => {
                let null = core::hint::black_box(core::ptr::null_mut::<u64>());
                // SAFETY: a fault, which is the point: nothing is mapped there.
                unsafe { core::arch::asm!("mov byte ptr [{}], 1", in(reg) null) };
            }
            Order::Recurse => {
                core::hint::black_box(recurse(0));
            }
            Order::Spin => loop {
                if notes
                    .rounds
                    .fetch_add(1, SeqCst)
                    .is_multiple_of(ROUNDS_PER_NOTICE)
                {
                    self.test.notify();
                }
            },
            Order::Call => {
                self.slow_server.pp_call(MessageInfo::new(PLEASE, 0));
            }
            Order::DisturbCpu => {
                self.test.notify();
                CpuState::disturb(&notes.rounds);
            }
        }
        self.test.notify();
        Ok(())
    }
}

#[protection_domain(heap_size = HEAP)]
fn init() -> Phoenix {
    let phoenix = Phoenix {
        notes: memory_region_symbol!(notes: *mut Notes),
        test: Channel::new(*var!(test: usize = 0)),
        slow_server: Channel::new(*var!(slow_server: usize = 0)),
    };
    let notes = phoenix.notes();
    notes.cpu.record();
    notes.damage.store(check_and_spoil(), SeqCst);
    notes.boots.fetch_add(1, SeqCst);
    phoenix.test.notify();
    phoenix
}
