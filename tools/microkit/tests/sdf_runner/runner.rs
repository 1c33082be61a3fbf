// SPDX-License-Identifier: BSD-2-Clause
//! Runs a case against the parser and compares; and tests that it really does.

use std::fmt::Write;
use std::path::PathBuf;

use libtest_mimic::Trial;
use microkit::diag::{Diagnostic, Style, render};
use microkit::sdf;

use crate::expectation::{self, Expected};

/// Whether everything that the case expects comes, at its place, and nothing else.
pub fn run(name: &str, text: &str, search: &[PathBuf]) -> Result<(), String> {
    let case = expectation::read(text)?;
    let result = sdf::parse(name, text, &case.config, search);
    let (valid, diagnostics) = match result {
        Ok((_, warnings)) => (true, warnings),
        Err(errors) => (false, errors),
    };
    let mut report = String::new();
    if case.valid != valid {
        let verdict = |valid| if valid { "accepted" } else { "refused" };
        let _ = writeln!(
            report,
            "expected to be {}, was {}",
            verdict(case.valid),
            verdict(valid)
        );
    }
    let mut left = diagnostics;
    for expected in &case.diagnostics {
        match left
            .iter()
            .position(|diagnostic| matches(diagnostic, expected))
        {
            Some(index) => {
                left.remove(index);
            }
            None => {
                let _ = writeln!(report, "missing: {expected:?}");
            }
        }
    }
    for diagnostic in left {
        let _ = writeln!(report, "unexpected: {}", diagnostic.one_line());
        let style = Style::Graphical {
            colour: false,
            width: 100,
        };
        report += &render(&diagnostic, style);
    }
    if report.is_empty() {
        Ok(())
    } else {
        Err(report)
    }
}

fn matches(diagnostic: &Diagnostic, expected: &Expected) -> bool {
    diagnostic.is_warning() == expected.warning
        && diagnostic.place() == Some(expected.place)
        && diagnostic.message().contains(&expected.message)
        && expected
            .also
            .is_none_or(|also| diagnostic.further_places().any(|place| place == also))
        && expected
            .help
            .as_ref()
            .is_none_or(|help| diagnostic.help_text().contains(help))
}

const BODY: &str = "<system><protection_domain name=\"a\" prority=\"1\"><program_image path=\"a\"/>\
                    </protection_domain></system>\n";

/// That cases fail which must fail.
pub fn self_tests() -> Vec<Trial> {
    // Column 37 of line 2 is where the misspelt attribute of the body stands.
    let table = [
        (
            "the_right_expectation_passes",
            "error 2:37 \"unknown attribute\"",
            true,
        ),
        (
            "a_help_may_be_expected",
            "error 2:37 \"unknown\" help \"priority\"",
            true,
        ),
        ("a_case_that_expects_nothing_fails", "", false),
        (
            "another_line_fails",
            "error 1:37 \"unknown attribute\"",
            false,
        ),
        (
            "another_column_fails",
            "error 2:36 \"unknown attribute\"",
            false,
        ),
        (
            "another_message_fails",
            "error 2:37 \"missing attribute\"",
            false,
        ),
        (
            "another_help_fails",
            "error 2:37 \"unknown\" help \"perms\"",
            false,
        ),
        (
            "a_label_that_is_not_there_fails",
            "error 2:37 \"unknown\" also 2:1",
            false,
        ),
        (
            "a_warning_is_no_error",
            "warning 2:37 \"unknown attribute\"",
            false,
        ),
        ("an_error_too_many_fails", "valid", false),
        ("an_empty_message_fails", "error 2:37 \"\"", false),
        ("a_malformed_expectation_fails", "error at 2:37", false),
    ];
    table
        .into_iter()
        .map(|(name, expectation, passes)| {
            Trial::test(format!("runner::{name}"), move || {
                let comment = match expectation {
                    "" => "<!-- nothing -->".into(),
                    expectation => format!("<!-- expect: {expectation} -->"),
                };
                let result = run("self.system", &format!("{comment}\n{BODY}"), &[]);
                match (result, passes) {
                    (Ok(()), true) | (Err(_), false) => Ok(()),
                    (Ok(()), false) => Err("it passed".into()),
                    (Err(report), true) => Err(report.into()),
                }
            })
        })
        .collect()
}
