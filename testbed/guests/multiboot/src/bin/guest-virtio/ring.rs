// SPDX-License-Identifier: BSD-2-Clause
//! The driver's side of one queue, and memory for buffers.

use core::cell::UnsafeCell;
use core::ptr;
use core::sync::atomic::{Ordering, fence};

/// Entries of the queue.
pub const SIZE: u16 = 8;

/// How often the driver looks for what comes back. A device beside the CPU takes its time.
const PATIENCE: u32 = 100_000_000;

/// In a descriptor's flags.
pub const NEXT: u16 = 1;
pub const WRITE: u16 = 2;
pub const INDIRECT: u16 = 4;

// Where what is in the memory, from its start.
const DESCRIPTORS: usize = 0;
const AVAILABLE: usize = 0x100;
const USED: usize = 0x200;
/// A table of descriptors.
pub const TABLE: usize = 0x400;
/// For buffers, up to the end.
pub const BUFFERS: usize = 0x1000;
const BYTES: usize = 0x3000;

#[repr(C, align(4096))]
struct Memory(UnsafeCell<[u8; BYTES]>);

// SAFETY: there is one CPU, and only this module touches it, by volatile accesses.
unsafe impl Sync for Memory {}

static MEMORY: Memory = Memory(UnsafeCell::new([0; BYTES]));

/// The physical address of a place in the memory, which is mapped to itself.
pub fn address(place: usize) -> u64 {
    (MEMORY.0.get() as usize + place) as u64
}

fn at<T>(place: usize) -> *mut T {
    assert!(place + size_of::<T>() <= BYTES && place.is_multiple_of(size_of::<T>()));
    address(place) as *mut T
}

fn get<T: Copy>(place: usize) -> T {
    // SAFETY: inside and aligned; any bytes are an integer.
    unsafe { ptr::read_volatile(at(place)) }
}

fn set<T>(place: usize, value: T) {
    // SAFETY: inside and aligned.
    unsafe { ptr::write_volatile(at(place), value) };
}

/// A byte of the memory.
pub fn byte(place: usize) -> u8 {
    get(place)
}

/// The queue, as the driver knows it.
pub struct Ring {
    offered: u16,
    taken: u16,
}

impl Ring {
    /// An empty one; all of the memory is zero.
    pub fn new() -> Self {
        for place in (0..BYTES).step_by(8) {
            set(place, 0_u64);
        }
        Self {
            offered: 0,
            taken: 0,
        }
    }

    /// The addresses of its three parts.
    pub fn parts() -> [u64; 3] {
        [DESCRIPTORS, AVAILABLE, USED].map(address)
    }

    /// Writes a descriptor of the queue.
    pub fn describe(&mut self, index: u16, to: u64, length: u32, flags: u16, next: u16) {
        self.describe_in(DESCRIPTORS, index, to, length, flags, next);
    }

    /// Writes a descriptor of a table.
    pub fn describe_in(
        &mut self,
        table: usize,
        index: u16,
        to: u64,
        length: u32,
        flags: u16,
        next: u16,
    ) {
        let entry = table + 16 * usize::from(index);
        set(entry, to);
        let rest = u64::from(length) | u64::from(flags) << 32 | u64::from(next) << 48;
        set(entry + 8, rest);
    }

    /// Makes a chain available.
    pub fn offer(&mut self, head: u16) {
        let place = usize::from(self.offered % SIZE);
        set(AVAILABLE + 4 + 2 * place, head);
        self.set_index(self.offered.wrapping_add(1));
    }

    /// Makes the index of the available ring this.
    pub fn set_index(&mut self, index: u16) {
        fence(Ordering::SeqCst);
        set(AVAILABLE + 2, index);
        fence(Ordering::SeqCst);
        self.offered = index;
    }

    /// No interrupts, please.
    pub fn set_quiet(&mut self, quiet: bool) {
        set(AVAILABLE, u16::from(quiet));
    }

    /// An interrupt when the used index passes this one.
    pub fn set_used_event(&mut self, index: u16) {
        set(AVAILABLE + 4 + 2 * usize::from(SIZE), index);
    }

    /// The next chain that came back, and how much of it was written. Waits for a while.
    pub fn take(&mut self) -> Option<(u32, u32)> {
        let come = |ring: &Self| get::<u16>(USED + 2) != ring.taken;
        if !(0..PATIENCE).any(|_| come(self)) {
            return None;
        }
        fence(Ordering::SeqCst);
        let element = USED + 4 + 8 * usize::from(self.taken % SIZE);
        self.taken = self.taken.wrapping_add(1);
        Some((get(element), get(element + 4)))
    }
}
