// SPDX-License-Identifier: BSD-2-Clause
//! Constants out of C headers: enumerators, numbers that are defined, tags of bit-field unions.

use crate::cpp::{self, Defines};
use crate::source::Source;
use crate::{Error, Result};

/// Reads one header after the other; later headers see the constants of earlier ones.
pub(crate) struct Headers<'a> {
    source: &'a Source,
    /// The configuration, numbers defined by headers, and enumerators.
    known: Defines,
}

impl<'a> Headers<'a> {
    /// Starts with what the configuration defines.
    pub(crate) fn new(source: &'a Source, defines: Defines) -> Self {
        Self {
            source,
            known: defines,
        }
    }

    /// The value of a constant that was read so far.
    pub(crate) fn value(&self, file: &str, name: &str) -> Result<i64> {
        let missing = || interface(file, format!("there is no number {name}"));
        self.known.get(name).copied().ok_or_else(missing)
    }

    /// Reads `file` and returns its enumerators, in order, with their values.
    pub(crate) fn enumerators(&mut self, file: &str) -> Result<Vec<(String, i64)>> {
        let lines = self.lines(file)?;
        let text = lines.join("\n");
        let mut found = Vec::new();
        for (at, _) in text.match_indices("enum") {
            let rest = &text[at..];
            let (Some(open), Some(close), end) = (rest.find('{'), rest.find('}'), rest.find(';'))
            else {
                continue;
            };
            // `enum name variable;` has no body of its own.
            if end.is_some_and(|end| end < open) {
                continue;
            }
            let mut next = 0;
            for item in rest[open + 1..close].split(',').map(str::trim) {
                if item.is_empty() || item.contains('(') {
                    continue; // A macro that only sets the width of the type.
                }
                let (name, value) = item.split_once('=').unwrap_or((item, ""));
                let value = value.trim();
                if !value.is_empty() {
                    let unknown = || interface(file, format!("the value of `{item}` is unknown"));
                    next = self.sum(value).ok_or_else(unknown)?;
                }
                let name = name.trim().to_owned();
                self.known.insert(name.clone(), next);
                found.push((name, next));
                next += 1;
            }
        }
        if found.is_empty() {
            return Err(interface(file, "no enumeration was found".into()));
        }
        Ok(found)
    }

    /// Reads `file` and returns what it defines as numbers.
    pub(crate) fn numbers(&mut self, file: &str) -> Result<Vec<(String, i64)>> {
        let before = self.known.clone();
        self.lines(file)?;
        let new = self
            .known
            .iter()
            .filter(|(name, _)| !before.contains_key(*name));
        Ok(new.map(|(name, value)| (name.clone(), *value)).collect())
    }

    /// Reads the bit-field description `file` and returns the tags of the union `name`.
    pub(crate) fn tags(&mut self, file: &str, name: &str) -> Result<Vec<(String, i64)>> {
        let lines = self.lines(file)?;
        let start = format!("tagged_union {name} ");
        let lines = lines.iter().map(|line| line.trim());
        let body = lines.skip_while(|line| !line.starts_with(&start)).skip(1);
        let tag = |line: &str| {
            let (name, value) = line.strip_prefix("tag ")?.split_once(' ')?;
            Some((name.to_owned(), cpp::number(value.trim())?))
        };
        let tags: Vec<_> = body
            .take_while(|line| *line != "}")
            .filter_map(tag)
            .collect();
        if tags.is_empty() {
            return Err(interface(file, format!("no tagged_union {name} was found")));
        }
        Ok(tags)
    }

    /// Evaluates a sum or difference of numbers and known names.
    fn sum(&self, text: &str) -> Option<i64> {
        let mut total = 0i64;
        for term in text
            .replace('-', "+-")
            .split('+')
            .map(str::trim)
            .filter(|t| !t.is_empty())
        {
            let (sign, name) = term
                .strip_prefix('-')
                .map_or((1, term), |name| (-1, name.trim()));
            let value = cpp::number(name).or_else(|| self.known.get(name).copied())?;
            total = total.checked_add(sign * value)?;
        }
        Some(total)
    }

    fn lines(&mut self, file: &str) -> Result<Vec<String>> {
        let text = self.source.text(file)?;
        cpp::active_lines(text, &mut self.known).map_err(|what| interface(file, what))
    }
}

/// An error in `file`.
pub(crate) fn interface(file: &str, what: String) -> Error {
    Error::Interface {
        file: file.to_owned(),
        what,
    }
}

#[cfg(test)]
mod tests;
