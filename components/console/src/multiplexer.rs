// SPDX-License-Identifier: BSD-2-Clause
//! The streams in turn onto one screen, the keys to the stream with the focus.

mod input;

use core::fmt;

use crate::focus::{Names, after};
use crate::guests::Earlier;
use crate::keys::Keys;
use crate::line::Line;
use crate::notices::Notices;
use crate::prompt::Prompt;
use crate::screen::{Counted, RESERVE, Screen, Sink};

/// The number of streams: one for each channel that a protection domain can have.
pub const MAX_STREAMS: usize = 62;

/// The name under which the console itself speaks.
const OWN_NAME: &str = "console";

/// The prompt's line stands behind those of the streams.
const PROMPT: usize = MAX_STREAMS;

/// How it begins.
const PROMPT_TEXT: &[u8] = b"> ";

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
    pub(crate) names: Names<'a>,
    /// The streams' lines, and the prompt's.
    lines: [Line; MAX_STREAMS + 1],
    screen: Screen,
    keys: Keys,
    pub(crate) focus: Option<usize>,
    /// The input goes to the prompt, not to the stream with the focus.
    prompting: bool,
    prompt: Prompt,
    /// What `stat` told last.
    pub(crate) earlier: Option<Earlier>,
    /// Whose turn it is.
    next: usize,
    pub(crate) notices: Notices,
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
            prompting: false,
            prompt: Prompt::default(),
            earlier: None,
            lines: [const { Line::new() }; MAX_STREAMS + 1],
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

    /// Shows the unfinished line of what has the input. Returns false if there was no room.
    fn show_focus(&mut self, sink: &mut impl Sink) -> bool {
        let Some((stream, name)) = self.input_line() else {
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

    /// The line of what has the input, and its name.
    fn input_line(&self) -> Option<(usize, &'a str)> {
        if self.prompting {
            return Some((PROMPT, OWN_NAME));
        }
        let stream = self.focus?;
        Some((stream, self.names[stream]?))
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
}

#[cfg(test)]
mod tests;
