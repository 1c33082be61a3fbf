// SPDX-License-Identifier: BSD-2-Clause
//! The text that diagnostics point into.

use std::sync::Arc;

use miette::{MietteError, MietteSpanContents, SourceCode, SourceSpan, SpanContents};

use crate::model::Span;

/// The name and text of a system description. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Source(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    name: String,
    text: String,
}

impl Source {
    /// `text` may be anything: what would act on a terminal is replaced, byte for byte, when shown.
    pub fn new(name: &str, text: &str) -> Self {
        Self(Arc::new(Inner {
            name: name.chars().map(shown).collect(),
            text: text.chars().map(shown).collect(),
        }))
    }

    /// The file's name as it was given.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// The text, unprintable characters replaced by others of the same length.
    pub fn text(&self) -> &str {
        &self.0.text
    }

    /// Line and column of a byte offset, both from 1, the column in characters. Lines end with LF or
    /// CR LF. An offset past the end or inside a character is moved to the one before.
    pub fn line_column(&self, offset: usize) -> (usize, usize) {
        let before = &self.text()[..self.floor(offset)];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let line = before.bytes().filter(|&byte| byte == b'\n').count() + 1;
        (line, before[line_start..].chars().count() + 1)
    }

    /// The byte offset of a line and a column, both from 1; the nearest one that exists.
    pub(crate) fn offset_of(&self, line: usize, column: usize) -> usize {
        let text = self.text();
        let start: usize = text
            .split_inclusive('\n')
            .take(line.saturating_sub(1))
            .map(str::len)
            .sum();
        let rest = text[start..].split('\n').next().unwrap_or_default();
        let offset = rest
            .char_indices()
            .nth(column.saturating_sub(1))
            .map_or(rest.len(), |(offset, _)| offset);
        start + offset
    }

    /// A span cut off at the end of its first line and kept inside the text.
    pub(super) fn first_line_of(&self, span: Span) -> Span {
        let start = self.floor(span.start);
        let end = self.floor(span.end).max(start);
        let line = &self.text()[start..end];
        let len = line.find(['\r', '\n']).unwrap_or(line.len());
        start..start + len
    }

    /// The longest line that a diagnostic at `offset` would show, in bytes.
    pub(super) fn line_length(&self, offset: usize) -> usize {
        let (before, after) = self.text().split_at(self.floor(offset));
        let head = before.rsplit('\n').next().map_or(0, str::len);
        let tail = after.split('\n').next().map_or(0, str::len);
        head + tail
    }

    fn floor(&self, offset: usize) -> usize {
        let text = self.text();
        let mut offset = offset.min(text.len());
        while !text.is_char_boundary(offset) {
            offset -= 1;
        }
        offset
    }
}

/// A character, or another of the same length in UTF-8 in place of one that would move the cursor or
/// reorder the line.
fn shown(character: char) -> char {
    match character {
        '\t' | '\n' | '\r' => character,
        '\u{0}'..='\u{1f}' | '\u{7f}' => '?',
        '\u{80}'..='\u{9f}' => '\u{b7}',
        '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => '\u{fffd}',
        _ => character,
    }
}

/// A message as it may be printed, on one line.
pub(super) fn one_line(text: &str) -> String {
    text.chars()
        .map(|character| match character {
            '\t' | '\n' | '\r' => ' ',
            _ => shown(character),
        })
        .collect()
}

impl SourceCode for Source {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        context_lines_before: usize,
        context_lines_after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let contents = self
            .text()
            .read_span(span, context_lines_before, context_lines_after)?;
        // Without context it is asked for the place itself; miette would count bytes.
        let (line, column) = if context_lines_before == 0 && context_lines_after == 0 {
            let (line, column) = self.line_column(span.offset());
            (line - 1, column - 1)
        } else {
            (contents.line(), contents.column())
        };
        Ok(Box::new(MietteSpanContents::new_named(
            self.name().into(),
            contents.data(),
            *contents.span(),
            line,
            column,
            contents.line_count(),
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_count_characters_and_both_line_ends() {
        let source = Source::new("f", "ab\r\nä\tc\n\nd");
        for (offset, place) in [
            (0, (1, 1)),
            (2, (1, 3)),
            (4, (2, 1)),
            (5, (2, 1)), // the second byte of a character
            (6, (2, 2)),
            (7, (2, 3)),
            (9, (3, 1)),
            (10, (4, 1)),
            (11, (4, 2)),
            (99, (4, 2)),
        ] {
            assert_eq!(source.line_column(offset), place, "offset {offset}");
        }
        for offset in [0, 1, 2, 4, 6, 7, 9, 10, 11] {
            let (line, column) = source.line_column(offset);
            assert_eq!(source.offset_of(line, column), offset);
        }
    }

    #[test]
    fn a_place_that_does_not_exist_is_moved_to_one_that_does() {
        let source = Source::new("f", "ab\ncd");
        assert_eq!(source.offset_of(0, 0), 0);
        assert_eq!(source.offset_of(1, 100), 2);
        assert_eq!(source.offset_of(100, 1), 5);
        assert_eq!(source.first_line_of(1..100), 1..2);
        assert_eq!(source.first_line_of(9..9), 5..5);
    }

    #[test]
    fn what_a_terminal_would_obey_is_replaced_by_as_many_bytes() {
        let text = "a\u{1b}[2Jb\u{9b}c\u{202e}d\u{0}";
        let source = Source::new(text, text);
        assert_eq!(source.text(), "a?[2Jb\u{b7}c\u{fffd}d?");
        assert_eq!(source.text().len(), text.len());
        assert_eq!(source.name(), source.text());
    }
}
