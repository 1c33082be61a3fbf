// SPDX-License-Identifier: BSD-2-Clause
//! Running the tests of a system and saying how they went.

use core::fmt::{self, Write};

use crate::{Failure, TestResult};

/// Longest line in bytes, with the line feed.
const LINE_MAX: usize = 320;

/// A test of a system whose tests share a context `C`.
#[derive(Debug)]
pub struct Test<C> {
    /// Its name: the function's.
    pub name: &'static str,
    /// The function.
    pub run: fn(&mut C) -> TestResult,
}

/// The tests of a system.
#[derive(Debug)]
pub struct Suite<C: 'static> {
    /// The system's name.
    pub system: &'static str,
    /// Its tests, in the order in which they run.
    pub tests: &'static [Test<C>],
}

/// How many tests went how.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Summary {
    /// Passed.
    pub passed: usize,
    /// Failed.
    pub failed: usize,
    /// Skipped.
    pub skipped: usize,
}

/// Lists test functions: `suite!("name of the system", [first, second])`.
#[macro_export]
macro_rules! suite {
    ($system:expr, [$($test:ident),+ $(,)?]) => {
        $crate::Suite {
            system: $system,
            tests: &[$($crate::Test { name: stringify!($test), run: $test }),+],
        }
    };
}

impl<C> Suite<C> {
    /// Runs the tests and prints a line for each, and one for all, on the kernel's console.
    pub fn run_in_system(&self, context: &mut C) -> Summary {
        self.run(context, sel4_runtime::print::put)
    }

    /// Runs the tests and gives each line of the report, with its line feed, to `print`.
    pub fn run(&self, context: &mut C, mut print: impl FnMut(&str)) -> Summary {
        let mut summary = Summary::default();
        for Test { name, run } in self.tests {
            let system = self.system;
            match run(context) {
                Ok(()) => {
                    summary.passed += 1;
                    line(&mut print, format_args!("TEST {system}.{name} ... ok"));
                }
                Err(failure) => {
                    match failure {
                        Failure::Failed { .. } => summary.failed += 1,
                        Failure::Skipped { .. } => summary.skipped += 1,
                    }
                    line(
                        &mut print,
                        format_args!("TEST {system}.{name} ... {failure}"),
                    );
                }
            }
        }
        line(&mut print, format_args!("TESTS {}: {summary}", self.system));
        summary
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            passed,
            failed,
            skipped,
        } = self;
        write!(f, "{passed} passed, {failed} failed, {skipped} skipped")
    }
}

/// Prints in one go, so that output of others does not get in between.
fn line(print: &mut impl FnMut(&str), text: fmt::Arguments<'_>) {
    let mut line = heapless::String::<LINE_MAX>::new();
    if writeln!(line, "{text}").is_err() {
        // Names are longer than anyone should make them: what fits is printed.
        line.pop();
        let _ = line.push('\n');
    }
    print(&line);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passes(runs: &mut u32) -> TestResult {
        *runs += 1;
        Ok(())
    }

    fn fails(runs: &mut u32) -> TestResult {
        *runs += 1;
        crate::fail!("as it should")
    }

    fn skips(_: &mut u32) -> TestResult {
        crate::skip!("nothing here")
    }

    #[test]
    fn every_test_runs_and_has_its_line() {
        let suite: Suite<u32> = crate::suite!("sys", [passes, fails, skips, passes]);
        let (mut runs, mut lines) = (0, Vec::new());
        let summary = suite.run(&mut runs, |line| lines.push(line.to_owned()));
        assert_eq!(runs, 3);
        assert_eq!(
            summary,
            Summary {
                passed: 2,
                failed: 1,
                skipped: 1
            }
        );
        assert_eq!(lines[0], "TEST sys.passes ... ok\n");
        assert!(lines[1].starts_with("TEST sys.fails ... FAILED: as it should ("));
        assert_eq!(lines[2], "TEST sys.skips ... skipped: nothing here\n");
        assert_eq!(lines[4], "TESTS sys: 2 passed, 1 failed, 1 skipped\n");
        assert_eq!(lines.len(), 5);
    }

    #[test]
    fn a_line_without_room_still_ends() {
        let mut printed = String::new();
        line(
            &mut |text: &str| printed.push_str(text),
            format_args!("{:400}", "x"),
        );
        assert!(printed.len() <= LINE_MAX && printed.ends_with('\n'));
    }
}
