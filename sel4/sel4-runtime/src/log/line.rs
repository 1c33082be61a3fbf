// SPDX-License-Identifier: BSD-2-Clause
//! Cutting text into log lines of bounded length.

use core::fmt::{self, Write};

/// Longest line in bytes, with the line feed. What is longer ends in `...`.
pub const LINE_MAX: usize = 256;

const CUT: &str = "...";

/// A log line: `NAME|LEVEL: text`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line<'a> {
    with_newline: &'a str,
    name_len: usize,
    prefix_len: usize,
}

impl<'a> Line<'a> {
    /// The whole line with a line feed.
    pub fn with_newline(&self) -> &'a str {
        self.with_newline
    }

    /// The whole line.
    pub fn as_str(&self) -> &'a str {
        &self.with_newline[..self.with_newline.len() - 1]
    }

    /// The line without the name: `LEVEL: text`.
    pub fn without_name(&self) -> &'a str {
        &self.as_str()[self.name_len + 1..]
    }

    /// The text.
    pub fn text(&self) -> &'a str {
        &self.as_str()[self.prefix_len..]
    }
}

/// Formats `message` and gives it line by line to `emit`, at least one line.
///
/// Every line has the prefix, so no text can pass for a line of somebody else; control characters
/// become `?`, carriage returns are left out.
pub fn for_each_line(
    name: &str,
    level: &str,
    message: fmt::Arguments<'_>,
    emit: impl FnMut(Line<'_>),
) {
    let mut writer = LineWriter::new(name, level, emit);
    if writer.write_fmt(message).is_err() {
        // A `Display` failed in the middle: say so where the text breaks off.
        let _ = writer.write_str("(formatting failed)");
    }
    if writer.len > writer.prefix_len || !writer.emitted {
        writer.end_line();
    }
}

struct LineWriter<F> {
    buffer: [u8; LINE_MAX],
    len: usize,
    name_len: usize,
    prefix_len: usize,
    cut: bool,
    emitted: bool,
    emit: F,
}

impl<F: FnMut(Line<'_>)> LineWriter<F> {
    fn new(name: &str, level: &str, emit: F) -> Self {
        let mut writer = Self {
            buffer: [0; LINE_MAX],
            len: 0,
            name_len: 0,
            prefix_len: 0,
            cut: false,
            emitted: false,
            emit,
        };
        writer.push_str(name);
        writer.name_len = writer.len;
        for part in ["|", level, ": "] {
            writer.push_str(part);
        }
        writer.prefix_len = writer.len;
        writer
    }

    fn push_str(&mut self, s: &str) {
        s.chars().for_each(|c| self.push(c));
    }

    fn push(&mut self, c: char) {
        let end = self.len + c.len_utf8();
        // Room stays for the mark and the line feed.
        if self.cut || end > LINE_MAX - CUT.len() - 1 {
            self.cut = true;
            return;
        }
        c.encode_utf8(&mut self.buffer[self.len..end]);
        self.len = end;
    }

    fn end_line(&mut self) {
        let mut end = self.len;
        if self.cut {
            self.buffer[end..end + CUT.len()].copy_from_slice(CUT.as_bytes());
            end += CUT.len();
        }
        self.buffer[end] = b'\n';
        let with_newline = core::str::from_utf8(&self.buffer[..=end]).unwrap_or("?\n");
        let (name_len, prefix_len) = (self.name_len, self.prefix_len);
        (self.emit)(Line {
            with_newline,
            name_len,
            prefix_len,
        });
        self.emitted = true;
        self.len = self.prefix_len;
        self.cut = false;
    }
}

impl<F: FnMut(Line<'_>)> Write for LineWriter<F> {
    fn write_str(&mut self, s: &str) -> fmt::Result {
        for c in s.chars() {
            match c {
                '\n' => self.end_line(),
                '\r' => (),
                '\t' => self.push(c),
                c if c.is_control() => self.push('?'),
                c => self.push(c),
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn lines(name: &str, message: &str) -> Vec<String> {
        let mut lines = Vec::new();
        for_each_line(name, "INFO", format_args!("{message}"), |line| {
            assert_eq!(line.with_newline(), format!("{}\n", line.as_str()));
            assert_eq!(line.as_str(), format!("{name}|{}", line.without_name()));
            assert_eq!(line.without_name(), format!("INFO: {}", line.text()));
            lines.push(line.as_str().to_owned());
        });
        lines
    }

    #[test]
    fn ordinary_text() {
        assert_eq!(lines("timer", "100 MHz"), ["timer|INFO: 100 MHz"]);
        assert_eq!(lines("timer", ""), ["timer|INFO: "]);
        assert_eq!(
            lines("t", "tab\there, ümlaut"),
            ["t|INFO: tab\there, ümlaut"]
        );
    }

    #[test]
    fn every_line_gets_the_prefix() {
        assert_eq!(
            lines("evil", "x\r\nmonitor|ERROR: lie\n"),
            ["evil|INFO: x", "evil|INFO: monitor|ERROR: lie"]
        );
        assert_eq!(lines("a", "\n\nb"), ["a|INFO: ", "a|INFO: ", "a|INFO: b"]);
    }

    #[test]
    fn control_characters_are_replaced() {
        assert_eq!(lines("a", "\x1b[2J\x07\u{9b}"), ["a|INFO: ?[2J??"]);
    }

    #[test]
    fn long_lines_are_cut() {
        let long = "x".repeat(1000);
        let [line] = <[String; 1]>::try_from(lines("a", &long)).unwrap();
        assert_eq!(line.len() + 1, LINE_MAX);
        assert!(line.ends_with("xxx..."));
        let just = "x".repeat(LINE_MAX - 1 - CUT.len() - "a|INFO: ".len());
        assert_eq!(lines("a", &just), [format!("a|INFO: {just}")]);
        assert_eq!(
            lines("a", &format!("{just}y\nz")),
            [format!("a|INFO: {just}..."), "a|INFO: z".into(),]
        );
    }

    #[test]
    fn a_failing_display_is_named() {
        struct Bad;
        impl fmt::Display for Bad {
            fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
                Err(fmt::Error)
            }
        }
        let mut text = String::new();
        for_each_line("a", "WARN", format_args!("b{Bad}"), |line| {
            text = line.as_str().into()
        });
        assert_eq!(text, "a|WARN: b(formatting failed)");
    }

    proptest! {
        #[test]
        fn any_text_makes_bounded_clean_lines(message in "\\PC*|[\\x00-\\x7f]*|.*", long in 0usize..4) {
            let message = message.repeat(long * 20);
            for line in lines("name", &message) {
                prop_assert!(line.len() < LINE_MAX);
                prop_assert!(line.starts_with("name|INFO: "));
                prop_assert!(!line.chars().any(|c| c.is_control() && c != '\t'));
            }
        }
    }
}
