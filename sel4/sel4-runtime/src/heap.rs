// SPDX-License-Identifier: BSD-2-Clause
//! A heap in the program's own zeroed memory.

use core::cell::UnsafeCell;

use talc::{ClaimOnOom, Span, Talc, Talck, locking::AssumeUnlockable};

/// Memory for a heap of `N` bytes.
#[repr(C, align(16))]
pub struct StaticHeap<const N: usize>(UnsafeCell<[u8; N]>);

// SAFETY: the memory is only reached through the allocator that claims it.
unsafe impl<const N: usize> Sync for StaticHeap<N> {}

/// The allocator: talc, without a lock, since a program has one thread.
pub type Allocator = Talck<AssumeUnlockable, ClaimOnOom>;

/// The smallest heap: the allocator's own lists take a quarter of it.
pub const MIN_SIZE: usize = 4096;

impl<const N: usize> StaticHeap<N> {
    /// Zeroed memory, so it takes no room in the program's file.
    ///
    /// # Panics
    ///
    /// At compile time, when `N` is below [`MIN_SIZE`].
    #[allow(clippy::new_without_default)]
    pub const fn new() -> Self {
        assert!(N >= MIN_SIZE, "heap_size is too small");
        Self(UnsafeCell::new([0; N]))
    }

    /// The allocator of this memory.
    ///
    /// # Safety
    ///
    /// Called once for each heap, in a program with one thread.
    pub const unsafe fn allocator(&'static self) -> Allocator {
        let memory = Span::from_base_size(self.0.get().cast(), N);
        // SAFETY: the memory lives as long as the program and is claimed only here.
        let source = unsafe { ClaimOnOom::new(memory) };
        Talc::new(source).lock()
    }
}

/// Declares the program's global allocator with a heap of `$size` bytes.
#[macro_export]
macro_rules! declare_heap {
    ($size:expr) => {
        const _: () = {
            // A name of its own: `$size` may name a constant of the program, and items have no hygiene.
            static __SEL4_RUNTIME_HEAP: $crate::StaticHeap<{ $size }> = $crate::StaticHeap::new();

            #[global_allocator]
            // SAFETY: the program has one thread and one global allocator.
            static ALLOCATOR: $crate::heap::Allocator = unsafe { __SEL4_RUNTIME_HEAP.allocator() };
        };
    };
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::alloc::{GlobalAlloc, Layout};

    #[test]
    fn a_heap_gives_what_it_has_and_no_more() {
        static HEAP: StaticHeap<0x4000> = StaticHeap::new();
        // SAFETY: the only allocator of this heap, used by this test's thread alone.
        let allocator = unsafe { HEAP.allocator() };
        let layout = Layout::from_size_align(0x1000, 64).unwrap();
        let mut blocks = Vec::new();
        loop {
            // SAFETY: the layout has a size.
            let block = unsafe { allocator.alloc(layout) };
            if block.is_null() {
                break;
            }
            assert_eq!(block as usize % 64, 0);
            // SAFETY: the allocator gave 0x1000 bytes.
            unsafe { crate::mem::fill(block, 0xa5, 0x1000) };
            blocks.push(block);
        }
        assert!((1..4).contains(&blocks.len()), "{} blocks", blocks.len());
        let count = blocks.len();
        for block in blocks {
            // SAFETY: allocated above with this layout.
            unsafe { allocator.dealloc(block, layout) };
        }
        // SAFETY: the layout has a size.
        let again = (0..count).all(|_| unsafe { !allocator.alloc(layout).is_null() });
        assert!(again, "freed memory is used again");
    }
}
