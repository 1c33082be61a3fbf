// SPDX-License-Identifier: BSD-2-Clause
//! What the console itself has to say, waiting for room on the screen.

use core::fmt;

use heapless::Deque;

/// Enough for the list of all streams.
const CAPACITY: usize = 6 * 1024;

/// Bytes of the console's own lines. What does not fit is dropped.
#[derive(Debug, Default)]
pub(crate) struct Notices(Deque<u8, CAPACITY>);

impl Notices {
    /// The oldest byte.
    pub fn pop(&mut self) -> Option<u8> {
        self.0.pop_front()
    }

    /// Adds a line.
    pub fn line(&mut self, text: fmt::Arguments<'_>) {
        // Neither can fail: `write_str` below does not.
        let _ = fmt::Write::write_fmt(self, text);
        let _ = fmt::Write::write_str(self, "\n");
    }
}

impl fmt::Write for Notices {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for byte in text.bytes() {
            if self.0.push_back(byte).is_err() {
                break;
            }
        }
        Ok(())
    }
}
