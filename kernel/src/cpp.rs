// SPDX-License-Identifier: BSD-2-Clause
//! As much of the C preprocessor as the kernel's interface descriptions use: conditions on the
//! configuration. No macro expansion besides names that stand for a number.

use std::collections::BTreeMap;

use crate::config::Config;

/// Names that stand for numbers.
pub(crate) type Defines = BTreeMap<String, i64>;

/// The names that a configuration defines.
pub(crate) fn defines(config: &Config) -> Defines {
    let defined = |(name, setting): &(&str, crate::config::Setting)| {
        let value = i64::try_from(setting.value()?).ok()?;
        Some((format!("CONFIG_{name}"), value))
    };
    config.options.iter().filter_map(defined).collect()
}

/// Reads a decimal or hexadecimal C number.
pub(crate) fn number(text: &str) -> Option<i64> {
    match text.strip_prefix("0x") {
        Some(digits) => i64::from_str_radix(digits, 16).ok(),
        None => text.parse().ok(),
    }
}

/// The lines of `text` that stay, without comments and directives. `#define NAME number` is
/// remembered in `defines`. The error says what is not understood.
pub(crate) fn active_lines(text: &str, defines: &mut Defines) -> Result<Vec<String>, String> {
    let text = without_comments(text).replace("\\\n", " ");
    let mut lines = Vec::new();
    // For each open `#if`: is this branch active, and was any branch of it active?
    let mut open: Vec<(bool, bool)> = Vec::new();
    for line in text.lines() {
        let active = open.iter().all(|(active, _)| *active);
        let Some(directive) = line.trim().strip_prefix('#') else {
            if active {
                lines.push(line.to_owned());
            }
            continue;
        };
        let directive = directive.trim_start();
        let (word, rest) = directive
            .split_once(char::is_whitespace)
            .unwrap_or((directive, ""));
        let rest = rest.trim();
        match word {
            "if" => {
                // What is skipped need not make sense.
                let taken = active && condition(rest, defines)?;
                open.push((taken, taken));
            }
            "ifdef" => open.push((defines.contains_key(rest), defines.contains_key(rest))),
            "ifndef" => open.push((!defines.contains_key(rest), !defines.contains_key(rest))),
            "else" => {
                let last = open.last_mut().ok_or("#else without #if")?;
                *last = (!last.1, true);
            }
            "endif" => {
                open.pop().ok_or("#endif without #if")?;
            }
            "elif" => return Err("#elif".into()),
            "define" if active => {
                let (name, value) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
                if let Some(value) = number(value.trim()) {
                    defines.insert(name.to_owned(), value);
                }
            }
            _ => {}
        }
    }
    if open.is_empty() {
        Ok(lines)
    } else {
        Err("#if without #endif".into())
    }
}

fn without_comments(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, comment)) = rest.split_once("/*") {
        out.push_str(before);
        let (comment, after) = comment.split_once("*/").unwrap_or((comment, ""));
        // Lines have to stay lines.
        out.extend(comment.matches('\n'));
        rest = after;
    }
    out.push_str(rest);
    let cut = |line: &str| line.split("//").next().unwrap_or_default().to_owned();
    out.lines().map(cut).collect::<Vec<_>>().join("\n")
}

/// Evaluates the expression of an `#if`: numbers, names, `defined`, `!`, comparisons, `&&`, `||`
/// and parentheses. The empty condition holds.
pub(crate) fn condition(text: &str, defines: &Defines) -> Result<bool, String> {
    let tokens = tokens(text)?;
    if tokens.is_empty() {
        return Ok(true);
    }
    let mut expression = Expression {
        tokens: &tokens,
        defines,
    };
    let value = expression.or();
    match (value, expression.tokens) {
        (Some(value), []) => Ok(value != 0),
        _ => Err(format!("cannot evaluate the condition `{text}`")),
    }
}

fn tokens(text: &str) -> Result<Vec<String>, String> {
    const SYMBOLS: [&str; 10] = ["&&", "||", "==", "!=", "<=", ">=", "<", ">", "!", "("];
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let symbol = SYMBOLS
            .into_iter()
            .chain([")"])
            .find(|symbol| rest.starts_with(symbol));
        let length = match symbol {
            Some(symbol) => symbol.len(),
            None if first.is_ascii_alphanumeric() || first == '_' => {
                let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
                rest.find(|c| !word(c)).unwrap_or(rest.len())
            }
            None => return Err(format!("`{first}` in the condition `{text}`")),
        };
        let (token, after) = rest.split_at(length);
        tokens.push(token.to_owned());
        rest = after.trim_start();
    }
    Ok(tokens)
}

struct Expression<'a> {
    tokens: &'a [String],
    defines: &'a Defines,
}

impl<'a> Expression<'a> {
    fn next(&mut self) -> Option<&'a str> {
        let (first, rest) = self.tokens.split_first()?;
        self.tokens = rest;
        Some(first)
    }

    fn accept(&mut self, token: &str) -> bool {
        let found = self.tokens.first().is_some_and(|first| first == token);
        if found {
            self.tokens = &self.tokens[1..];
        }
        found
    }

    fn or(&mut self) -> Option<i64> {
        let mut value = self.and()?;
        while self.accept("||") {
            value = i64::from((self.and()? != 0) | (value != 0));
        }
        Some(value)
    }

    fn and(&mut self) -> Option<i64> {
        let mut value = self.comparison()?;
        while self.accept("&&") {
            value = i64::from((self.comparison()? != 0) & (value != 0));
        }
        Some(value)
    }

    fn comparison(&mut self) -> Option<i64> {
        let left = self.unary()?;
        let comparison: fn(&i64, &i64) -> bool = match self.tokens.first().map(String::as_str) {
            Some("==") => i64::eq,
            Some("!=") => i64::ne,
            Some("<") => i64::lt,
            Some(">") => i64::gt,
            Some("<=") => i64::le,
            Some(">=") => i64::ge,
            _ => return Some(left),
        };
        self.next();
        Some(i64::from(comparison(&left, &self.unary()?)))
    }

    fn unary(&mut self) -> Option<i64> {
        match self.next()? {
            "!" => Some(i64::from(self.unary()? == 0)),
            "(" => {
                let value = self.or()?;
                self.accept(")").then_some(value)
            }
            "defined" => {
                let parenthesised = self.accept("(");
                let name = self.next()?;
                if parenthesised && !self.accept(")") {
                    return None;
                }
                Some(i64::from(self.defines.contains_key(name)))
            }
            token if token.starts_with(|c: char| c.is_ascii_digit()) => number(token),
            // As in C, a name that is not defined counts as 0.
            name if name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') => {
                Some(self.defines.get(name).copied().unwrap_or(0))
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
