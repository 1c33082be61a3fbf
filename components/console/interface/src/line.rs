// SPDX-License-Identifier: BSD-2-Clause
//! Input line by line, with an echo, for clients that are not a terminal of their own.

use heapless::Vec;

use crate::stream::{Notify, Stream};

/// The longest line of input in bytes; what is typed beyond is ignored.
pub const MAX_LINE: usize = 128;

const BACKSPACE: u8 = 0x08;
const DELETE: u8 = 0x7f;

/// Collects input into lines and echoes it.
#[derive(Debug, Default)]
pub struct LineInput {
    line: Vec<u8, MAX_LINE>,
    complete: bool,
}

impl LineInput {
    /// An empty line.
    pub const fn new() -> Self {
        Self {
            line: Vec::new(),
            complete: false,
        }
    }

    /// Reads what `stream` has, up to the end of a line. Returns the line without its end, or `None`
    /// if it is not complete yet. To be called until it returns `None`.
    pub fn read<N: Notify>(&mut self, stream: &mut Stream<'_, N>) -> Option<&str> {
        if core::mem::take(&mut self.complete) {
            self.line.clear();
        }
        while let Some(byte) = stream.read() {
            match byte {
                b'\r' | b'\n' => {
                    stream.write(b"\n");
                    self.complete = true;
                    // Only printable ASCII was taken.
                    return core::str::from_utf8(&self.line).ok();
                }
                BACKSPACE | DELETE if self.line.pop().is_some() => stream.write(&[BACKSPACE]),
                b' '..=b'~' if self.line.push(byte).is_ok() => stream.write(&[byte]),
                _ => {}
            }
        }
        stream.flush();
        None
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use core::cell::Cell;
    use std::string::String;
    use std::vec::Vec as StdVec;

    use super::*;
    use crate::region::Region;

    /// Types `input`; returns the lines read and the echo.
    fn type_in(input: &[u8]) -> (StdVec<String>, StdVec<u8>) {
        let (region, notified) = (Region::default(), Cell::new(0));
        let mut stream = Stream::new(&region, &notified);
        let (mut output, mut console) = region.console_ends();
        let (mut line, mut lines) = (LineInput::new(), StdVec::new());
        for &byte in input {
            assert!(console.stage(byte));
            let _ = console.publish();
            while let Some(text) = line.read(&mut stream) {
                lines.push(text.into());
            }
        }
        (lines, std::iter::from_fn(|| output.pop()).collect())
    }

    #[test]
    fn collects_edits_and_echoes() {
        for (input, lines, echo) in [
            (&b"help\r"[..], &["help"][..], &b"help\n"[..]),
            (b"a\nb\r", &["a", "b"], b"a\nb\n"),
            (b"ax\x7f\x08\x08b\r", &["b"], b"ax\x08\x08b\n"),
            (b"t\x1b[A\xff\r", &["t[A"], b"t[A\n"),
            (b"\r\r", &["", ""], b"\n\n"),
            (b"part", &[], b"part"),
        ] {
            let (got, shown) = type_in(input);
            assert_eq!(got, lines, "{input:?}");
            assert_eq!(shown, echo, "{input:?}");
        }
    }

    #[test]
    fn a_long_line_is_cut() {
        let (lines, _) = type_in(&[&[b'x'; 200][..], b"\r"].concat());
        assert_eq!(lines, ["x".repeat(MAX_LINE)]);
    }
}
