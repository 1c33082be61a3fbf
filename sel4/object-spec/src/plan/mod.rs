// SPDX-License-Identifier: BSD-2-Clause
//! Which untyped memory each object is made from.
//!
//! seL4 hands out physical memory as *untyped* objects, each a block of a power of two bytes. An
//! untyped makes objects in ascending order only: each lands on the first address behind the previous
//! one that is a multiple of its own size. So a plan is a list of [`Step`]s, and its order matters.
//! First come the objects at fixed addresses, with the gaps before them split off as smaller
//! untypeds; those of RAM then serve, with what is left, everything else, largest first, which wastes
//! nothing on alignment.

mod fixed;
mod floating;
mod ranges;

use alloc::vec::Vec;

pub use ranges::{Range, nearest, ranges};

/// Where the kernel sees physical address 0. It aligns objects in its own address space, which for
/// blocks of 2^39 bytes and more is not the same as aligning them in physical memory.
const KERNEL_WINDOW: u64 = 0xffff_ff80_0000_0000;
/// The smallest untyped object has two to this power bytes.
const MIN_UNTYPED_BITS: u32 = 4;
/// The largest.
const MAX_UNTYPED_BITS: u32 = 47;

/// An untyped object, as seL4 describes it at boot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Untyped {
    /// Physical address.
    pub paddr: u64,
    /// It has two to this power bytes.
    pub size_bits: u8,
    /// No RAM: frames can be made of it, but nothing else.
    pub device: bool,
}

impl Untyped {
    /// First address behind it.
    pub fn end(&self) -> u64 {
        self.paddr
            .saturating_add(1u64.checked_shl(self.size_bits.into()).unwrap_or(u64::MAX))
    }
}

/// Objects of one size that are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Request {
    /// Each has two to this power bytes, 4..=47.
    pub size_bits: u8,
    /// How many.
    pub count: u32,
    /// Physical address of the first; the others follow it.
    pub paddr: Option<u64>,
    /// They follow each other, wherever the first lies.
    pub contiguous: bool,
}

impl Request {
    /// Bytes of all.
    pub fn len(&self) -> u64 {
        u64::from(self.count).saturating_mul(1 << self.size_bits)
    }

    /// Nothing is wanted.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }
}

/// One step of a plan. Untypeds are numbered: those that seL4 handed out first, then those split off
/// in the order of the steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Makes an untyped of two to the power of `size_bits` bytes; it gets the next number.
    Split {
        /// The untyped that it is made from.
        from: usize,
        /// The power of two.
        size_bits: u8,
    },
    /// Makes objects of a request.
    Make {
        /// The untyped that they are made from.
        from: usize,
        /// Index of the request.
        request: usize,
        /// Index of the first object within the request.
        first: u32,
        /// How many.
        count: u32,
        /// Physical address of the first.
        paddr: u64,
    },
}

/// Why there is no plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Error {
    /// No untyped has this address.
    NoSuchMemory {
        /// Index of the request.
        request: usize,
        /// The first address that is missing.
        paddr: u64,
    },
    /// Another request has this address already.
    Taken {
        /// Index of the request.
        request: usize,
        /// The first address that is taken.
        paddr: u64,
    },
    /// All requests without a fixed address together need more RAM than there is.
    OutOfMemory {
        /// Index of the first request that finds too little.
        request: usize,
        /// Bytes that all need.
        needed: u64,
        /// Bytes that there are.
        free: u64,
    },
    /// No single untyped is large enough.
    NotContiguous {
        /// Index of the request.
        request: usize,
        /// Bytes that the largest has left.
        largest: u64,
    },
}

/// What is left of an untyped.
#[derive(Debug, Clone, Copy)]
struct Arena {
    next: u64,
    end: u64,
    device: bool,
}

impl Arena {
    /// Bytes that are left.
    fn free(&self) -> u64 {
        self.end - self.next
    }

    /// Where the kernel would put an object of two to the power of `bits` bytes, if it fits.
    fn first_fit(&self, bits: u8) -> Option<u64> {
        let size = 1u64 << bits;
        let offset = self.next.wrapping_add(KERNEL_WINDOW) % size;
        let skipped = if offset == 0 { 0 } else { size - offset };
        (self.free() >= skipped + size).then(|| self.next + skipped)
    }

    /// Bytes for objects of two to the power of `bits` bytes.
    fn room(&self, bits: u8) -> u64 {
        self.first_fit(bits)
            .map_or(0, |start| (self.end - start) >> bits << bits)
    }
}

/// The arenas, by number of their untyped, and the steps so far.
struct Planner<'a> {
    requests: &'a [Request],
    arenas: Vec<Arena>,
    steps: Vec<Step>,
}

/// Finds a place for every object of every request.
pub fn plan(untypeds: &[Untyped], requests: &[Request]) -> Result<Vec<Step>, Error> {
    let arena = |untyped: &Untyped| Arena {
        next: untyped.paddr,
        end: untyped.end(),
        device: untyped.device,
    };
    let mut planner = Planner {
        requests,
        arenas: untypeds.iter().map(arena).collect(),
        steps: Vec::new(),
    };
    planner.place_fixed(untypeds.len())?;
    planner.place_floating()?;
    Ok(planner.steps)
}

impl Planner<'_> {
    /// Makes `count` objects of a request at `paddr`, which is what comes next in an arena or lies
    /// behind a gap.
    fn make(&mut self, from: usize, request: usize, first: u32, count: u32, paddr: u64) {
        self.split_up_to(from, paddr);
        self.arenas[from].next += u64::from(count) << self.requests[request].size_bits;
        self.steps.push(Step::Make {
            from,
            request,
            first,
            count,
            paddr,
        });
    }

    /// Splits untypeds off an arena until the next object lands on `paddr`.
    fn split_up_to(&mut self, from: usize, paddr: u64) {
        loop {
            let Arena { next, device, .. } = self.arenas[from];
            let gap = paddr - next;
            if gap == 0 {
                return;
            }
            let aligned = next.wrapping_add(KERNEL_WINDOW).trailing_zeros();
            let bits = aligned.min(gap.ilog2()).min(MAX_UNTYPED_BITS);
            debug_assert!(
                bits >= MIN_UNTYPED_BITS,
                "every object is a multiple of that"
            );
            let end = next + (1 << bits);
            self.arenas[from].next = end;
            self.arenas.push(Arena { next, end, device });
            self.steps.push(Step::Split {
                from,
                size_bits: bits as u8,
            });
        }
    }
}

#[cfg(test)]
mod tests;
