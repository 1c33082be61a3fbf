// SPDX-License-Identifier: BSD-2-Clause
//! The page.

use core::sync::atomic::{AtomicU64, Ordering::SeqCst};

test_support::orders! {
    /// How a child is to fault.
    ;
    /// Not at all.
    Nothing,
    /// Read the address.
    Read,
    /// Write to the address.
    Write,
    /// Jump to the address.
    Jump,
    /// Push until the stack ends.
    OverflowStack,
    /// Write to a constant of the program.
    WriteConstant,
    /// Divide by zero.
    Divide,
    /// Execute UD2.
    InvalidOpcode,
    /// Execute HLT, which user programs must not.
    Halt,
    /// Execute CLI, which user programs must not.
    DisableInterrupts,
    /// Read an I/O port without a capability.
    PortIn,
    /// Call the system with a number that it does not know: the address.
    UnknownSyscall,
    /// Send to the capability at the address.
    Send,
    /// Receive from the capability at the address.
    Receive,
}

/// Filled by the parent (order, address) and the child (the rest).
#[repr(C)]
pub struct Command {
    order: AtomicU64,
    address: AtomicU64,
    /// Address of the instruction that will fault.
    pub fault_ip: AtomicU64,
    /// Address at which the child can go on.
    pub resume_ip: AtomicU64,
    /// Orders after which the child has gone on.
    pub survived: AtomicU64,
    /// What a parent other than the test saw: bit 32 for the right address, and the child's id.
    pub seen_by_middle: AtomicU64,
}

impl Command {
    /// Writes an order.
    pub fn give(&self, order: Order, address: u64) {
        self.order.store(order as u64, SeqCst);
        self.address.store(address, SeqCst);
        self.fault_ip.store(0, SeqCst);
        self.resume_ip.store(0, SeqCst);
    }

    /// The order that was given.
    pub fn order(&self) -> Order {
        Order::from_word(self.order.load(SeqCst))
    }

    /// The address that goes with it.
    pub fn address(&self) -> u64 {
        self.address.load(SeqCst)
    }
}
