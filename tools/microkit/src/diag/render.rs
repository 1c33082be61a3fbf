// SPDX-License-Identifier: BSD-2-Clause
//! Diagnostics as text.

use std::io::{self, IsTerminal, Write};

use miette::{GraphicalReportHandler, GraphicalTheme};

use super::Diagnostic;

/// How a diagnostic is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// With the lines that it is about, marked, and the help.
    Graphical {
        /// With the colours of a terminal.
        colour: bool,
        /// Columns to wrap the text at.
        width: usize,
    },
    /// [`Diagnostic::one_line`].
    OneLine,
}

/// Longest line of the description that is still shown, in bytes.
const LINE_MAX: usize = 400;

/// Columns where nothing says how wide the terminal is.
const WIDTH: usize = 100;

/// One diagnostic as text that ends with a newline.
pub fn render(diagnostic: &Diagnostic, style: Style) -> String {
    let mut text = String::new();
    if let Style::Graphical { colour, width } = style
        && lines_are_short(diagnostic)
    {
        let theme = if colour {
            GraphicalTheme::unicode()
        } else {
            GraphicalTheme::unicode_nocolor()
        };
        let handler = GraphicalReportHandler::new_themed(theme)
            .with_links(false)
            .with_width(width);
        if handler.render_report(&mut text, diagnostic).is_ok() {
            return text;
        }
    }
    text = diagnostic.one_line() + "\n";
    if style != Style::OneLine {
        text += &format!("  help: {}\n", diagnostic.help_text());
    }
    text
}

/// Nobody can read a generated file of a single line, and showing it once per error would flood.
fn lines_are_short(diagnostic: &Diagnostic) -> bool {
    let Some(source) = &diagnostic.source else {
        return true;
    };
    let longest = diagnostic
        .labels
        .iter()
        .map(|label| source.line_length(label.offset()));
    longest.max().unwrap_or(0) <= LINE_MAX
}

/// Writes all of them to standard error, and how many errors there were if more than one.
///
/// Colours are used on a terminal unless `NO_COLOR` is set; `COLUMNS` gives the width.
pub fn report(diagnostics: &[Diagnostic]) {
    let stderr = io::stderr();
    let variable = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
    let style = Style::Graphical {
        colour: stderr.is_terminal() && variable("NO_COLOR").is_none(),
        width: variable("COLUMNS")
            .and_then(|columns| columns.parse().ok())
            .unwrap_or(WIDTH)
            .clamp(40, 200),
    };
    let texts: Vec<_> = diagnostics
        .iter()
        .map(|diagnostic| render(diagnostic, style))
        .collect();
    let mut text = texts.join("\n");
    let errors = diagnostics.iter().filter(|d| !d.is_warning()).count();
    if errors > 1 {
        text += &format!("\n{errors} errors\n");
    }
    // There is no better place to report that standard error is closed.
    let _ = stderr.lock().write_all(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::Source;

    const PLAIN: Style = Style::Graphical {
        colour: false,
        width: 80,
    };

    #[test]
    fn the_one_line_form_ends_with_the_place() {
        let source = Source::new("dir/x.xml", "ab\ncd");
        let error = Diagnostic::error(&source, 4..5, "no d", "write e");
        assert_eq!(error.one_line(), "Error: no d: dir/x.xml:2:2");
        assert_eq!(
            render(&error, Style::OneLine),
            "Error: no d: dir/x.xml:2:2\n"
        );
        let warning = Diagnostic::warning(&source, 0..1, "an a", "write b");
        assert_eq!(warning.one_line(), "Warning: an a: dir/x.xml:1:1");
        let nowhere = Diagnostic::without_place("no file", "make one").also(0..1, "unused");
        assert_eq!(nowhere.one_line(), "Error: no file");
        assert!(render(&nowhere, PLAIN).contains("make one"));
    }

    #[test]
    fn the_graphical_form_shows_place_line_and_help() {
        let source = Source::new("x.xml", "äöü <a/>\n");
        let offset = "äöü ".len();
        let error = Diagnostic::error(&source, offset..offset + 4, "no 'a'", "write 'b'");
        let text = render(&error, PLAIN);
        for part in [
            "no 'a'",
            "[x.xml:1:5]",
            "äöü <a/>",
            "────",
            "help: write 'b'",
        ] {
            assert!(text.contains(part), "{part} is missing in {text}");
        }
        assert!(!text.contains('\u{1b}'));
        let coloured = render(
            &error,
            Style::Graphical {
                colour: true,
                width: 80,
            },
        );
        assert!(coloured.contains('\u{1b}'));
    }

    #[test]
    fn messages_are_one_line_of_printable_text() {
        let source = Source::new("x", "ab");
        let error =
            Diagnostic::error(&source, 0..1, "a\nb\u{1b}[2J", "c\rd\u{9b}").also(1..2, "e\tf");
        assert_eq!(error.one_line(), "Error: a b?[2J: x:1:1");
        let text = render(&error, PLAIN);
        assert!(text.contains("c d\u{b7}") && text.contains("e f"), "{text}");
    }

    #[test]
    fn a_line_without_end_is_not_shown() {
        let source = Source::new("x.xml", &"<a/>".repeat(1000));
        let error = Diagnostic::error(&source, 4..8, "no 'a'", "write 'b'");
        assert_eq!(
            render(&error, PLAIN),
            "Error: no 'a': x.xml:1:5\n  help: write 'b'\n"
        );
    }
}
