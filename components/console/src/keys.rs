// SPDX-License-Identifier: BSD-2-Clause
//! What the keys mean.

/// The key that starts a command to the console: Ctrl-], as in telnet. Ctrl-A would be taken by
/// QEMU's own multiplexer (`-nographic`) and by many line editors.
pub const ESCAPE: u8 = 0x1d;

/// What a key asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Key {
    /// This byte is for the stream with the focus.
    Input(u8),
    /// Give the focus to the stream with this number in the list.
    Focus(usize),
    /// Give it to the next.
    Next,
    /// Give it to the one before.
    Previous,
    /// List the streams.
    List,
    /// Give it to the command prompt.
    Prompt,
    /// Show the keys.
    Help,
}

/// Decodes keys.
#[derive(Debug, Default)]
pub(crate) struct Keys {
    escaped: bool,
}

impl Keys {
    /// What `byte` asks for, after what came before it.
    pub fn press(&mut self, byte: u8) -> Option<Key> {
        if !core::mem::take(&mut self.escaped) {
            self.escaped = byte == ESCAPE;
            return (!self.escaped).then_some(Key::Input(byte));
        }
        Some(match byte {
            ESCAPE => Key::Input(ESCAPE),
            b'0'..=b'9' => Key::Focus(usize::from(byte - b'0')),
            b'n' => Key::Next,
            b'p' => Key::Previous,
            b'l' => Key::List,
            b'c' => Key::Prompt,
            _ => Key::Help,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decodes() {
        let cases: [(&[u8], &[Key]); 7] = [
            (b"a\r", &[Key::Input(b'a'), Key::Input(b'\r')]),
            (b"\x1d3x", &[Key::Focus(3), Key::Input(b'x')]),
            (
                b"\x1dn\x1dp\x1dl\x1dh",
                &[Key::Next, Key::Previous, Key::List, Key::Help],
            ),
            (b"\x1d\x1d0", &[Key::Input(ESCAPE), Key::Input(b'0')]),
            (b"\x1dZ0", &[Key::Help, Key::Input(b'0')]),
            (b"\x1dcx", &[Key::Prompt, Key::Input(b'x')]),
            (b"\x1d", &[]),
        ];
        for (typed, expected) in cases {
            let mut keys = Keys::default();
            let got: heapless::Vec<Key, 8> = typed.iter().filter_map(|&b| keys.press(b)).collect();
            assert_eq!(got, expected, "{typed:?}");
        }
    }
}
