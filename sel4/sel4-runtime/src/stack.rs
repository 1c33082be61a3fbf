// SPDX-License-Identifier: BSD-2-Clause
//! A stack in the program's own zeroed memory.

use core::cell::UnsafeCell;

/// A stack of `N` bytes, which must be a multiple of 16.
///
/// There is no guard below it: what overflows it overwrites other data of the program. The stack
/// that the image tool maps for a protection domain has one.
#[repr(C, align(16))]
pub struct StaticStack<const N: usize>(UnsafeCell<[u8; N]>);

// SAFETY: only the one thread that runs on the stack uses it.
unsafe impl<const N: usize> Sync for StaticStack<N> {}

impl<const N: usize> StaticStack<N> {
    /// An empty stack.
    ///
    /// # Panics
    ///
    /// At compile time, when `N` is no multiple of 16, or 0.
    #[allow(clippy::new_without_default)]
    pub const fn new() -> Self {
        assert!(
            N > 0 && N.is_multiple_of(16),
            "stack_size must be a multiple of 16"
        );
        Self(UnsafeCell::new([0; N]))
    }
}
