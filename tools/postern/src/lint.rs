// SPDX-License-Identifier: BSD-2-Clause
//! The command `lint`: format and lints of the whole workspace.

use anyhow::{Context, Result};

use crate::cargo::Cargo;
use crate::setup::{self, For};
use crate::workspace::Workspace;

/// What is run, and what each is told.
const CHECKS: [(&str, &[&str]); 2] = [
    ("fmt", &["--all", "--check"]),
    (
        "clippy",
        &[
            "--workspace",
            "--all-targets",
            "--locked",
            "--offline",
            "--quiet",
            "--",
            "-D",
            "warnings",
        ],
    ),
];

/// Runs all checks, each to its end; true if none complains. They print what they find.
pub fn run(workspace: &Workspace) -> Result<bool> {
    setup::ensure(workspace, &[For::Building])?;
    let cargo = Cargo::new(workspace);
    let mut clean = true;
    for (name, arguments) in CHECKS {
        eprintln!("cargo {name} {}", arguments.join(" "));
        let status = cargo.command(name).args(arguments).status();
        clean &= status
            .with_context(|| format!("cannot start cargo {name}"))?
            .success();
    }
    Ok(clean)
}
