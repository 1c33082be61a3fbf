// SPDX-License-Identifier: BSD-2-Clause
//! Conformance of the system description parser: one test for each file of tests/sdf.
//!
//! A case says in its leading comments what must come of it; see [`runner`] for the form. Prefill files
//! are looked for in tests/sdf/prefill.

mod common;
#[path = "sdf_runner/expectation.rs"]
mod expectation;
#[path = "sdf_runner/runner.rs"]
mod runner;

use std::path::PathBuf;

use common::{case_files, cases_dir};
use libtest_mimic::{Arguments, Trial};

fn main() {
    let paths = case_files();
    let count = paths.len();
    let mut trials: Vec<Trial> = paths.into_iter().map(case).collect();
    trials.push(Trial::test("runner::all_cases_are_found", move || {
        if count < 150 {
            return Err(format!("only {count} cases").into());
        }
        Ok(())
    }));
    trials.extend(runner::self_tests());
    libtest_mimic::run(&Arguments::from_args(), trials).exit();
}

fn case(path: PathBuf) -> Trial {
    let name = path
        .file_stem()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    Trial::test(format!("sdf::{name}"), move || {
        let text = std::fs::read_to_string(&path).map_err(|error| error.to_string())?;
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        runner::run(&name, &text, &[cases_dir().join("prefill")]).map_err(Into::into)
    })
}
