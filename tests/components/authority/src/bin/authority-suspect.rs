// SPDX-License-Identifier: BSD-2-Clause
//! Has nothing but a channel to its parent, and tries what it can do.
#![no_std]
#![no_main]

use core::arch::asm;
use core::ptr::NonNull;
use core::sync::atomic::Ordering::SeqCst;

use authority_tests::{Kind, LOWER_SLOTS, Order, Shared, UPPER_SLOTS, identify, lower, upper};
use sel4::sys::syscall_id;
use sel4_microkit::{
    Channel, ChannelSet, Handler, Never, memory_region_symbol, protection_domain, var,
};

const ROUNDS_PER_NOTICE: u64 = 1 << 14;

struct Suspect {
    shared: NonNull<Shared>,
    test: Channel,
}

/// A system call with the IPC buffer as it is.
fn syscall(number: isize, argument: u64) {
    // SAFETY: none of the calls that are tried changes this program's memory but the IPC buffer,
    // which nobody borrows here; every register that a system call changes is declared, and the
    // stack pointer, which it loses, is put back.
    unsafe {
        asm!(
            "mov r12, rsp",
            "syscall",
            "mov rsp, r12",
            inout("rdi") argument => _,
            in("rdx") number,
            inout("rsi") 0_u64 => _,
            out("rax") _,
            out("rcx") _,
            out("r8") _,
            out("r9") _,
            out("r10") _,
            out("r11") _,
            out("r12") _,
            out("r15") _,
        );
    }
}

impl Handler for Suspect {
    type Error = Never;

    fn notified(&mut self, _: ChannelSet) -> Result<(), Never> {
        // SAFETY: the region is mapped for good and holds only atomics.
        let shared = unsafe { self.shared.as_ref() };
        match shared.order() {
            Order::Probe => {
                for slot in (0..LOWER_SLOTS).filter(|slot| identify(lower(*slot)) != Kind::Null) {
                    shared.lower[slot as usize / 64].fetch_or(1 << (slot % 64), SeqCst);
                }
                for slot in (1..UPPER_SLOTS).filter(|slot| identify(upper(*slot)) != Kind::Null) {
                    shared.upper[slot as usize / 64].fetch_or(1 << (slot % 64), SeqCst);
                }
            }
            Order::Spin => loop {
                if shared
                    .rounds
                    .fetch_add(1, SeqCst)
                    .is_multiple_of(ROUNDS_PER_NOTICE)
                {
                    self.test.notify();
                }
            },
            Order::Receive => syscall(syscall_id::Recv, shared.address()),
            Order::DebugHalt => syscall(syscall_id::DebugHalt, 0),
            Order::DebugSnapshot => syscall(syscall_id::DebugSnapshot, 0),
            Order::DebugName => syscall(syscall_id::DebugNameThread, shared.address()),
            Order::DebugRun => syscall(syscall_id::DebugRun, shared.address()),
        }
        self.test.notify();
        Ok(())
    }
}

#[protection_domain]
fn init() -> Suspect {
    Suspect {
        shared: memory_region_symbol!(shared: *mut Shared),
        test: Channel::new(*var!(test: usize = 0)),
    }
}
