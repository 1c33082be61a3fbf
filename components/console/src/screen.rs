// SPDX-License-Identifier: BSD-2-Clause
//! The terminal as a sequence of lines: which stream's unfinished line is the last one.

use crate::line::{LINE_BYTES, Line};

/// Room that a [`Sink`] must have before a line is put: an open line's end, a name, the most
/// erasures, the text and its end.
pub(crate) const RESERVE: usize = 2 + 64 + 1 + 3 * LINE_BYTES + LINE_BYTES + 2;

/// Where the screen's bytes go.
pub trait Sink {
    /// How many bytes [`put`](Self::put) takes now.
    fn room(&self) -> usize;
    /// Takes bytes, at most [`room`](Self::room).
    fn put(&mut self, bytes: &[u8]);
}

/// Counts what is put. (The room tells nothing about that: it grows while the wire takes bytes.)
pub(crate) struct Counted<'a, S> {
    sink: &'a mut S,
    /// Bytes put.
    pub put: usize,
}

impl<'a, S: Sink> Counted<'a, S> {
    pub fn new(sink: &'a mut S) -> Self {
        Self { sink, put: 0 }
    }
}

impl<S: Sink> Sink for Counted<'_, S> {
    fn room(&self) -> usize {
        self.sink.room()
    }

    fn put(&mut self, bytes: &[u8]) {
        self.put += bytes.len();
        self.sink.put(bytes);
    }
}

/// The screen.
#[derive(Debug, Default)]
pub(crate) struct Screen {
    /// The stream whose unfinished line is the last on the screen.
    open: Option<usize>,
}

impl Screen {
    /// The stream whose unfinished line is the last on the screen.
    pub fn open(&self) -> Option<usize> {
        self.open
    }

    /// Shows what changed of the unfinished line of `stream`. No other line may be open.
    pub fn show(&mut self, stream: usize, name: &str, line: &mut Line, sink: &mut impl Sink) {
        if self.open != Some(stream) {
            put_name(name, sink);
            self.open = Some(stream);
        }
        let (stale, text) = line.take_update();
        for _ in 0..stale {
            sink.put(b"\x08 \x08");
        }
        sink.put(text);
    }

    /// Shows the line of `stream` as finished. No other line may be open.
    pub fn finish(&mut self, stream: usize, name: &str, line: &mut Line, sink: &mut impl Sink) {
        self.show(stream, name, line, sink);
        line.clear();
        sink.put(b"\r\n");
        self.open = None;
    }

    /// Shows a whole line. No line may be open.
    pub fn put_line(&mut self, name: &str, text: &[u8], sink: &mut impl Sink) {
        put_name(name, sink);
        sink.put(text);
        sink.put(b"\r\n");
    }

    /// Leaves the open line, `line`, as it is and goes to the next.
    pub fn leave(&mut self, line: &mut Line, sink: &mut impl Sink) {
        line.hide();
        sink.put(b"\r\n");
        self.open = None;
    }
}

fn put_name(name: &str, sink: &mut impl Sink) {
    let bytes = name.as_bytes();
    sink.put(&bytes[..bytes.len().min(64)]);
    sink.put(b"|");
}
