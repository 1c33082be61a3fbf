// SPDX-License-Identifier: BSD-2-Clause
//! What a person sees while something takes time: on a terminal a line that moves, elsewhere
//! (a log of continuous integration) a line now and then. Everything here goes to stderr.

use std::io::IsTerminal;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

/// Steps shorter than this leave no line behind.
const WORTH_A_LINE: Duration = Duration::from_millis(700);
/// How often a step that goes on says so where nothing can move.
const SIGN_OF_LIFE: Duration = Duration::from_secs(15);

/// A piece of work with a name.
pub struct Step {
    bar: ProgressBar,
    label: String,
    started: Instant,
    last_sign: Mutex<Instant>,
}

impl Step {
    /// Starts a step whose length is not known.
    pub fn new(label: impl Into<String>) -> Self {
        let label = label.into();
        let bar = ProgressBar::new_spinner();
        if std::io::stderr().is_terminal() {
            bar.set_style(style("{spinner} {prefix} {wide_msg}"));
            bar.set_prefix(label.clone());
            bar.enable_steady_tick(Duration::from_millis(120));
        } else {
            bar.set_draw_target(indicatif::ProgressDrawTarget::hidden());
        }
        let started = Instant::now();
        Self {
            bar,
            label,
            started,
            last_sign: Mutex::new(started),
        }
    }

    /// From here on the step shows how many of `total` are done.
    pub fn expect(&self, total: u64) {
        self.bar.set_length(total);
        self.bar.set_style(style(
            "{spinner} {prefix} [{bar:24}] {pos}/{len} {wide_msg}",
        ));
    }

    /// So many are done.
    pub fn at(&self, done: u64) {
        self.bar.set_position(done);
        match self.bar.length() {
            Some(total) => self.sign_of_life(&format!("{done} of {total}")),
            None => self.sign_of_life(&done.to_string()),
        }
    }

    /// Shows what the step is doing now.
    pub fn note(&self, what: &str) {
        self.bar.set_message(what.to_owned());
        self.sign_of_life(what);
    }

    fn sign_of_life(&self, what: &str) {
        let Ok(mut last) = self.last_sign.lock() else {
            return;
        };
        if self.bar.is_hidden() && last.elapsed() >= SIGN_OF_LIFE {
            *last = Instant::now();
            eprintln!("  ... {}: {what}", self.label);
        }
    }

    /// Prints something else without disturbing the line that moves.
    pub fn suspend(&self, print: impl FnOnce()) {
        self.bar.suspend(print);
    }

    /// Ends the step; a long one leaves a line with its duration.
    pub fn done(self) {
        let took = self.started.elapsed();
        self.bar.finish_and_clear();
        if took >= WORTH_A_LINE {
            eprintln!("  {} ({})", self.label, seconds(took));
        }
    }
}

impl Drop for Step {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

/// A duration for people: `0.4 s`, `75 s`.
pub fn seconds(duration: Duration) -> String {
    let seconds = duration.as_secs_f64();
    if seconds < 10.0 {
        format!("{seconds:.1} s")
    } else {
        format!("{seconds:.0} s")
    }
}

/// Rows as a table with columns of equal width; the first row is the heading.
pub fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        rows.iter()
            .filter_map(|row| row.get(column))
            .map(|c| c.chars().count())
            .max()
            .unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut text = String::new();
    for (number, row) in rows.iter().enumerate() {
        let cells: Vec<String> = row
            .iter()
            .zip(&widths)
            .map(|(cell, width)| format!("{cell:width$}"))
            .collect();
        text.push_str(cells.join("  ").trim_end());
        text.push('\n');
        if number == 0 {
            let rule: Vec<String> = widths.iter().map(|width| "-".repeat(*width)).collect();
            text.push_str(&rule.join("  "));
            text.push('\n');
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_a_digit_when_it_matters() {
        assert_eq!(seconds(Duration::from_millis(440)), "0.4 s");
        assert_eq!(seconds(Duration::from_millis(75_400)), "75 s");
    }

    #[test]
    fn columns_line_up_also_when_a_cell_is_missing() {
        let row = |cells: &[&str]| cells.iter().map(|c| c.to_string()).collect::<Vec<_>>();
        let text = table(&[
            row(&["name", "said"]),
            row(&["timer", "100 MHz"]),
            row(&["µ"]),
        ]);
        assert_eq!(text, "name   said\n-----  -------\ntimer  100 MHz\nµ\n");
    }
}
