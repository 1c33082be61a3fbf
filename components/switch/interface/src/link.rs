// SPDX-License-Identifier: BSD-2-Clause
//! A client's link.

use crate::region::Region;
use crate::ring::{Consumer, Frame, Producer, SLOTS};
use crate::statistics::Counters;

/// How to wake the other end: the channel, or a stand-in in a test.
pub trait Notify {
    /// Notifies the other end.
    fn notify(&self);
}

/// A client's frames to the switch and from there. Nothing ever waits for room.
#[derive(Debug)]
pub struct Link<'a, N> {
    region: &'a Region,
    output: Producer<'a>,
    input: Consumer<'a>,
    switch: N,
}

impl<'a, N: Notify> Link<'a, N> {
    /// The client's side of `region`. `switch` notifies the switch.
    ///
    /// Frames that wait are dropped: they were for an earlier life of this client.
    pub fn new(region: &'a Region, switch: N) -> Self {
        let (output, mut input) = region.client_ends();
        input.skip();
        Self {
            region,
            output,
            input,
            switch,
        }
    }

    /// Puts a frame into the ring, or drops it and returns false: there is no room, or it has a
    /// length that no frame has.
    pub fn send(&mut self, frame: &[u8]) -> bool {
        self.output.put(frame)
    }

    /// The switch is to take what was sent.
    pub fn flush(&mut self) {
        if self.output.publish() {
            self.switch.notify();
        }
    }

    /// Is there a frame? If not, the switch notifies the channel of the next.
    pub fn waits(&mut self) -> bool {
        self.input.waiting() != 0 || self.input.settle()
    }

    /// Takes the oldest frame and returns its length.
    pub fn receive(&mut self, into: &mut Frame) -> Option<usize> {
        // What is no frame is passed over, but not for ever.
        for _ in 0..SLOTS {
            if !self.waits() {
                break;
            }
            let taken = self.input.take(into);
            self.input.free();
            if let Some(Some(length)) = taken {
                return Some(length);
            }
        }
        None
    }

    /// What the switch counts of this client.
    pub fn statistics(&self) -> Counters {
        self.region.statistics().get()
    }
}
