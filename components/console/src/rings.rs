// SPDX-License-Identifier: BSD-2-Clause
//! The rings shared with clients.

use core::ptr::NonNull;

use console_core::{MAX_STREAMS, Streams};
use console_interface::{Consumer, Producer, REGION_SIZE, Region};
use sel4_microkit::Channel;

/// The console's ends of each stream.
pub struct Rings([Option<(Consumer<'static>, Producer<'static>)>; MAX_STREAMS]);

impl Rings {
    /// Takes up the rings of the streams that have a name, where they were left.
    ///
    /// # Safety
    ///
    /// For each stream `n` that has a name, a [`Region`] is mapped at `base` + `n` *
    /// [`REGION_SIZE`], for ever, and used by nothing else in this program.
    pub unsafe fn attach(base: NonNull<u8>, names: &[Option<&str>; MAX_STREAMS]) -> Self {
        let mut rings = [const { None }; MAX_STREAMS];
        for (index, ring) in rings.iter_mut().enumerate() {
            if names[index].is_none() {
                continue;
            }
            let at = base.as_ptr().wrapping_add(index * REGION_SIZE).cast();
            *ring = NonNull::new(at).map(|at| {
                // SAFETY: the caller promised that this is a mapped region.
                unsafe { Region::from_ptr(at) }.console_ends()
            });
        }
        Self(rings)
    }

    fn output(&mut self, stream: usize) -> Option<&mut Consumer<'static>> {
        self.0.get_mut(stream)?.as_mut().map(|(output, _)| output)
    }
}

impl Streams for Rings {
    fn pop(&mut self, stream: usize) -> Option<u8> {
        self.output(stream)?.pop()
    }

    fn settle(&mut self, stream: usize) -> bool {
        self.output(stream).is_some_and(|output| output.settle())
    }

    fn take_lost(&mut self, stream: usize) -> u32 {
        self.output(stream).map_or(0, |output| output.take_lost())
    }

    fn input(&mut self, stream: usize, byte: u8) -> bool {
        let Some(Some((_, input))) = self.0.get_mut(stream) else {
            return false;
        };
        let room = input.stage(byte);
        if input.publish() {
            Channel::new(stream).notify();
        }
        room
    }
}
