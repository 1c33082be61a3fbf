// SPDX-License-Identifier: BSD-2-Clause
//! The layout of the shared memory: two 4 KiB pages.

use core::ptr::NonNull;
use core::sync::atomic::AtomicU8;

use crate::ring::{Consumer, Control, Producer};

/// Bytes of the ring from client to console.
pub const TX_CAPACITY: usize = 4096;
/// Bytes of the ring from console to client.
pub const RX_CAPACITY: usize = 2048;
/// Bytes of the region; the size of the memory region in `system.xml`.
pub const REGION_SIZE: usize = 0x2000;

/// The shared memory. All zero is the initial state: both rings empty.
#[derive(Debug)]
#[repr(C, align(4096))]
pub struct Region {
    tx: [AtomicU8; TX_CAPACITY],
    tx_control: Control,
    rx_control: Control,
    unused: [AtomicU8; 2048 - 2 * size_of::<Control>()],
    rx: [AtomicU8; RX_CAPACITY],
}

impl Default for Region {
    fn default() -> Self {
        Self {
            tx: [const { AtomicU8::new(0) }; TX_CAPACITY],
            tx_control: Control::default(),
            rx_control: Control::default(),
            unused: [const { AtomicU8::new(0) }; 2048 - 2 * size_of::<Control>()],
            rx: [const { AtomicU8::new(0) }; RX_CAPACITY],
        }
    }
}

impl Region {
    /// The region that is mapped at `at`.
    ///
    /// # Safety
    ///
    /// `at` is page-aligned, and [`REGION_SIZE`] bytes from it stay mapped, readable and writable,
    /// for ever. Others may write them at any time, but nobody through a Rust reference other than
    /// to a `Region`.
    pub unsafe fn from_ptr(at: NonNull<Self>) -> &'static Self {
        // SAFETY: the caller promised that the memory is there for ever; every field is an atomic,
        // for which any bytes are valid and foreign writes are allowed.
        unsafe { at.as_ref() }
    }

    /// The ends that the client uses: output and input.
    pub fn client_ends(&self) -> (Producer<'_>, Consumer<'_>) {
        (
            Producer::attach(&self.tx, &self.tx_control),
            Consumer::attach(&self.rx, &self.rx_control),
        )
    }

    /// The ends that the console uses: the client's output, and its input.
    pub fn console_ends(&self) -> (Consumer<'_>, Producer<'_>) {
        (
            Consumer::attach(&self.tx, &self.tx_control),
            Producer::attach(&self.rx, &self.rx_control),
        )
    }
}

#[cfg(test)]
mod tests {
    use core::mem::offset_of;

    use super::*;

    #[test]
    fn the_layout_is_fixed() {
        assert_eq!(size_of::<Region>(), REGION_SIZE);
        assert_eq!(offset_of!(Region, tx), 0);
        assert_eq!(offset_of!(Region, tx_control), 0x1000);
        assert_eq!(offset_of!(Region, rx_control), 0x1080);
        assert_eq!(offset_of!(Region, rx), 0x1800);
    }
}
