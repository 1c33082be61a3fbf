// SPDX-License-Identifier: BSD-2-Clause
//! A client's stream.

use core::fmt;

use crate::region::Region;
use crate::ring::{Consumer, Producer};

/// How to wake the console: the channel, or a stand-in in a test.
pub trait Notify {
    /// Notifies the other end.
    fn notify(&self);
}

/// A client's output to the console and its input from there.
///
/// Output is shown at the end of each line, or by [`flush`](Self::flush). It never waits: a line (or
/// what was written since the last flush) that does not fit into the ring is dropped as a whole,
/// and the console reports how many bytes were.
#[derive(Debug)]
pub struct Stream<'a, N> {
    output: Producer<'a>,
    input: Consumer<'a>,
    console: N,
    /// The current line did not fit; the rest of it is dropped.
    dropping: bool,
}

impl<'a, N: Notify> Stream<'a, N> {
    /// The client's side of `region`. `console` notifies the console.
    ///
    /// Input that waits is dropped: it was for an earlier life of this client, which may have ended
    /// because of it.
    pub fn new(region: &'a Region, console: N) -> Self {
        let (output, mut input) = region.client_ends();
        input.skip();
        Self {
            output,
            input,
            console,
            dropping: false,
        }
    }

    /// Writes bytes. A line feed ends a line and shows it.
    pub fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            if self.dropping {
                self.output.count_lost(1);
            } else if !self.output.stage(byte) {
                self.output.count_lost(self.output.staged() + 1);
                self.output.unstage();
                self.dropping = true;
            }
            if byte == b'\n' {
                self.flush();
            }
        }
    }

    /// Shows what was written, also without the end of a line.
    pub fn flush(&mut self) {
        self.dropping = false;
        if self.output.publish() {
            self.console.notify();
        }
    }

    /// The oldest byte of input. The console notifies the channel when there is some; then it must
    /// be read until there is none.
    pub fn read(&mut self) -> Option<u8> {
        let byte = self.input.pop();
        if byte.is_none() && self.input.settle() {
            return self.input.pop();
        }
        byte
    }
}

impl<N: Notify> fmt::Write for Stream<'_, N> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.write(text.as_bytes());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use core::cell::Cell;
    use core::fmt::Write;
    use std::string::String;
    use std::vec::Vec;

    use super::*;
    use crate::region::TX_CAPACITY;

    impl Notify for &Cell<u32> {
        fn notify(&self) {
            self.set(self.get() + 1);
        }
    }

    fn drain(consumer: &mut Consumer<'_>) -> String {
        let bytes: Vec<u8> = std::iter::from_fn(|| consumer.pop()).collect();
        let _ = consumer.settle();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn a_line_is_shown_at_its_end_with_one_notification() {
        let (region, notified) = (Region::default(), Cell::new(0));
        let mut stream = Stream::new(&region, &notified);
        let (mut console, _) = region.console_ends();
        write!(stream, "{} and {}", 1, 2).unwrap();
        assert_eq!((drain(&mut console).as_str(), notified.get()), ("", 0));
        writeln!(stream, " and {}", 3).unwrap();
        assert_eq!(notified.get(), 1);
        writeln!(stream, "more").unwrap();
        assert_eq!(notified.get(), 1, "the console has not emptied the ring");
        assert_eq!(drain(&mut console), "1 and 2 and 3\nmore\n");
        write!(stream, "prompt> ").unwrap();
        stream.flush();
        assert_eq!(
            (drain(&mut console).as_str(), notified.get()),
            ("prompt> ", 2)
        );
    }

    #[test]
    fn lines_are_lost_whole_and_counted() {
        let (region, notified) = (Region::default(), Cell::new(0));
        let mut stream = Stream::new(&region, &notified);
        let (mut console, _) = region.console_ends();
        let line = "x".repeat(999) + "\n";
        for _ in 0..5 {
            stream.write(line.as_bytes());
        }
        stream.write(b"fits\n");
        let shown = drain(&mut console);
        assert_eq!(shown, line.repeat(4) + "fits\n");
        assert_eq!(console.take_lost(), 1_000);
        // A line longer than the ring.
        stream.write(&[b'y'; TX_CAPACITY + 10]);
        stream.write(b"\n");
        stream.write(b"after\n");
        assert_eq!(drain(&mut console), "after\n");
        assert_eq!(console.take_lost() as usize, TX_CAPACITY + 11);
    }

    #[test]
    fn input_of_an_earlier_life_is_dropped() {
        let (region, notified) = (Region::default(), Cell::new(0));
        let (_, mut console) = region.console_ends();
        assert!(console.stage(b'x') && console.publish());
        let mut stream = Stream::new(&region, &notified);
        assert_eq!(stream.read(), None);
        assert!(
            console.stage(b'y') && console.publish(),
            "the client may sleep"
        );
        assert_eq!(stream.read(), Some(b'y'));
    }

    #[test]
    fn input_arrives() {
        let (region, notified) = (Region::default(), Cell::new(0));
        let mut stream = Stream::new(&region, &notified);
        let (_, mut console) = region.console_ends();
        assert_eq!(stream.read(), None);
        for byte in *b"ok" {
            assert!(console.stage(byte));
        }
        assert!(console.publish());
        assert!(std::iter::from_fn(|| stream.read()).eq(*b"ok"));
    }
}
