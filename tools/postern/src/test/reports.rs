// SPDX-License-Identifier: BSD-2-Clause
//! Who reports: a test system itself, or the guests in it.
//!
//! Guests say the same as a system does, on their consoles: each line has the name of the guest's
//! monitor and `|` before it. The monitor has to be named as the image that its guest runs. A system
//! with guests is done when all of them are.

use super::outcome::TestResult;
use super::protocol::Collector;
use crate::run::watch::Ending;

/// The results of one boot, of everyone who reports.
#[derive(Debug)]
pub struct Reports {
    collectors: Vec<Reporter>,
    /// Lines have a name before them.
    named: bool,
}

#[derive(Debug)]
struct Reporter {
    name: String,
    collector: Collector,
    done: bool,
}

impl Reports {
    /// For a boot of `system` in `environment`. Without guests it reports itself.
    pub fn new(system: &str, guests: &[String], environment: &str) -> Self {
        let reporter = |name: &str| Reporter {
            name: name.to_owned(),
            collector: Collector::new(name, environment),
            done: false,
        };
        let mut collectors: Vec<Reporter> = guests.iter().map(|guest| reporter(guest)).collect();
        let named = !collectors.is_empty();
        if !named {
            collectors.push(reporter(system));
        }
        Self { collectors, named }
    }

    /// Takes a line; `true` when all is said.
    pub fn line(&mut self, line: &str) -> bool {
        match (self.named, line.split_once('|')) {
            (false, _) => {
                for reporter in &mut self.collectors {
                    reporter.done = reporter.collector.line(line);
                }
            }
            (true, Some((who, text))) => {
                for reporter in &mut self.collectors {
                    if reporter.name == who {
                        reporter.done = reporter.collector.line(text);
                    }
                }
            }
            (true, None) => {}
        }
        self.collectors.iter().all(|reporter| reporter.done)
    }

    /// The results, and the failures that the ending adds. `evidence` tells where to look.
    pub fn finish(self, ending: Ending, evidence: &str) -> Vec<TestResult> {
        let reporters = self.collectors.into_iter();
        let results = reporters.flat_map(
            |Reporter {
                 collector, done, ..
             }| {
                // The others' silence is theirs.
                let ending = if done { Ending::Complete } else { ending };
                collector.finish(ending, evidence)
            },
        );
        results.collect()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn lines(reports: Reports, ending: Ending) -> Vec<String> {
        let results = reports.finish(ending, "log: L");
        results.iter().map(TestResult::line).collect()
    }

    #[test]
    fn a_system_reports_itself() {
        let mut reports = Reports::new("ipc", &[], "x");
        assert!(!reports.line("TEST ipc.words ... ok"));
        assert!(reports.line("TESTS ipc: 1 passed, 0 failed, 0 skipped"));
        assert_eq!(
            lines(reports, Ending::Complete),
            ["test ipc.words@x ... ok"]
        );
    }

    #[test]
    fn guests_report_each_for_itself() {
        let guests = ["guest-a".to_owned(), "guest-ab".to_owned()];
        let mut reports = Reports::new("guests", &guests, "x");
        for line in [
            "TEST guests.words ... ok",
            "guest-a|TEST guest-a.words ... ok",
            "guest-ab|TEST guest-ab.words ... FAILED: no",
            "guest-a|INFO: TEST guest-a.other ... ok",
            "rival|TEST guest-a.words ... FAILED: it is another",
            "guest-ab|TESTS guest-ab: 0 passed, 1 failed, 0 skipped",
        ] {
            assert!(!reports.line(line), "{line}");
        }
        let ending = Ending::TimeOut(Duration::from_secs(1));
        let lines = lines(reports, ending);
        assert_eq!(lines.len(), 3, "{lines:?}");
        assert_eq!(lines[0], "test guest-a.words@x ... ok");
        assert!(lines[1].starts_with("test guest-a.completes@x ... FAILED: no total within"));
        assert_eq!(lines[2], "test guest-ab.words@x ... FAILED: no");
    }

    #[test]
    fn it_is_over_when_all_have_said_all() {
        let guests = ["a".to_owned(), "b".to_owned()];
        let mut reports = Reports::new("guests", &guests, "x");
        for guest in ["a", "b"] {
            reports.line(&format!("{guest}|TEST {guest}.t ... ok"));
        }
        assert!(!reports.line("a|TESTS a: 1 passed, 0 failed, 0 skipped"));
        assert!(reports.line("b|TESTS b: 1 passed, 0 failed, 0 skipped"));
    }
}
