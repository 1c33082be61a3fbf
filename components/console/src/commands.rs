// SPDX-License-Identifier: BSD-2-Clause
//! What the commands of the prompt do.

use core::fmt::Write;

use heapless::String;
use vmm_control::{Command, Snapshot};

use crate::focus::existing;
use crate::guests::{Brief, Earlier, Guests, report};
use crate::multiplexer::Multiplexer;
use crate::prompt::{Request, Wrong, parse};

impl Multiplexer<'_> {
    /// Obeys a line of the prompt.
    pub(crate) fn obey(&mut self, line: &str, guests: &mut impl Guests) {
        match parse(line) {
            Ok(Request::List) => self.list(guests),
            Ok(Request::Stat(Some(name))) => {
                if let Some(stream) = self.guest(name, guests) {
                    self.stat(stream, guests);
                }
            }
            Ok(Request::Stat(None)) => self.stat_all(guests),
            Ok(Request::Tell(command, name)) => self.tell(command, name, guests),
            Ok(Request::Switch(name)) => self.switch(name),
            Ok(Request::Help) => self.help_commands(),
            Ok(Request::Exit) => self.leave_prompt(),
            Err(Wrong::Unknown(word)) => {
                self.notice(format_args!(
                    "no command '{word}'; 'help' shows what there is"
                ));
            }
            Err(Wrong::NoName(word)) => {
                let known = self.known(guests);
                self.notice(format_args!("'{word}' needs a name: {known}"));
            }
            Err(Wrong::TooMuch(word)) => {
                self.notice(format_args!("'{word}' is one word too many; try 'help'"));
            }
        }
    }

    /// Lists the streams, and what those are doing that are guests.
    pub(crate) fn list(&mut self, guests: &impl Guests) {
        for number in 0..existing(&self.names).count() {
            let Some(stream) = existing(&self.names).nth(number) else {
                continue;
            };
            let name = self.names[stream].unwrap_or_default();
            let mark = if self.focus == Some(stream) {
                " <- input"
            } else {
                ""
            };
            if guests.is_guest(stream) {
                let snapshot = guests.snapshot(stream);
                let brief = Brief(snapshot.as_ref());
                self.notices
                    .line(format_args!("{number:2} {name} (guest: {brief}){mark}"));
            } else {
                self.notices.line(format_args!("{number:2} {name}{mark}"));
            }
        }
    }

    fn help_commands(&mut self) {
        for line in [
            "list              the streams, and what guests are doing",
            "stat [GUEST]      its time, interrupts and exits; without a name, of all",
            "start GUEST       if it is stopped or has ended",
            "stop GUEST        at once, whatever it does",
            "reset GUEST       at once, and start it again",
            "switch STREAM     gives it the input; by name or number",
            "exit              as Ctrl-D: gives the input back",
        ] {
            self.notice(format_args!("{line}"));
        }
    }

    fn stat_all(&mut self, guests: &impl Guests) {
        let mut any = false;
        for stream in 0..self.names.len() {
            if self.names[stream].is_some() && guests.is_guest(stream) {
                any = true;
                self.stat(stream, guests);
            }
        }
        if !any {
            self.notice(format_args!("there are no guests"));
        }
    }

    fn stat(&mut self, stream: usize, guests: &impl Guests) {
        let name = self.names[stream].unwrap_or_default();
        let Some(now) = guests.snapshot(stream) else {
            return self.notice(format_args!("{name}: no monitor yet"));
        };
        let notices = &mut self.notices;
        let earlier = self.earlier.as_ref();
        let earlier = earlier.filter(|earlier| earlier.stream == stream);
        let earlier = earlier.map(|earlier| &earlier.snapshot);
        report(
            name,
            &now,
            earlier.filter(|earlier| continues(earlier, &now)),
            |line| {
                notices.line(line);
            },
        );
        self.earlier = Some(Earlier {
            stream,
            snapshot: now,
        });
    }

    fn tell(&mut self, command: Command, name: &str, guests: &mut impl Guests) {
        let Some(stream) = self.guest(name, guests) else {
            return;
        };
        match guests.command(stream, command) {
            Ok(()) => self.notice(format_args!("told '{name}' to {command}")),
            Err(busy) => self.notice(format_args!("'{name}' {busy}")),
        }
    }

    fn switch(&mut self, name: &str) {
        if let Some(stream) = self.named(name) {
            return self.set_focus(Some(stream));
        }
        match name.parse() {
            Ok(number) => self.focus_on(number),
            Err(_) => self.notice(format_args!("there is no stream '{name}'; try 'list'")),
        }
    }

    /// The guest of that name; else says which there are.
    fn guest(&mut self, name: &str, guests: &impl Guests) -> Option<usize> {
        let stream = self.named(name).filter(|stream| guests.is_guest(*stream));
        if stream.is_none() {
            let known = self.known(guests);
            self.notice(format_args!("there is no guest '{name}': {known}"));
        }
        stream
    }

    /// The guests that there are, as far as they fit into a line.
    fn known(&self, guests: &impl Guests) -> String<200> {
        let mut text = String::new();
        let streams = existing(&self.names).filter(|stream| guests.is_guest(*stream));
        for name in streams.filter_map(|stream| self.names[stream]) {
            let before = if text.is_empty() {
                "the guests are "
            } else {
                ", "
            };
            // What does not fit is left out.
            let _ = write!(text, "{before}{name}");
        }
        if text.is_empty() {
            let _ = text.push_str("there are no guests");
        }
        text
    }

    fn named(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|other| *other == Some(name))
    }
}

/// Is the one the later of the same life?
fn continues(earlier: &Snapshot, now: &Snapshot) -> bool {
    earlier.starts == now.starts && earlier.times.total() < now.times.total()
}
