// SPDX-License-Identifier: BSD-2-Clause
//! What a system prints on its serial port, cut into lines and understood.

/// Longer lines are cut: a system that prints no line ends must not fill our memory.
const LONGEST: usize = 4096;

/// Cuts bytes into lines.
#[derive(Default)]
pub struct Lines {
    partial: Vec<u8>,
}

impl Lines {
    /// Takes what came and returns the lines that are complete now, without their ends.
    pub fn take(&mut self, bytes: &[u8]) -> Vec<String> {
        let mut lines = Vec::new();
        for &byte in bytes {
            if byte != b'\n' && self.partial.len() < LONGEST {
                self.partial.push(byte);
            } else {
                lines.extend(self.rest());
                if byte != b'\n' {
                    self.partial.push(byte);
                }
            }
        }
        lines
    }

    /// The line that has no end yet, if there is one.
    pub fn rest(&mut self) -> Option<String> {
        let bytes = std::mem::take(&mut self.partial);
        let text = String::from_utf8_lossy(&bytes);
        let text: String = visible(&text).collect();
        // An empty line is a line; nothing at the very end is none. Both are of no use to us.
        let text = text.trim_end();
        (!text.is_empty()).then(|| text.to_owned())
    }
}

/// `text` without control characters and the escape sequences that firmware sends to clear the
/// screen.
fn visible(text: &str) -> impl Iterator<Item = char> + '_ {
    let mut characters = text.chars();
    std::iter::from_fn(move || {
        loop {
            match characters.next()? {
                '\u{1b}' => {
                    // Control sequences end with a letter; others have one more character.
                    if characters.next() == Some('[') {
                        characters.by_ref().find(|c| c.is_ascii_alphabetic());
                    }
                }
                '\t' => return Some(' '),
                character if character.is_control() => {}
                character => return Some(character),
            }
        }
    })
}

/// The levels of messages.
const LEVELS: [&str; 5] = ["ERROR", "WARN", "INFO", "DEBUG", "TRACE"];

/// A line that a part of the system printed: `timer|INFO: 100 MHz`, or `console|2 streams`, which
/// has no level.
#[derive(Debug, PartialEq, Eq)]
pub struct Logged<'a> {
    /// Name of the protection domain, or of the part of the system.
    pub name: &'a str,
    /// `ERROR`, `WARN`, `INFO`, `DEBUG`, `TRACE`, or nothing.
    pub level: &'a str,
    /// The rest.
    pub text: &'a str,
}

impl<'a> Logged<'a> {
    /// Understands `line`, if it is one.
    pub fn parse(line: &'a str) -> Option<Self> {
        let (name, rest) = line.split_once('|')?;
        if name.is_empty() || name.contains(char::is_whitespace) {
            return None;
        }
        let levelled = rest
            .split_once(':')
            .filter(|(level, _)| LEVELS.contains(level));
        let (level, text) = levelled.unwrap_or(("", rest));
        Some(Self {
            name,
            level,
            text: text.trim_start(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn lines(pieces: &[&str]) -> Vec<String> {
        let mut lines = Lines::default();
        let mut all: Vec<String> = pieces
            .iter()
            .flat_map(|p| lines.take(p.as_bytes()))
            .collect();
        all.extend(lines.rest());
        all
    }

    #[test]
    fn lines_are_put_together_and_cleaned() {
        let cases: [(&[&str], &[&str]); 6] = [
            (&["a\nb\n"], &["a", "b"]),
            (&["a", "b\r\n\r", "\nc"], &["ab", "c"]),
            (&["\x1b[2J\x1b[1;1Hx\x1b[0m|y\n"], &["x|y"]),
            (&["\x1bcreset\n"], &["reset"]),
            (&["a\tb\x07\n"], &["a b"]),
            (&[], &[]),
        ];
        for (pieces, expected) in cases {
            assert_eq!(lines(pieces), expected, "{pieces:?}");
        }
    }

    #[test]
    fn a_line_without_an_end_is_cut() {
        let long = "x".repeat(LONGEST + 10);
        let cut = lines(&[&long]);
        assert_eq!(
            cut.iter().map(String::len).collect::<Vec<_>>(),
            [LONGEST, 10]
        );
    }

    #[test]
    fn log_lines_are_told_from_others() {
        let logged = |name, level, text| Some(Logged { name, level, text });
        for (line, expected) in [
            ("timer|INFO: 100 MHz", logged("timer", "INFO", "100 MHz")),
            ("a-b|WARN: x: y|z", logged("a-b", "WARN", "x: y|z")),
            (
                "MON|ERROR: pd 'x' faulted",
                logged("MON", "ERROR", "pd 'x' faulted"),
            ),
            ("x|INFO:", logged("x", "INFO", "")),
            ("console|2 streams", logged("console", "", "2 streams")),
            ("x|NOTE: y", logged("x", "", "NOTE: y")),
            ("two words|INFO: y", None),
            ("|INFO: y", None),
            ("Booting all finished, dropped to user space", None),
        ] {
            assert_eq!(Logged::parse(line), expected, "{line}");
        }
    }

    proptest! {
        #[test]
        fn how_the_bytes_arrive_does_not_matter(text: Vec<u8>, at: prop::sample::Index) {
            let mut whole = Lines::default();
            let mut parts = Lines::default();
            let mut expected = whole.take(&text);
            expected.extend(whole.rest());
            let (first, second) = text.split_at(at.index(text.len() + 1));
            let mut found = parts.take(first);
            found.extend(parts.take(second));
            found.extend(parts.rest());
            prop_assert_eq!(found, expected);
        }
    }
}
