// SPDX-License-Identifier: BSD-2-Clause
//! What test and helper agree on: words at the end of the guest's memory, behind every program.
#![no_std]

use test_guests::Memory;

/// The order that the helper carries out when it is notified.
const ORDER: usize = 0xff00;
/// Set by the guest's programs to end an order.
pub const DONE: usize = 0xff08;

/// The vector that the helper posts.
pub const VECTOR: u8 = 0x51;
/// How often an order is carried out.
pub const ROUNDS: u64 = 200;

/// What the helper does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u64)]
pub enum Order {
    /// Notifies; once for each notification, [`ROUNDS`] times.
    Answer,
    /// Posts [`VECTOR`] as often as the guest's counter asks, then notifies.
    Post,
    /// Reads the virtual CPU's VMCS until the guest is done, then notifies.
    Look,
}

impl Order {
    /// Writes the order.
    pub fn write(self, memory: &mut Memory) {
        memory.write64(ORDER, self as u64);
    }

    /// The order that was written.
    pub fn read(memory: &Memory) -> Self {
        match memory.read64(ORDER) {
            0 => Self::Answer,
            1 => Self::Post,
            _ => Self::Look,
        }
    }
}
