// SPDX-License-Identifier: BSD-2-Clause
//! What becomes of keys: input for a stream, a command, or a change between these.

use super::{Multiplexer, PROMPT, PROMPT_TEXT, Streams};
use crate::focus::{after, before, existing};
use crate::guests::Guests;
use crate::keys::Key;
use crate::prompt::{Prompt, Typed};

impl Multiplexer<'_> {
    /// Takes a key press.
    pub fn press(&mut self, byte: u8, streams: &mut impl Streams, guests: &mut impl Guests) {
        match self.keys.press(byte) {
            None => {}
            Some(Key::Input(byte)) if self.prompting => self.type_command(byte, guests),
            Some(Key::Input(byte)) => self.input(byte, streams),
            Some(Key::Next) => self.set_focus(after(&self.names, self.focus)),
            Some(Key::Previous) => self.set_focus(before(&self.names, self.focus)),
            Some(Key::Focus(number)) => self.focus_on(number),
            Some(Key::List) => self.list(guests),
            Some(Key::Prompt) => self.enter_prompt(),
            Some(Key::Help) => self.notice(format_args!(
                "Ctrl-] then: 0-9 input to that stream, n next, p previous, l list, c commands, \
                 Ctrl-] the key itself"
            )),
        }
    }

    fn input(&mut self, byte: u8, streams: &mut impl Streams) {
        if let Some(stream) = self.focus
            && !streams.input(stream, byte)
        {
            self.input_lost = self.input_lost.saturating_add(1);
        }
    }

    fn enter_prompt(&mut self) {
        if !self.prompting {
            self.notice(format_args!("commands; 'help' shows them, Ctrl-D ends"));
        }
        self.prompting = true;
        self.prompt = Prompt::default();
        self.begin_prompt();
    }

    fn begin_prompt(&mut self) {
        self.lines[PROMPT].clear();
        for byte in PROMPT_TEXT {
            // It is not long enough to be complete.
            let _ = self.lines[PROMPT].push(*byte);
        }
    }

    pub(crate) fn leave_prompt(&mut self) {
        self.set_focus(self.focus);
    }

    fn type_command(&mut self, byte: u8, guests: &mut impl Guests) {
        match self.prompt.press(byte) {
            Typed::Nothing => {}
            Typed::Left => self.leave_prompt(),
            Typed::Less => {
                let _ = self.lines[PROMPT].push(0x08);
            }
            Typed::More(byte) => {
                let _ = self.lines[PROMPT].push(byte);
            }
            Typed::Entered(line) => {
                // The screen shows it already, unless it was typed faster than that.
                let shown = self.screen.open() == Some(PROMPT);
                if !shown || self.lines[PROMPT].is_changed() {
                    self.notice(format_args!("> {line}"));
                }
                self.begin_prompt();
                self.obey(&line, guests);
            }
        }
    }

    pub(crate) fn focus_on(&mut self, number: usize) {
        let stream = existing(&self.names).nth(number);
        if stream.is_some() {
            self.set_focus(stream);
        } else {
            self.notice(format_args!("there is no stream {number}"));
        }
    }

    /// Gives the input to a stream, also if the prompt had it.
    pub(crate) fn set_focus(&mut self, stream: Option<usize>) {
        self.prompting = false;
        self.focus = stream;
        if let Some(name) = stream.and_then(|stream| self.names[stream]) {
            self.notice(format_args!("input goes to '{name}'"));
        }
    }
}
