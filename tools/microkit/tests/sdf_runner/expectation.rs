// SPDX-License-Identifier: BSD-2-Clause
//! What a case file says about itself.
//!
//! ```text
//! <!-- config: cores=4 vtx=off iommu=off mcs=on -->
//! <!-- expect: valid -->
//! <!-- expect: error 12:9 "part of the message" also 7:5 help "part of the help" -->
//! <!-- expect: warning 3:1 "part of the message" -->
//! ```
//! The comments stand one to a line at the beginning of the file. `valid` means no errors and no
//! warnings but those expected; with `error` all errors must be listed, and there are no warnings.
//! `also` is the place of a further label; it and `help` may be left out.

use microkit::config::KernelConfig;

use crate::common::kernel_config;

/// What one diagnostic must be like.
#[derive(Debug, PartialEq, Eq)]
pub struct Expected {
    pub warning: bool,
    pub place: (usize, usize),
    pub message: String,
    pub also: Option<(usize, usize)>,
    pub help: Option<String>,
}

/// Everything that a case says.
#[derive(Debug)]
pub struct Case {
    pub config: KernelConfig,
    /// The description is to be accepted.
    pub valid: bool,
    pub diagnostics: Vec<Expected>,
}

/// Reads the leading comments. A case that says nothing, or what cannot be, is an error.
pub fn read(text: &str) -> Result<Case, String> {
    let mut case = Case {
        config: kernel_config(),
        valid: false,
        diagnostics: Vec::new(),
    };
    for line in text.trim_start_matches('\u{feff}').lines() {
        let line = line.trim();
        if line.starts_with("<?xml") {
            continue;
        }
        let Some(comment) = line
            .strip_prefix("<!--")
            .and_then(|rest| rest.strip_suffix("-->"))
        else {
            break;
        };
        let comment = comment.trim();
        if let Some(config) = comment.strip_prefix("config:") {
            set_config(&mut case.config, config)?;
        } else if let Some(expected) = comment.strip_prefix("expect:") {
            match expected.trim() {
                "valid" => case.valid = true,
                expected => case.diagnostics.push(diagnostic(expected)?),
            }
        }
    }
    let errors = case.diagnostics.iter().any(|expected| !expected.warning);
    match (case.valid, errors) {
        (false, false) => Err("the case expects nothing: add <!-- expect: … -->".into()),
        (true, true) => Err("the case expects both errors and to be valid".into()),
        _ => Ok(case),
    }
}

fn set_config(config: &mut KernelConfig, words: &str) -> Result<(), String> {
    for word in words.split_whitespace() {
        let unknown = || format!("config: {word} is unknown");
        let (key, value) = word.split_once('=').ok_or_else(unknown)?;
        let number = value.parse::<u8>();
        match (key, value) {
            ("vtx", "off") => config.vtx = false,
            ("iommu", "off") => config.io_address_spaces = false,
            ("mcs", "on") => config.mcs = true,
            ("cores", _) => config.cores = number.map_err(|_| unknown())?,
            ("domains", _) => config.domains = number.map_err(|_| unknown())?,
            ("cnode_bits", _) => config.root_cnode_size_bits = number.map_err(|_| unknown())?,
            _ => return Err(unknown()),
        }
    }
    Ok(())
}

/// `error L:C "message" [also L:C] [help "…"]`
fn diagnostic(text: &str) -> Result<Expected, String> {
    let malformed = || format!("expect: {text} is malformed");
    let (kind, rest) = text.split_once(' ').ok_or_else(malformed)?;
    let warning = match kind {
        "error" => false,
        "warning" => true,
        _ => return Err(malformed()),
    };
    let (place, rest) = rest.split_once(' ').ok_or_else(malformed)?;
    let (message, mut rest) = quoted(rest).ok_or_else(malformed)?;
    if message.is_empty() {
        return Err(malformed());
    }
    let mut expected = Expected {
        warning,
        place: line_column(place).ok_or_else(malformed)?,
        message,
        also: None,
        help: None,
    };
    if let Some(also) = rest.strip_prefix("also ") {
        let (place, after) = also.split_once(' ').unwrap_or((also, ""));
        expected.also = Some(line_column(place).ok_or_else(malformed)?);
        rest = after;
    }
    if let Some(help) = rest.strip_prefix("help ") {
        let (help, after) = quoted(help).ok_or_else(malformed)?;
        expected.help = Some(help);
        rest = after;
    }
    if rest.is_empty() {
        Ok(expected)
    } else {
        Err(malformed())
    }
}

fn line_column(text: &str) -> Option<(usize, usize)> {
    let (line, column) = text.split_once(':')?;
    Some((line.parse().ok()?, column.parse().ok()?))
}

/// The text in double quotes, and what follows.
fn quoted(text: &str) -> Option<(String, &str)> {
    let (inside, after) = text.strip_prefix('"')?.split_once('"')?;
    Some((inside.into(), after.trim_start()))
}
