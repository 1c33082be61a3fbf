// SPDX-License-Identifier: BSD-2-Clause
//! Which bytes of a stream's output may reach the terminal.

/// What becomes of a byte of output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Output {
    /// Shown as it is: printable ASCII, tab, and all above 0x7f (UTF-8).
    Shown(u8),
    /// Shown as `^` and this: other control characters, escape sequences among them. A terminal
    /// that obeyed them would let a stream move the cursor into another's text.
    Caret(u8),
    /// Ends the line.
    End,
    /// Takes the last character of the line back.
    RubOut,
    /// Shown as nothing: a carriage return, which many programs put before a line feed.
    Nothing,
}

impl Output {
    pub(crate) fn of(byte: u8) -> Self {
        match byte {
            b'\n' => Self::End,
            b'\r' => Self::Nothing,
            0x08 => Self::RubOut,
            b'\t' | b' '..=b'~' | 0x80.. => Self::Shown(byte),
            _ => Self::Caret(byte ^ 0x40),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_shown_not_obeyed() {
        for (byte, output) in [
            (b'a', Output::Shown(b'a')),
            (b'\t', Output::Shown(b'\t')),
            (0xc3, Output::Shown(0xc3)),
            (0x1b, Output::Caret(b'[')),
            (0x00, Output::Caret(b'@')),
            (0x7f, Output::Caret(b'?')),
            (0x0c, Output::Caret(b'L')),
            (b'\n', Output::End),
            (b'\r', Output::Nothing),
            (0x08, Output::RubOut),
        ] {
            assert_eq!(Output::of(byte), output, "{byte:#x}");
        }
    }
}
