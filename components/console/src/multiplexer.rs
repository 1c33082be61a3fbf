// SPDX-License-Identifier: BSD-2-Clause
//! The streams in turn onto one screen, the keys to the stream with the focus.

use core::fmt;

use crate::focus::{Names, after, before, existing};
use crate::keys::{Key, Keys};
use crate::line::Line;
use crate::notices::Notices;
use crate::screen::{Counted, RESERVE, Screen, Sink};

/// The number of streams: one for each channel that a protection domain can have.
pub const MAX_STREAMS: usize = 62;

/// The name under which the console itself speaks.
const OWN_NAME: &str = "console";

/// The number of bytes on the screen, or taken from the ring, after which it is the next stream's
/// turn. (A line feed becomes up to 67 bytes on the screen, a carriage return none.)
const PORTION: usize = 512;

/// Rounds of all streams in one [`Multiplexer::pump`], so that input is looked at in between.
const MAX_ROUNDS: usize = 4;

/// The streams' rings.
pub trait Streams {
    /// The oldest byte of a stream's output.
    fn pop(&mut self, stream: usize) -> Option<u8>;
    /// Frees the places of the bytes taken. Returns whether more wait.
    fn settle(&mut self, stream: usize) -> bool;
    /// The bytes of output that the stream's owner dropped since the last call.
    fn take_lost(&mut self, stream: usize) -> u32;
    /// Puts a byte into the stream's input. Returns false if it is full.
    fn input(&mut self, stream: usize, byte: u8) -> bool;
}

/// The console's state.
#[derive(Debug)]
pub struct Multiplexer<'a> {
    names: Names<'a>,
    lines: [Line; MAX_STREAMS],
    screen: Screen,
    keys: Keys,
    focus: Option<usize>,
    /// Whose turn it is.
    next: usize,
    notices: Notices,
    own_line: Line,
    /// Bytes of input that the stream with the focus had no room for.
    input_lost: u32,
}

impl<'a> Multiplexer<'a> {
    /// A console for the streams that have a name. The first gets the focus.
    pub fn new(names: Names<'a>) -> Self {
        Self {
            focus: after(&names, None),
            names,
            lines: [const { Line::new() }; MAX_STREAMS],
            screen: Screen::default(),
            keys: Keys::default(),
            next: 0,
            notices: Notices::default(),
            own_line: Line::new(),
            input_lost: 0,
        }
    }

    /// Has the console say something, in a line of its own.
    pub fn notice(&mut self, text: fmt::Arguments<'_>) {
        self.notices.line(text);
    }

    /// Takes a key press.
    pub fn press(&mut self, byte: u8, streams: &mut impl Streams) {
        match self.keys.press(byte) {
            None => {}
            Some(Key::Input(byte)) => self.input(byte, streams),
            Some(Key::Next) => self.set_focus(after(&self.names, self.focus)),
            Some(Key::Previous) => self.set_focus(before(&self.names, self.focus)),
            Some(Key::Focus(number)) => self.focus_on(number),
            Some(Key::List) => self.list(),
            Some(Key::Help) => self.notice(format_args!(
                "Ctrl-] then: 0-9 input to that stream, n next, p previous, l list, \
                 Ctrl-] the key itself"
            )),
        }
    }

    /// Moves output from the streams to the screen. Returns true if there is nothing left to move;
    /// else it is to be called again: at once if the sink has room, or as soon as it has.
    pub fn pump(&mut self, streams: &mut impl Streams, sink: &mut impl Sink) -> bool {
        for _ in 0..MAX_ROUNDS {
            if !self.serve_notices(sink) {
                return false;
            }
            let mut moved = false;
            for turn in 0..MAX_STREAMS {
                let stream = (self.next + turn) % MAX_STREAMS;
                let Some(name) = self.names[stream] else {
                    continue;
                };
                if sink.room() < RESERVE {
                    self.next = stream;
                    return false;
                }
                moved |= self.serve(stream, name, streams, sink);
            }
            if !moved {
                return self.show_focus(sink);
            }
        }
        false
    }

    /// Serves one stream its portion. Returns whether there was something.
    fn serve(
        &mut self,
        stream: usize,
        name: &str,
        streams: &mut impl Streams,
        sink: &mut impl Sink,
    ) -> bool {
        let sink = &mut Counted::new(sink);
        let mut taken = 0;
        while sink.room() >= RESERVE && sink.put < PORTION && taken < PORTION {
            if self.lines[stream].is_full() {
                self.finish(stream, name, sink);
                continue;
            }
            let Some(byte) = streams.pop(stream) else {
                break;
            };
            taken += 1;
            if self.lines[stream].push(byte) {
                self.finish(stream, name, sink);
            }
        }
        if sink.room() >= RESERVE {
            let lost = streams.take_lost(stream);
            if lost > 0 {
                self.leave_open(sink);
                let mut text = heapless::String::<40>::new();
                // Fits: ten digits and 18 letters.
                let _ = fmt::write(&mut text, format_args!("[{lost} bytes dropped]"));
                self.screen.put_line(name, text.as_bytes(), sink);
            }
        }
        streams.settle(stream) || taken > 0
    }

    /// Shows what the console itself has to say. Returns false if there was no room for all.
    fn serve_notices(&mut self, sink: &mut impl Sink) -> bool {
        let lost = core::mem::take(&mut self.input_lost);
        if let (1.., Some(name)) = (lost, self.focus.and_then(|stream| self.names[stream])) {
            self.notice(format_args!(
                "{lost} bytes of input dropped: '{name}' does not read them"
            ));
        }
        loop {
            if sink.room() < RESERVE {
                return false;
            }
            let Some(byte) = self.notices.pop() else {
                return true;
            };
            if self.own_line.push(byte) || self.own_line.is_full() {
                self.leave_open(sink);
                self.screen
                    .put_line(OWN_NAME, self.own_line.take_update().1, sink);
                self.own_line.clear();
            }
        }
    }

    /// Shows the unfinished line of the stream with the focus. Returns false if there was no room.
    fn show_focus(&mut self, sink: &mut impl Sink) -> bool {
        let Some(stream) = self.focus else {
            return true;
        };
        let Some(name) = self.names[stream] else {
            return true;
        };
        if !self.lines[stream].is_changed() {
            return true;
        }
        if sink.room() < RESERVE {
            return false;
        }
        if self.screen.open() != Some(stream) {
            self.leave_open(sink);
        }
        self.screen
            .show(stream, name, &mut self.lines[stream], sink);
        true
    }

    fn finish(&mut self, stream: usize, name: &str, sink: &mut impl Sink) {
        if self.screen.open() != Some(stream) {
            self.leave_open(sink);
        }
        self.screen
            .finish(stream, name, &mut self.lines[stream], sink);
    }

    fn leave_open(&mut self, sink: &mut impl Sink) {
        if let Some(open) = self.screen.open() {
            self.screen.leave(&mut self.lines[open], sink);
        }
    }

    fn input(&mut self, byte: u8, streams: &mut impl Streams) {
        if let Some(stream) = self.focus
            && !streams.input(stream, byte)
        {
            self.input_lost = self.input_lost.saturating_add(1);
        }
    }

    fn focus_on(&mut self, number: usize) {
        let stream = existing(&self.names).nth(number);
        if stream.is_some() {
            self.set_focus(stream);
        } else {
            self.notice(format_args!("there is no stream {number}"));
        }
    }

    fn set_focus(&mut self, stream: Option<usize>) {
        self.focus = stream;
        if let Some(name) = stream.and_then(|stream| self.names[stream]) {
            self.notice(format_args!("input goes to '{name}'"));
        }
    }

    fn list(&mut self) {
        for (number, stream) in existing(&self.names).enumerate() {
            let name = self.names[stream].unwrap_or_default();
            let mark = if self.focus == Some(stream) {
                " <- input"
            } else {
                ""
            };
            self.notices.line(format_args!("{number:2} {name}{mark}"));
        }
    }
}

#[cfg(test)]
mod tests;
