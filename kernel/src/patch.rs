// SPDX-License-Identifier: BSD-2-Clause
//! Patches with no context lines, and their application.
//!
//! The base is pinned, so context would only repeat the kernel's text. What protects against a
//! wrong base instead is git's `index` line: the identities (blob hashes) of the file before and
//! after the patch, both of which are checked. Positions are exact, there is no fuzz.
//!
//! The accepted format is what `git diff -U0` prints for changes of existing text files, with
//! any text before the first `diff --git`. New files do not belong into patches; they live in
//! `kernel/src/overlay`.

use sha1::{Digest, Sha1};

use crate::{Error, Result};

/// One patch file.
#[derive(Debug)]
pub struct Patch {
    /// The patch file's name, for messages.
    pub name: String,
    /// The changes, one for each file.
    pub files: Vec<FilePatch>,
}

/// The part of a patch that changes one file.
#[derive(Debug)]
pub struct FilePatch {
    /// Path in the kernel's source, with `/` between the components.
    pub path: String,
    /// Leading hexadecimal digits of the identity before the change.
    before: String,
    /// Leading hexadecimal digits of the identity after the change.
    after: String,
    hunks: Vec<Hunk>,
}

#[derive(Debug)]
struct Hunk {
    /// The `@@` line without what follows the second `@@`.
    header: String,
    /// First line that is removed, or, if none is, the line after which to insert; from 1.
    start: usize,
    removed: Vec<String>,
    added: Vec<String>,
}

/// Fewest digits of an identity that a patch has to give.
const MIN_DIGITS: usize = 10;

impl Patch {
    /// Parses `text`, the content of the patch file `name`.
    pub fn parse(name: &str, text: &str) -> Result<Self> {
        let mut parser = Parser {
            name,
            line: 0,
            files: Vec::new(),
        };
        for line in text.lines() {
            parser.line += 1;
            parser.feed(line)?;
        }
        if parser.files.is_empty() {
            return Err(parser.error("no `diff --git` line: the patch changes nothing"));
        }
        Ok(Self {
            name: name.to_owned(),
            files: parser.files,
        })
    }

    /// Number of added lines and number of removed lines.
    pub fn line_counts(&self) -> (usize, usize) {
        let hunks = || self.files.iter().flat_map(|f| &f.hunks);
        (
            hunks().map(|h| h.added.len()).sum(),
            hunks().map(|h| h.removed.len()).sum(),
        )
    }
}

/// One place of a file that a patch changes.
#[derive(Debug)]
pub(crate) struct Place<'a> {
    /// Number of lines before it, in the file as it was.
    pub at: usize,
    /// How many lines it removes.
    pub removed: usize,
    /// The lines that it adds, without line ends.
    pub added: &'a [String],
}

impl FilePatch {
    /// The places that it changes, in their order.
    pub(crate) fn hunks(&self) -> impl Iterator<Item = Place<'_>> {
        self.hunks.iter().map(|hunk| Place {
            at: hunk.at(),
            removed: hunk.removed.len(),
            added: &hunk.added,
        })
    }

    /// Applies the change to `text` and returns the new text. `patch` is the patch's name.
    pub fn apply(&self, patch: &str, text: &str) -> Result<String> {
        let mismatch = |hunk: Option<&Hunk>, what: String| Error::PatchMismatch {
            patch: patch.to_owned(),
            file: self.path.clone(),
            hunk: hunk.map(|h| h.header.clone()),
            what,
        };
        let lines: Vec<&str> = text.split_inclusive('\n').collect();
        let mut out = String::with_capacity(text.len());
        let mut next = 0;
        for hunk in &self.hunks {
            let at = hunk.at();
            if at < next {
                return Err(mismatch(
                    Some(hunk),
                    "it overlaps the hunk before it".into(),
                ));
            }
            if at + hunk.removed.len() > lines.len() {
                return Err(mismatch(
                    Some(hunk),
                    format!("the file ends at line {}", lines.len()),
                ));
            }
            out.push_str(&lines[next..at].concat());
            for (i, removed) in hunk.removed.iter().enumerate() {
                let found = lines[at + i].trim_end_matches('\n');
                if found != removed {
                    let line = at + i + 1;
                    return Err(mismatch(
                        Some(hunk),
                        format!("line {line} is `{found}`, not `{removed}`"),
                    ));
                }
            }
            for added in &hunk.added {
                out.push_str(added);
                out.push('\n');
            }
            next = at + hunk.removed.len();
        }
        out.push_str(&lines[next..].concat());

        // The identities come last: a hunk that fails says more than two hashes.
        let id = blob_id(text);
        if !id.starts_with(&self.before) {
            return Err(mismatch(
                None,
                format!("it was made for the version {}, this is {id}", self.before),
            ));
        }
        let id = blob_id(&out);
        if !id.starts_with(&self.after) {
            return Err(mismatch(
                None,
                format!("the result is {id}, not {}", self.after),
            ));
        }
        Ok(out)
    }
}

impl Hunk {
    /// Number of lines before it, in the file as it was.
    fn at(&self) -> usize {
        // `start` counts from 1; without removed lines it is the line to insert after.
        if self.removed.is_empty() {
            self.start
        } else {
            self.start - 1
        }
    }
}

/// The identity that git gives to a file with this content.
pub(crate) fn blob_id(text: &str) -> String {
    let mut hash = Sha1::new();
    hash.update(format!("blob {}\0", text.len()));
    hash.update(text);
    hash.finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

struct Parser<'a> {
    name: &'a str,
    line: usize,
    files: Vec<FilePatch>,
}

impl Parser<'_> {
    fn error(&self, what: impl Into<String>) -> Error {
        Error::PatchSyntax {
            patch: self.name.to_owned(),
            line: self.line,
            what: what.into(),
        }
    }

    fn feed(&mut self, line: &str) -> Result<()> {
        if let Some(paths) = line.strip_prefix("diff --git ") {
            return self.start_file(paths);
        }
        let line_error = self.error(format!("unexpected line `{line}`"));
        let Some(file) = self.files.last_mut() else {
            return Ok(()); // The explanation above the first file.
        };
        if let Some(header) = line.strip_prefix("@@ ") {
            let Some(hunk) = parse_hunk_header(header) else {
                return Err(self.error(format!("cannot read the hunk header `{line}`")));
            };
            file.hunks.push(hunk);
        } else if let Some(hunk) = file.hunks.last_mut() {
            match line.split_at_checked(1) {
                Some(("-", rest)) if hunk.added.is_empty() => hunk.removed.push(rest.to_owned()),
                Some(("+", rest)) => hunk.added.push(rest.to_owned()),
                _ => return Err(line_error),
            }
        } else if let Some(ids) = line.strip_prefix("index ") {
            let ids = ids.split(' ').next().unwrap_or_default();
            let Some((before, after)) = ids.split_once("..") else {
                return Err(line_error);
            };
            (file.before, file.after) = (before.to_owned(), after.to_owned());
            if before.len() < MIN_DIGITS || after.len() < MIN_DIGITS {
                return Err(self.error(format!("give {MIN_DIGITS} or more digits of each hash")));
            }
        } else if !line.starts_with("--- a/") && !line.starts_with("+++ b/") {
            return Err(line_error);
        } else if file.before.is_empty() {
            return Err(self.error("no `index` line before this one: use `git diff`"));
        }
        Ok(())
    }

    fn start_file(&mut self, paths: &str) -> Result<()> {
        let path = paths
            .split_once(' ')
            .and_then(|(a, b)| Some((a.strip_prefix("a/")?, b.strip_prefix("b/")?)))
            .filter(|(a, b)| a == b && !a.contains(' '));
        let Some((path, _)) = path else {
            return Err(self.error(format!("cannot read the paths `{paths}`")));
        };
        self.files.push(FilePatch {
            path: path.to_owned(),
            before: String::new(),
            after: String::new(),
            hunks: Vec::new(),
        });
        Ok(())
    }
}

/// Parses `-12,3 +12,4 @@ function()`. The counts are taken from the lines that follow.
fn parse_hunk_header(header: &str) -> Option<Hunk> {
    let ranges = header.split(" @@").next()?;
    let (old, new) = ranges.strip_prefix('-')?.split_once(" +")?;
    let start = old.split(',').next()?.parse().ok()?;
    let _: usize = new.split(',').next()?.parse().ok()?;
    let removes = old.split_once(',').is_none_or(|(_, count)| count != "0");
    if removes && start == 0 {
        return None;
    }
    Some(Hunk {
        header: format!("@@ {ranges} @@"),
        start,
        removed: Vec::new(),
        added: Vec::new(),
    })
}

#[cfg(test)]
mod tests;
