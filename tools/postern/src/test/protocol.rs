// SPDX-License-Identifier: BSD-2-Clause
//! What a test system prints, made into results.
//!
//! A line for each test, `TEST <system>.<name> ... ok`, `... FAILED: <why>` or
//! `... skipped: <why>`, and at the end `TESTS <system>: N passed, N failed, N skipped`. A
//! system that ends otherwise, or whose total disagrees with its lines, has failed.

use std::collections::BTreeSet;

use super::outcome::{Outcome, Tally, TestResult};
use crate::run::watch::Ending;
use crate::ui::seconds;

/// Collects the results of one boot of a test system.
#[derive(Debug)]
pub struct Collector {
    system: String,
    environment: String,
    results: Vec<TestResult>,
    names: BTreeSet<String>,
    total: Option<Tally>,
    /// The last line of the protocol, for the message about a system that fell silent.
    last: Option<String>,
}

impl Collector {
    /// For a boot of `system` in `environment`.
    pub fn new(system: &str, environment: &str) -> Self {
        Self {
            system: system.to_owned(),
            environment: environment.to_owned(),
            results: Vec::new(),
            names: BTreeSet::new(),
            total: None,
            last: None,
        }
    }

    /// Takes a line; `true` when the system has said all.
    pub fn line(&mut self, line: &str) -> bool {
        if let Some(rest) = line.strip_prefix("TEST ") {
            self.test(rest);
        } else if let Some(rest) = line.strip_prefix("TESTS ") {
            self.end(rest);
        }
        self.total.is_some()
    }

    fn test(&mut self, rest: &str) {
        self.last = Some(rest.to_owned());
        let Some((full, outcome)) = rest.split_once(" ... ") else {
            return self.broken(format!("the line `TEST {rest}` has no result"));
        };
        let Some(name) = full
            .strip_prefix(&self.system)
            .and_then(|n| n.strip_prefix('.'))
        else {
            return self.broken(format!("`{full}` is no test of {}", self.system));
        };
        let why = |text: &str| match text.trim() {
            "" => "no reason given".to_owned(),
            text => text.to_owned(),
        };
        let outcome = if outcome == "ok" {
            Outcome::Passed
        } else if let Some(text) = outcome.strip_prefix("FAILED") {
            Outcome::Failed(why(text.trim_start_matches(':')))
        } else if let Some(text) = outcome.strip_prefix("skipped") {
            Outcome::Skipped(why(text.trim_start_matches(':')))
        } else {
            Outcome::Failed(format!("it ended with `{outcome}`"))
        };
        if !self.names.insert(name.to_owned()) {
            return self.broken(format!("the test {name} was reported twice"));
        }
        let name = self.name(name);
        self.results.push(TestResult { name, outcome });
    }

    fn end(&mut self, rest: &str) {
        let total = rest
            .strip_prefix(&self.system)
            .and_then(|rest| rest.strip_prefix(": "))
            .and_then(parse_tally);
        match total {
            Some(total) => self.total = Some(total),
            None => self.broken(format!(
                "`TESTS {rest}` is not the total of {}",
                self.system
            )),
        }
    }

    fn name(&self, test: &str) -> String {
        format!("{}.{test}@{}", self.system, self.environment)
    }

    fn broken(&mut self, why: String) {
        let name = self.name("protocol");
        self.results
            .push(TestResult::new(name, Outcome::Failed(why)));
    }

    /// The results, and the failures that the ending adds. `evidence` tells where to look.
    pub fn finish(mut self, ending: Ending, evidence: &str) -> Vec<TestResult> {
        let after = match &self.last {
            Some(last) => format!("after `TEST {last}`"),
            None => "before its first test".to_owned(),
        };
        let why = match (ending, self.total) {
            (Ending::Complete, Some(total)) => {
                let counted = Tally::of(self.results.iter().filter(|r| !self.is_protocol(r)));
                if total == counted && counted != Tally::default() {
                    return self.results;
                }
                format!("its total says {total}, its lines say {counted}")
            }
            (Ending::TimeOut(patience), _) => {
                let patience = seconds(patience);
                format!("no total within {patience}; it fell silent or hangs {after}; {evidence}")
            }
            _ => format!("the machine stopped {after}; {evidence}"),
        };
        let name = self.name("completes");
        self.results
            .push(TestResult::new(name, Outcome::Failed(why)));
        self.results
    }

    fn is_protocol(&self, result: &TestResult) -> bool {
        result.name == self.name("protocol")
    }
}

fn parse_tally(text: &str) -> Option<Tally> {
    let mut numbers = text
        .split(", ")
        .zip(["passed", "failed", "skipped"])
        .map(|(part, word)| part.strip_suffix(word)?.trim_end().parse::<usize>().ok());
    let tally = Tally {
        passed: numbers.next()??,
        failed: numbers.next()??,
        skipped: numbers.next()??,
    };
    (text.split(", ").count() == 3).then_some(tally)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn collect(lines: &[&str], ending: Ending) -> Vec<String> {
        let mut collector = Collector::new("ipc", "qemu-1cpu");
        for line in lines {
            collector.line(line);
        }
        collector
            .finish(ending, "log: L")
            .iter()
            .map(TestResult::line)
            .collect()
    }

    #[test]
    fn a_complete_run() {
        let lines = [
            "Booting all finished, dropped to user space",
            "TEST ipc.words ... ok",
            "ipc|INFO: something else",
            "TEST ipc.caps ... skipped: not here",
            "TEST ipc.order ... FAILED: 1 before 2",
            "TESTS ipc: 1 passed, 1 failed, 1 skipped",
        ];
        let expected = [
            "test ipc.words@qemu-1cpu ... ok",
            "test ipc.caps@qemu-1cpu ... skipped: not here",
            "test ipc.order@qemu-1cpu ... FAILED: 1 before 2",
        ];
        assert_eq!(collect(&lines, Ending::Complete), expected);
    }

    #[test]
    fn only_the_total_ends_a_run() {
        let mut collector = Collector::new("ipc", "x");
        assert!(!collector.line("TEST ipc.words ... ok"));
        assert!(!collector.line("TESTS other: 1 passed, 0 failed, 0 skipped"));
        assert!(collector.line("TESTS ipc: 1 passed, 0 failed, 0 skipped"));
    }

    #[test]
    fn what_is_wrong_with_a_run_is_a_failure() {
        let ok = "TEST ipc.words ... ok";
        let total = "TESTS ipc: 1 passed, 0 failed, 0 skipped";
        let cases: [(&[&str], Ending, &str); 10] = [
            (
                &[],
                Ending::Stopped,
                "completes@qemu-1cpu ... FAILED: the machine stopped before its first test",
            ),
            (
                &[ok],
                Ending::Stopped,
                "FAILED: the machine stopped after `TEST ipc.words ... ok`; log: L",
            ),
            (
                &[ok],
                Ending::TimeOut(std::time::Duration::from_secs(60)),
                "FAILED: no total within 60 s",
            ),
            (
                &[ok, ok, total],
                Ending::Complete,
                "FAILED: the test words was reported twice",
            ),
            (
                &[total],
                Ending::Complete,
                "its total says 1 passed, 0 failed, 0 skipped, its lines say 0 passed",
            ),
            (
                &["TESTS ipc: 0 passed, 0 failed, 0 skipped"],
                Ending::Complete,
                "its lines say 0 passed",
            ),
            (
                &["TEST ipc.words ... maybe"],
                Ending::Stopped,
                "FAILED: it ended with `maybe`",
            ),
            (
                &["TEST ipc.words"],
                Ending::Stopped,
                "FAILED: the line `TEST ipc.words` has no result",
            ),
            (
                &["TEST other.words ... ok"],
                Ending::Stopped,
                "`other.words` is no test of ipc",
            ),
            (
                &["TESTS ipc: many passed"],
                Ending::Stopped,
                "is not the total of ipc",
            ),
        ];
        for (lines, ending, expected) in cases {
            let found = collect(lines, ending).join("\n");
            assert!(
                found.contains(expected),
                "{lines:?} gives\n{found}\nwithout `{expected}`"
            );
        }
    }

    #[test]
    fn totals_are_read_strictly() {
        let tally = |passed, failed, skipped| {
            Some(Tally {
                passed,
                failed,
                skipped,
            })
        };
        for (text, expected) in [
            ("12 passed, 0 failed, 3 skipped", tally(12, 0, 3)),
            ("12 passed, 0 failed", None),
            ("12 passed, 0 failed, 3 skipped, 4 more", None),
            ("-1 passed, 0 failed, 3 skipped", None),
            ("", None),
        ] {
            assert_eq!(parse_tally(text), expected, "{text}");
        }
    }
}
