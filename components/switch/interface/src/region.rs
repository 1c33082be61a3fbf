// SPDX-License-Identifier: BSD-2-Clause
//! The layout of the shared memory: a page of indices and counters, then the slots of two rings.

use core::ptr::NonNull;
use core::sync::atomic::AtomicU64;

use crate::ring::{Consumer, Control, Producer, SLOTS, Slot};
use crate::statistics::Statistics;

/// Bytes of the region; the size of the memory region in `system.xml`.
pub const REGION_SIZE: usize = 0x31000;
/// Bytes between the places where the switch has the regions of two channels with consecutive ids.
pub const REGION_DISTANCE: usize = 0x40000;

const UNUSED: usize = 4096 - 2 * size_of::<Control>() - size_of::<Statistics>();

/// The shared memory. All zero is the initial state: both rings empty.
#[derive(Debug)]
#[repr(C, align(4096))]
pub struct Region {
    pub(crate) to_switch: Control,
    pub(crate) to_client: Control,
    statistics: Statistics,
    unused: [AtomicU64; UNUSED / 8],
    pub(crate) frames_to_switch: [Slot; SLOTS],
    pub(crate) frames_to_client: [Slot; SLOTS],
}

impl Default for Region {
    fn default() -> Self {
        Self {
            to_switch: Control::default(),
            to_client: Control::default(),
            statistics: Statistics::default(),
            unused: [const { AtomicU64::new(0) }; UNUSED / 8],
            frames_to_switch: core::array::from_fn(|_| Slot::default()),
            frames_to_client: core::array::from_fn(|_| Slot::default()),
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

    /// The ends that the client uses: to send and to receive.
    pub fn client_ends(&self) -> (Producer<'_>, Consumer<'_>) {
        (
            Producer::attach(&self.frames_to_switch, &self.to_switch),
            Consumer::attach(&self.frames_to_client, &self.to_client),
        )
    }

    /// The ends that the switch uses: what the client sends, and what it gets.
    pub fn switch_ends(&self) -> (Consumer<'_>, Producer<'_>) {
        (
            Consumer::attach(&self.frames_to_switch, &self.to_switch),
            Producer::attach(&self.frames_to_client, &self.to_client),
        )
    }

    /// What the switch counts of this client.
    pub fn statistics(&self) -> &Statistics {
        &self.statistics
    }
}

#[cfg(test)]
mod tests {
    use core::mem::offset_of;

    use super::*;

    #[test]
    fn the_layout_is_fixed() {
        assert_eq!(size_of::<Region>(), REGION_SIZE);
        assert_eq!(offset_of!(Region, to_switch), 0);
        assert_eq!(offset_of!(Region, to_client), 0x80);
        assert_eq!(offset_of!(Region, statistics), 0x100);
        assert_eq!(offset_of!(Region, frames_to_switch), 0x1000);
        assert_eq!(offset_of!(Region, frames_to_client), 0x19000);
        const { assert!(REGION_SIZE <= REGION_DISTANCE) };
    }
}
