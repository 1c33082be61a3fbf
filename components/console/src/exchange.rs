// SPDX-License-Identifier: BSD-2-Clause
//! Keys in, output out, until both are at rest.

use core::fmt;

use crate::guests::Guests;
use crate::multiplexer::{Multiplexer, Streams};
use crate::screen::Sink;

/// The wire in both directions.
pub trait Port: Sink {
    /// The oldest byte received.
    fn receive(&mut self) -> Option<u8>;

    /// What was lost on the wire since the last call, if anything was.
    fn take_trouble(&mut self) -> Option<impl fmt::Display>;

    /// Sends what was put. Returns whether an interrupt will tell when there is room again; else
    /// there is room at once.
    fn flush(&mut self) -> bool;
}

/// Moves keys and output until nothing is left, or the wire has enough for now. Whoever calls this
/// may then wait for the next interrupt or notification.
pub fn exchange(
    multiplexer: &mut Multiplexer<'_>,
    streams: &mut impl Streams,
    guests: &mut impl Guests,
    port: &mut impl Port,
) {
    loop {
        while let Some(byte) = port.receive() {
            multiplexer.press(byte, streams, guests);
        }
        if let Some(trouble) = port.take_trouble() {
            multiplexer.notice(format_args!("WARN: trouble on the line: {trouble}"));
        }
        let done = multiplexer.pump(streams, port);
        let at_rest = port.flush() || done;
        // Sending serves the device in both directions. What it took in raises no interrupt any
        // more, so it must not wait for one.
        match port.receive() {
            Some(byte) => multiplexer.press(byte, streams, guests),
            None if at_rest => return,
            None => {}
        }
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use std::collections::VecDeque;
    use std::string::String;
    use std::vec::Vec;

    use super::*;
    use crate::MAX_STREAMS;
    use crate::testing::NoGuests;

    /// One stream, with an echo.
    #[derive(Default)]
    struct Echo {
        output: VecDeque<u8>,
        input: Vec<u8>,
    }

    impl Streams for Echo {
        fn pop(&mut self, _: usize) -> Option<u8> {
            self.output.pop_front()
        }
        fn settle(&mut self, _: usize) -> bool {
            !self.output.is_empty()
        }
        fn take_lost(&mut self, _: usize) -> u32 {
            0
        }
        fn input(&mut self, _: usize, byte: u8) -> bool {
            self.input.push(byte);
            self.output.push_back(byte);
            true
        }
    }

    /// A device that takes in what was typed whenever it is served: by `put` or by `flush`.
    struct Device {
        typed_at_put: VecDeque<u8>,
        typed_at_flush: VecDeque<u8>,
        received: VecDeque<u8>,
        trouble: Option<&'static str>,
        /// There is no room until the next interrupt.
        waits: bool,
        shown: Vec<u8>,
    }

    impl Device {
        fn new(typed_at_put: &str, typed_at_flush: &str, waits: bool) -> Self {
            Self {
                typed_at_put: typed_at_put.bytes().collect(),
                typed_at_flush: typed_at_flush.bytes().collect(),
                received: VecDeque::new(),
                trouble: None,
                waits,
                shown: Vec::new(),
            }
        }

        fn shown(&self) -> String {
            String::from_utf8(self.shown.clone()).unwrap()
        }
    }

    impl Sink for Device {
        fn room(&self) -> usize {
            1 << 20
        }
        fn put(&mut self, bytes: &[u8]) {
            self.received.extend(self.typed_at_put.pop_front());
            self.shown.extend_from_slice(bytes);
        }
    }

    impl Port for Device {
        fn receive(&mut self) -> Option<u8> {
            self.received.pop_front()
        }
        fn take_trouble(&mut self) -> Option<impl fmt::Display> {
            self.trouble.take()
        }
        fn flush(&mut self) -> bool {
            self.received.extend(self.typed_at_flush.pop_front());
            self.waits
        }
    }

    fn names() -> [Option<&'static str>; MAX_STREAMS] {
        let mut names = [None; MAX_STREAMS];
        names[0] = Some("a");
        names
    }

    #[test]
    fn keys_that_come_while_output_leaves_wait_for_no_interrupt() {
        for waits in [false, true] {
            for (at_put, at_flush) in [("cycle\r", ""), ("", "cycle\r"), ("cy", "cle\r")] {
                let mut streams = Echo::default();
                streams.output.extend(b"hello\n");
                let mut device = Device::new(at_put, at_flush, waits);
                exchange(
                    &mut Multiplexer::new(names()),
                    &mut streams,
                    &mut NoGuests,
                    &mut device,
                );
                assert!(device.received.is_empty(), "{at_put:?} {at_flush:?}");
                // Whatever the device was not served for is still on the wire, and interrupts.
                let wire = device.typed_at_put.len() + device.typed_at_flush.len();
                let taken = "cycle\r".len() - wire;
                assert!(taken != 0, "{at_put:?} {at_flush:?}: never served");
                assert_eq!(streams.input.len(), taken, "{at_put:?} {at_flush:?}");
            }
        }
    }

    #[test]
    fn trouble_is_told_and_the_end_is_reached() {
        let mut device = Device::new("", "", false);
        device.trouble = Some("3 overruns");
        let mut streams = Echo::default();
        exchange(
            &mut Multiplexer::new(names()),
            &mut streams,
            &mut NoGuests,
            &mut device,
        );
        let shown = device.shown();
        assert!(
            shown.contains("console|WARN: trouble on the line: 3 overruns"),
            "{shown}"
        );
    }
}
