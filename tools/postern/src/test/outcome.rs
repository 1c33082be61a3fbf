// SPDX-License-Identifier: BSD-2-Clause
//! What came of a test, and the tally.

use std::time::Duration;

/// What came of one test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It passed.
    Passed,
    /// It failed, and why.
    Failed(String),
    /// It did not run, and why.
    Skipped(String),
}

/// One test's result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestResult {
    /// `<crate>::<test>` on the host, `<system>.<test>@<environment>` in a booted system.
    pub name: String,
    /// What came of it.
    pub outcome: Outcome,
}

impl TestResult {
    /// A result.
    pub fn new(name: impl Into<String>, outcome: Outcome) -> Self {
        Self {
            name: name.into(),
            outcome,
        }
    }

    /// The line that is printed for it.
    pub fn line(&self) -> String {
        let name = &self.name;
        match &self.outcome {
            Outcome::Passed => format!("test {name} ... ok"),
            Outcome::Failed(why) => format!("test {name} ... FAILED: {why}"),
            Outcome::Skipped(why) => format!("test {name} ... skipped: {why}"),
        }
    }
}

/// Results of a part of a run.
#[derive(Clone, Debug)]
pub struct Part {
    /// What was tested.
    pub name: String,
    /// The results.
    pub results: Vec<TestResult>,
    /// How long it took.
    pub took: Duration,
}

/// How many of each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Passed.
    pub passed: usize,
    /// Failed.
    pub failed: usize,
    /// Skipped.
    pub skipped: usize,
}

impl Tally {
    /// Counts results.
    pub fn of<'a>(results: impl IntoIterator<Item = &'a TestResult>) -> Self {
        let mut tally = Self::default();
        for result in results {
            match result.outcome {
                Outcome::Passed => tally.passed += 1,
                Outcome::Failed(_) => tally.failed += 1,
                Outcome::Skipped(_) => tally.skipped += 1,
            }
        }
        tally
    }
}

impl std::fmt::Display for Tally {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            passed,
            failed,
            skipped,
        } = self;
        write!(f, "{passed} passed, {failed} failed, {skipped} skipped")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_counted_and_printed() {
        let results = [
            TestResult::new("a", Outcome::Passed),
            TestResult::new("b", Outcome::Failed("it broke".into())),
            TestResult::new("c", Outcome::Skipped("no device".into())),
            TestResult::new("d", Outcome::Passed),
        ];
        assert_eq!(
            Tally::of(&results).to_string(),
            "2 passed, 1 failed, 1 skipped"
        );
        let lines: Vec<String> = results.iter().map(TestResult::line).collect();
        let expected = [
            "test a ... ok",
            "test b ... FAILED: it broke",
            "test c ... skipped: no device",
            "test d ... ok",
        ];
        assert_eq!(lines, expected);
    }
}
