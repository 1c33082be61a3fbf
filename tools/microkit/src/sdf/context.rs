// SPDX-License-Identifier: BSD-2-Clause
//! What all element parsers share: the configuration, the names that exist, and the errors so far.

use std::path::PathBuf;

use super::names::Names;
use crate::config::KernelConfig;
use crate::diag::{Diagnostic, Source, Warning};
use crate::model::Span;

/// In place of a value that could not be had: the error has been recorded already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Reported;

/// A value, unless an error was recorded in its place.
pub(super) type Parsed<T> = Result<T, Reported>;

/// More errors than this help nobody and would make a hostile file costly.
pub(super) const ERRORS_MAX: usize = 100;

pub(super) struct Context<'a> {
    pub config: &'a KernelConfig,
    /// Where prefill files are looked for.
    pub search: &'a [PathBuf],
    pub pds: Names<'a>,
    pub regions: Names<'a>,
    /// Numbers of the domains, by name; empty without `<domains>`.
    pub domains: Vec<(&'a str, u8)>,
    source: Source,
    errors: Vec<Diagnostic>,
    warnings: Vec<Warning>,
}

impl<'a> Context<'a> {
    pub fn new(source: Source, config: &'a KernelConfig, search: &'a [PathBuf]) -> Self {
        Self {
            config,
            search,
            pds: Names::new("protection_domain"),
            regions: Names::new("memory_region"),
            domains: Vec::new(),
            source,
            errors: Vec::new(),
            warnings: Vec::new(),
        }
    }

    /// Records an error.
    pub fn error(
        &mut self,
        span: Span,
        message: impl Into<String>,
        help: impl Into<String>,
    ) -> Reported {
        let error = Diagnostic::error(&self.source, span, message, help);
        self.push(error)
    }

    /// Records an error with a label at the earlier element that it collides with.
    pub fn conflict(
        &mut self,
        span: Span,
        earlier: (Span, &str),
        message: impl Into<String>,
        help: impl Into<String>,
    ) -> Reported {
        let (place, text) = earlier;
        let error = Diagnostic::error(&self.source, span, message, help).also(place, text);
        self.push(error)
    }

    fn push(&mut self, error: Diagnostic) -> Reported {
        if !self.is_full() {
            self.errors.push(error);
        }
        Reported
    }

    pub fn warning(&mut self, span: Span, message: impl Into<String>, help: impl Into<String>) {
        if self.warnings.len() < ERRORS_MAX {
            self.warnings
                .push(Diagnostic::warning(&self.source, span, message, help));
        }
    }

    /// Whether further errors would be dropped, so that no work need be put into them.
    pub fn is_full(&self) -> bool {
        self.errors.len() >= ERRORS_MAX
    }

    pub fn has_errors(&self) -> bool {
        !self.errors.is_empty()
    }

    /// Errors and warnings, each in the order of the file.
    pub fn finish(mut self) -> (Vec<Diagnostic>, Vec<Warning>) {
        self.errors.sort_by_key(Diagnostic::offset);
        self.warnings.sort_by_key(Diagnostic::offset);
        (self.errors, self.warnings)
    }
}
