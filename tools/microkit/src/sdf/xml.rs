// SPDX-License-Identifier: BSD-2-Clause
//! From text to the XML tree, with XML's own errors given a place.

use roxmltree::{Document, Error, ParsingOptions};

use super::limits::{BYTES_MAX, NODES_MAX};
use super::text::quote;
use crate::diag::{Diagnostic, Source};

/// The tree. Document type definitions are refused: nothing in a description needs entities.
pub(super) fn parse<'a>(source: &Source, text: &'a str) -> Result<Document<'a>, Diagnostic> {
    if text.len() > BYTES_MAX {
        return Err(Diagnostic::error(
            source,
            0..0,
            format!("the system description is longer than {BYTES_MAX} bytes"),
            "is this really a system.xml?",
        ));
    }
    if text.trim().is_empty() {
        return Err(Diagnostic::error(
            source,
            0..0,
            "the system description is empty",
            "start it with <system>",
        ));
    }
    let options = ParsingOptions {
        nodes_limit: NODES_MAX,
        ..ParsingOptions::default()
    };
    Document::parse_with_options(text, options).map_err(|error| located(source, text, &error))
}

fn located(source: &Source, text: &str, error: &Error) -> Diagnostic {
    let end = text.trim_end().len();
    let (offset, help) = match error {
        Error::DtdDetected => (
            text.find("<!DOCTYPE").unwrap_or(0),
            "remove the document type: a system description needs none".into(),
        ),
        Error::NoRootNode => (0, "a system description starts with <system>".into()),
        Error::NodesLimitReached => (0, "is this really a system.xml?".into()),
        Error::UnclosedRootNode | Error::UnexpectedEndOfStream => {
            (end, "the file ends inside an element: close it".into())
        }
        Error::UnexpectedCloseTag(expected, ..) => (
            place(source, error),
            format!("close {} first with </{expected}>", quote(expected)),
        ),
        Error::DuplicatedAttribute(name, _) => (
            place(source, error),
            format!("remove one of the two {}", quote(name)),
        ),
        _ => (place(source, error), "correct the XML here".into()),
    };
    Diagnostic::error(source, offset..offset + 1, message(error), help)
}

fn place(source: &Source, error: &Error) -> usize {
    let pos = error.pos();
    source.offset_of(pos.row as usize, pos.col as usize)
}

/// The reason without the place, which the diagnostic gives itself.
fn message(error: &Error) -> String {
    let text = error.to_string();
    let pos = format!(" at {}", error.pos());
    format!("malformed XML: {}", text.replacen(&pos, "", 1))
}
