// SPDX-License-Identifier: BSD-2-Clause
//! The layout of the shared page.

use core::ptr::NonNull;
use core::sync::atomic::AtomicU64;

use crate::cause::ACCESSES;

/// Bytes of the page; the size of the memory region in `system.xml`.
pub const PAGE_SIZE: usize = 0x1000;

/// Kinds of exits: the basic exit reasons 0 to 77 (SDM vol. 3D appendix C), failed entries, and
/// whatever there is beyond.
pub const EXITS: usize = 80;

/// What [`Page::version`] is once a VMM uses the page. Changes with the layout.
pub(crate) const VERSION: u64 = 0x706f_7374_0000_0001;

/// The shared memory. All zero is the initial state: no VMM, no command.
///
/// Each word has one writer: the VMM, but for `command`, which is the console's.
#[derive(Debug)]
#[repr(C, align(4096))]
pub struct Page {
    pub(crate) version: AtomicU64,
    /// A [`State`](crate::State).
    pub(crate) state: AtomicU64,
    /// The last [`End`](crate::End): its code and its detail.
    pub(crate) end: [AtomicU64; 2],
    /// How often the guest was started.
    pub(crate) starts: AtomicU64,
    /// Ticks of the time-stamp counter in a second.
    pub(crate) tsc_hz: AtomicU64,
    /// The command word that was obeyed last.
    pub(crate) done: AtomicU64,
    /// The [`Phase`](crate::Phase) in the two low bits; in the others since when, in TSC ticks.
    pub(crate) phase: AtomicU64,
    /// Ticks spent in each phase before the current one.
    pub(crate) ticks: [AtomicU64; 4],
    /// Interrupts injected.
    pub(crate) injected: AtomicU64,
    /// Interrupts that wait.
    pub(crate) pending: AtomicU64,
    unused_1: [AtomicU64; 18],
    pub(crate) accesses: [AtomicU64; ACCESSES],
    unused_2: [AtomicU64; 32 - ACCESSES],
    pub(crate) exits: [AtomicU64; EXITS],
    unused_3: [AtomicU64; 352 - EXITS],
    /// A [`Command`](crate::Command) with its number. On a cache line of its own.
    pub(crate) command: AtomicU64,
    unused_4: [AtomicU64; 95],
}

impl Default for Page {
    fn default() -> Self {
        Self::new()
    }
}

impl Page {
    /// A page in its initial state.
    pub const fn new() -> Self {
        Self {
            version: zero(),
            state: zero(),
            end: [const { zero() }; 2],
            starts: zero(),
            tsc_hz: zero(),
            done: zero(),
            phase: zero(),
            ticks: [const { zero() }; 4],
            injected: zero(),
            pending: zero(),
            unused_1: [const { zero() }; 18],
            accesses: [const { zero() }; ACCESSES],
            unused_2: [const { zero() }; 32 - ACCESSES],
            exits: [const { zero() }; EXITS],
            unused_3: [const { zero() }; 352 - EXITS],
            command: zero(),
            unused_4: [const { zero() }; 95],
        }
    }

    /// The page that is mapped at `at`.
    ///
    /// # Safety
    ///
    /// `at` is page-aligned, and [`PAGE_SIZE`] bytes from it stay mapped, readable and writable, for
    /// ever. Others may write them at any time, but nobody through a Rust reference other than to a
    /// `Page`.
    pub unsafe fn from_ptr(at: NonNull<Self>) -> &'static Self {
        // SAFETY: the caller promised that the memory is there for ever; every field is an atomic,
        // for which any bytes are valid and foreign writes are allowed.
        unsafe { at.as_ref() }
    }
}

const fn zero() -> AtomicU64 {
    AtomicU64::new(0)
}

#[cfg(test)]
mod tests {
    use core::mem::offset_of;

    use super::*;

    #[test]
    fn the_layout_is_fixed() {
        assert_eq!(size_of::<Page>(), PAGE_SIZE);
        assert_eq!(offset_of!(Page, phase), 0x38);
        assert_eq!(offset_of!(Page, injected), 0x60);
        assert_eq!(offset_of!(Page, accesses), 0x100);
        assert_eq!(offset_of!(Page, exits), 0x200);
        assert_eq!(offset_of!(Page, command), 0xd00);
    }
}
