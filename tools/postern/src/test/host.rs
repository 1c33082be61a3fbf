// SPDX-License-Identifier: BSD-2-Clause
//! Tests on the host: cargo builds the test programs of the whole workspace once, and each is
//! asked for its list and then run. Every test counts.

use std::collections::BTreeMap;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use super::filter::Filter;
use super::outcome::{Outcome, Part, TestResult};
use crate::cargo::{Cargo, Program};
use crate::command::{Captured, captured};
use crate::ui::{Step, seconds};
use crate::workspace::Workspace;

/// How long the tests of one program may take.
const PATIENCE: Duration = Duration::from_secs(600);

/// Builds and runs the tests that `filter` takes; one part for each program that has any.
pub fn run(workspace: &Workspace, filter: &Filter) -> Result<Vec<Part>> {
    let cargo = Cargo::new(workspace);
    let arguments = ["--release", "--workspace", "--no-run"];
    let mut programs = cargo.build("Building the host tests", "test", &arguments)?;
    programs.retain(|program| program.test);
    programs.sort_by(|a, b| (&a.package, &a.name).cmp(&(&b.package, &b.name)));
    let step = Step::new("Running the host tests");
    step.expect(programs.len() as u64);
    let mut parts = Vec::new();
    for (done, program) in programs.iter().enumerate() {
        step.at(done as u64);
        step.note(&label(program));
        let part = run_program(workspace, program, filter)?;
        parts.extend(part.filter(|part| !part.results.is_empty()));
    }
    step.done();
    Ok(parts)
}

/// The name of a program's tests: that of its package, and of the program where it differs.
fn label(program: &Program) -> String {
    if program.package.replace('-', "_") == program.name.replace('-', "_") {
        program.package.clone()
    } else {
        format!("{}/{}", program.package, program.name)
    }
}

/// Tests that make up their cases make up the same ones each time, unless other numbers are asked for.
const SEED: (&str, &str) = ("PROPTEST_RNG_SEED", "1");

fn run_program(workspace: &Workspace, program: &Program, filter: &Filter) -> Result<Option<Part>> {
    let started = Instant::now();
    let label = label(program);
    let listed = output(program, &["--list", "--format", "terse"])?;
    let full = |name: &str| format!("{label}::{name}");
    let (wanted, unwanted): (Vec<&str>, Vec<&str>) = parse_list(&listed.text)
        .into_iter()
        .partition(|name| filter.takes(&full(name)));
    if wanted.is_empty() {
        return Ok(None);
    }
    let mut arguments = vec!["--test-threads=2"];
    // Not every test program takes more than one name to run, but all take names to leave out.
    if !unwanted.is_empty() {
        arguments.push("--exact");
        arguments.extend(unwanted.into_iter().flat_map(|name| ["--skip", name]));
    }
    let Captured {
        text: printed,
        ended,
    } = output(program, &arguments)?;
    let log = workspace.log(&format!("host-{}", label.replace('/', "-")))?;
    std::fs::write(&log, &printed).with_context(|| format!("cannot write {}", log.display()))?;
    let found = parse_results(&printed);
    let failed = |why: String| Outcome::Failed(format!("{why}; log: {}", log.display()));
    let results = wanted.into_iter().map(|name| {
        let outcome = match found.get(name) {
            Some(Outcome::Failed(_)) => failed(panic_message(&printed, name)),
            Some(outcome) => outcome.clone(),
            None if ended => failed("its program ended before it".to_owned()),
            None => failed(format!("no result within {}", seconds(PATIENCE))),
        };
        TestResult::new(full(name), outcome)
    });
    Ok(Some(Part {
        results: results.collect(),
        name: label,
        took: started.elapsed(),
    }))
}

/// Runs a test program, for no longer than [`PATIENCE`].
fn output(program: &Program, arguments: &[&str]) -> Result<Captured> {
    let mut command = Command::new(&program.path);
    command
        .args(arguments)
        .current_dir(&program.folder)
        .env("CARGO_MANIFEST_DIR", &program.folder);
    if std::env::var_os(SEED.0).is_none() {
        command.env(SEED.0, SEED.1);
    }
    captured(&mut command, PATIENCE)
}

/// Names in a list of tests in the terse format: `path::to::name: test`.
fn parse_list(text: &str) -> Vec<&str> {
    text.lines()
        .filter_map(|line| line.strip_suffix(": test"))
        .collect()
}

/// Results in what a test program prints: `test NAME ... ok`.
fn parse_results(text: &str) -> BTreeMap<&str, Outcome> {
    let mut results = BTreeMap::new();
    for line in text.lines() {
        let Some((name, outcome)) = line
            .strip_prefix("test ")
            .and_then(|l| l.split_once(" ... "))
        else {
            continue;
        };
        // `name - should panic` and the like.
        let name = name.split(" - ").next().unwrap_or(name).trim_end();
        let outcome = if outcome.starts_with("ok") {
            Outcome::Passed
        } else if let Some(why) = outcome.strip_prefix("ignored") {
            let why = why.trim_start_matches(", ").trim();
            Outcome::Skipped(if why.is_empty() {
                "ignored".to_owned()
            } else {
                why.to_owned()
            })
        } else {
            Outcome::Failed(String::new())
        };
        results.insert(name, outcome);
    }
    results
}

/// The first lines of what a failed test printed.
fn panic_message(text: &str, name: &str) -> String {
    let heading = format!("---- {name} ");
    let mut lines = text
        .lines()
        .skip_while(|line| !line.starts_with(&heading))
        .skip(1);
    let shown: Vec<&str> = lines
        .by_ref()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .take_while(|line| !line.starts_with("---- ") && *line != "failures:")
        .take(4)
        .collect();
    if shown.is_empty() {
        "it says nothing".to_owned()
    } else {
        shown.join(" / ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PRINTED: &str = "\nrunning 4 tests\ntest a::one ... ok\ntest a::two ... FAILED\n\
        test three - should panic ... ok\ntest four ... ignored, needs a printer\n\nfailures:\n\n\
        ---- a::two stdout ----\n\nthread 'a::two' panicked at src/a.rs:3:\nassertion failed\n\n\n\
        failures:\n    a::two\n\ntest result: FAILED. 2 passed; 1 failed\n";

    #[test]
    fn results_are_read() {
        let results = parse_results(PRINTED);
        assert_eq!(results.len(), 4);
        assert_eq!(results["a::one"], Outcome::Passed);
        assert!(matches!(results["a::two"], Outcome::Failed(_)));
        assert_eq!(results["three"], Outcome::Passed);
        assert_eq!(results["four"], Outcome::Skipped("needs a printer".into()));
    }

    #[test]
    fn the_message_of_a_failure_is_found() {
        let message = panic_message(PRINTED, "a::two");
        assert_eq!(
            message,
            "thread 'a::two' panicked at src/a.rs:3: / assertion failed"
        );
        assert_eq!(panic_message(PRINTED, "a::one"), "it says nothing");
    }

    #[test]
    fn lists_are_read() {
        let text = "a::one: test\nb: benchmark\na::two: test\n\n2 tests, 1 benchmark\n";
        assert_eq!(parse_list(text), ["a::one", "a::two"]);
    }
}
