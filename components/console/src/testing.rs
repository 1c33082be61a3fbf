// SPDX-License-Identifier: BSD-2-Clause
//! Stand-ins for tests.

extern crate std;

use std::vec::Vec;

use vmm_control::{Busy, Command, Control, Guest, Page, Snapshot};

use crate::guests::Guests;

/// No stream is a guest's.
pub struct NoGuests;

impl Guests for NoGuests {
    fn is_guest(&self, _: usize) -> bool {
        false
    }
    fn snapshot(&self, _: usize) -> Option<Snapshot> {
        None
    }
    fn command(&mut self, _: usize, command: Command) -> Result<(), Busy> {
        Err(Busy(command))
    }
}

/// One stream is a guest's.
pub struct OneGuest<'a> {
    stream: usize,
    page: &'a Page,
    /// The time-stamp counter.
    pub now: u64,
    /// Commands that were given.
    pub given: Vec<Command>,
}

impl<'a> OneGuest<'a> {
    /// The stream's guest, and its monitor's end of the page.
    pub fn new(stream: usize, page: &'a Page) -> (Self, Control<'a>) {
        let guest = Self {
            stream,
            page,
            now: 0,
            given: Vec::new(),
        };
        (guest, Control::attach(page, 1_000))
    }
}

impl Guests for OneGuest<'_> {
    fn is_guest(&self, stream: usize) -> bool {
        stream == self.stream
    }
    fn snapshot(&self, _: usize) -> Option<Snapshot> {
        Guest::attach(self.page).snapshot(self.now)
    }
    fn command(&mut self, _: usize, command: Command) -> Result<(), Busy> {
        self.given.push(command);
        Guest::attach(self.page).command(command)
    }
}
