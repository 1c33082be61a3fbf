// SPDX-License-Identifier: BSD-2-Clause
//! The command `lint`: format and lints of the whole workspace.

use anyhow::{Context, Result};

use crate::cargo::Cargo;
use crate::setup::{self, For};
use crate::workspace::Workspace;

/// What is run, and what each is told. A crate has the features that anybody asks for in the same
/// run. The tests of `vmm-virtio` ask some for a heap, and those of many ask `bitflags` for the
/// standard library; programs that have neither are checked without them.
const CHECKS: [(&str, &[&str]); 4] = [
    ("fmt", &["--all", "--check"]),
    (
        "clippy",
        &[
            "--workspace",
            "--all-targets",
            "--exclude",
            "vmm-virtio",
            "--exclude",
            "vmm",
        ],
    ),
    ("clippy", &["-p", "vmm-virtio", "--all-targets"]),
    ("clippy", &["-p", "vmm"]),
];
const CLIPPY: [&str; 6] = ["--locked", "--offline", "--quiet", "--", "-D", "warnings"];

/// Runs all checks, each to its end; true if none complains. They print what they find.
pub fn run(workspace: &Workspace) -> Result<bool> {
    setup::ensure(workspace, &[For::Building])?;
    let cargo = Cargo::new(workspace);
    let mut clean = true;
    for (name, arguments) in CHECKS {
        let arguments = match name {
            "clippy" => [arguments, &CLIPPY].concat(),
            _ => arguments.to_vec(),
        };
        eprintln!("cargo {name} {}", arguments.join(" "));
        let status = cargo.command(name).args(arguments).status();
        clean &= status
            .with_context(|| format!("cannot start cargo {name}"))?
            .success();
    }
    Ok(clean)
}
