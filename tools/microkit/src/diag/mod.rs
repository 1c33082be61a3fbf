// SPDX-License-Identifier: BSD-2-Clause
//! Errors and warnings about a system description, each at its place in the file.
//!
//! A [`Diagnostic`] says what is wrong (the message names the element, the protection domain or the
//! region), where (a span of the [`Source`]), what it collides with (further labels), and what to do
//! (the help). [`report`] prints them for people, [`Diagnostic::one_line`] for programs.

mod render;
mod source;

use std::fmt;

use miette::{LabeledSpan, SourceCode};

pub use miette::Severity;
pub use render::{Style, render, report};
pub use source::Source;
use source::one_line;

use crate::model::Span;

/// One error or warning.
#[derive(Debug, Clone)]
pub struct Diagnostic {
    severity: Severity,
    message: String,
    help: String,
    source: Option<Source>,
    /// The first is the place itself, the others are what it collides with.
    labels: Vec<LabeledSpan>,
}

/// What is accepted, but most likely not what its writer meant.
pub type Warning = Diagnostic;

impl Diagnostic {
    /// An error at `span` of `source`. Of a span of several lines only the first is marked.
    pub fn error(
        source: &Source,
        span: Span,
        message: impl Into<String>,
        help: impl Into<String>,
    ) -> Self {
        Self::new(Severity::Error, source, span, message.into(), help.into())
    }

    /// A warning at `span` of `source`.
    pub fn warning(
        source: &Source,
        span: Span,
        message: impl Into<String>,
        help: impl Into<String>,
    ) -> Self {
        Self::new(Severity::Warning, source, span, message.into(), help.into())
    }

    /// An error that lies in no line of the description, as a file that cannot be read.
    pub fn without_place(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            message: one_line(&message.into()),
            help: one_line(&help.into()),
            source: None,
            labels: Vec::new(),
        }
    }

    fn new(severity: Severity, source: &Source, span: Span, message: String, help: String) -> Self {
        let span = source.first_line_of(span);
        Self {
            severity,
            message: one_line(&message),
            help: one_line(&help),
            source: Some(source.clone()),
            labels: vec![LabeledSpan::new_primary_with_span(None, span)],
        }
    }

    /// Adds a second place that has to do with it, such as an earlier definition. Without effect on a
    /// diagnostic that has no place.
    #[must_use]
    pub fn also(mut self, span: Span, text: impl Into<String>) -> Self {
        if let Some(source) = &self.source {
            let span = source.first_line_of(span);
            let text = one_line(&text.into());
            self.labels
                .push(LabeledSpan::new_with_span(Some(text), span));
        }
        self
    }

    /// What is wrong.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What to do about it.
    pub fn help_text(&self) -> &str {
        &self.help
    }

    /// Whether it is a warning.
    pub fn is_warning(&self) -> bool {
        self.severity == Severity::Warning
    }

    /// Byte offset of its place in the source.
    pub fn offset(&self) -> Option<usize> {
        self.labels.first().map(LabeledSpan::offset)
    }

    /// Line and column, both from 1, the column in characters.
    pub fn place(&self) -> Option<(usize, usize)> {
        Some(self.source.as_ref()?.line_column(self.offset()?))
    }

    /// Line and column of the further places, in the order in which they were added.
    pub fn further_places(&self) -> impl Iterator<Item = (usize, usize)> {
        let labels = self.labels.iter().skip(1);
        let source = self.source.iter();
        source.flat_map(move |source| {
            let labels = labels.clone();
            labels.map(|label| source.line_column(label.offset()))
        })
    }

    /// The one-line form: `Error: MESSAGE: FILE:LINE:COLUMN`, or without a place `Error: MESSAGE`.
    pub fn one_line(&self) -> String {
        let kind = if self.is_warning() {
            "Warning"
        } else {
            "Error"
        };
        match (&self.source, self.place()) {
            (Some(source), Some((line, column))) => format!(
                "{kind}: {}: {}:{line}:{column}",
                self.message,
                source.name()
            ),
            _ => format!("{kind}: {}", self.message),
        }
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Diagnostic {}

impl miette::Diagnostic for Diagnostic {
    fn severity(&self) -> Option<Severity> {
        Some(self.severity)
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(&self.help))
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.source.as_ref().map(|source| source as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        if self.labels.is_empty() {
            return None;
        }
        Some(Box::new(self.labels.iter().cloned()))
    }
}
