// SPDX-License-Identifier: BSD-2-Clause
//! One stream's current line.

use heapless::Vec;

use crate::text::Output;

/// The longest line that is shown in one; a longer one is broken.
pub(crate) const LINE_BYTES: usize = 256;

/// A line that is being put together, and how much of it is on the screen.
#[derive(Debug)]
pub(crate) struct Line {
    text: Vec<u8, LINE_BYTES>,
    /// Leading bytes that are on the screen.
    shown: usize,
    /// Characters at the end of the line on the screen that were rubbed out since.
    stale: usize,
}

impl Line {
    /// An empty line.
    pub const fn new() -> Self {
        Self {
            text: Vec::new(),
            shown: 0,
            stale: 0,
        }
    }

    /// Adds a byte of output. Returns true if the line is complete: then it is to be shown and
    /// [cleared](Self::clear), and if [`is_full`](Self::is_full) was true the byte given again.
    #[must_use]
    pub fn push(&mut self, byte: u8) -> bool {
        match Output::of(byte) {
            Output::End => return true,
            Output::Nothing => {}
            Output::RubOut => self.rub_out(),
            Output::Shown(byte) => self.append(byte),
            Output::Caret(letter) => {
                self.append(b'^');
                self.append(letter);
            }
        }
        false
    }

    /// Whether the next byte may not fit. (A control character takes two.)
    pub fn is_full(&self) -> bool {
        self.text.len() + 2 > LINE_BYTES
    }

    /// Whether the screen does not show the line as it is.
    pub fn is_changed(&self) -> bool {
        self.shown < self.text.len() || self.stale > 0
    }

    /// How many characters to erase on the screen, and the text to show after that. The screen is
    /// then up to date.
    pub fn take_update(&mut self) -> (usize, &[u8]) {
        let from = core::mem::replace(&mut self.shown, self.text.len());
        (core::mem::take(&mut self.stale), &self.text[from..])
    }

    /// Takes note that nothing of it is on the screen's current line any more.
    pub fn hide(&mut self) {
        self.shown = 0;
        self.stale = 0;
    }

    /// Starts a new line.
    pub fn clear(&mut self) {
        self.text.clear();
        self.hide();
    }

    fn append(&mut self, byte: u8) {
        // Cannot fail: whoever pushes shows a full line first.
        let _ = self.text.push(byte);
    }

    fn rub_out(&mut self) {
        while let Some(byte) = self.text.pop() {
            // The bytes 10xxxxxx continue a UTF-8 character.
            if byte & 0xc0 != 0x80 {
                break;
            }
        }
        if self.shown > self.text.len() {
            self.shown = self.text.len();
            self.stale += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fill(line: &mut Line, bytes: &[u8]) {
        for &byte in bytes {
            assert!(!line.push(byte));
        }
    }

    #[test]
    fn shows_each_byte_once() {
        let mut line = Line::new();
        fill(&mut line, b"ab\x1b");
        assert!(line.is_changed());
        assert_eq!(line.take_update(), (0, &b"ab^["[..]));
        assert!(!line.is_changed());
        fill(&mut line, b"c\r");
        assert_eq!(line.take_update(), (0, &b"c"[..]));
        line.hide();
        assert_eq!(line.take_update(), (0, &b"ab^[c"[..]));
        assert!(line.push(b'\n'));
        line.clear();
        assert_eq!(line.take_update(), (0, &b""[..]));
    }

    #[test]
    fn rubs_out_characters_not_bytes() {
        let mut line = Line::new();
        fill(&mut line, "xé".as_bytes());
        let _ = line.take_update();
        fill(&mut line, b"\x08");
        assert_eq!(line.take_update(), (1, &b""[..]));
        fill(&mut line, b"z\x08\x08\x08\x08");
        assert_eq!(
            line.take_update(),
            (1, &b""[..]),
            "z was never shown, x was"
        );
        assert!(!line.is_changed());
    }

    #[test]
    fn says_when_it_is_full() {
        let mut line = Line::new();
        while !line.is_full() {
            assert!(!line.push(0x1b));
        }
        assert_eq!(line.take_update().1.len(), LINE_BYTES);
    }
}
