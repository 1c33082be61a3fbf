// SPDX-License-Identifier: BSD-2-Clause
//! Cargo, called for what Postern is made of. Once everything is downloaded it is told to stay
//! off the network.

use std::ffi::OsString;
use std::io::{BufReader, Read};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use cargo_metadata::{Message, Metadata, MetadataCommand};

use crate::command::logged;
use crate::ui::Step;
use crate::workspace::Workspace;

/// Cargo in our workspace.
pub struct Cargo<'a> {
    workspace: &'a Workspace,
}

/// A program that cargo made.
#[derive(Clone, Debug)]
pub struct Program {
    /// Name of the package.
    pub package: String,
    /// Name of the program within it.
    pub name: String,
    /// Does it have tests of its own (built by `cargo test`)?
    pub test: bool,
    /// The package's folder.
    pub folder: PathBuf,
    /// Where it is.
    pub path: PathBuf,
}

impl<'a> Cargo<'a> {
    /// Cargo for this workspace.
    pub fn new(workspace: &'a Workspace) -> Self {
        Self { workspace }
    }

    /// A command of cargo's, e.g. `build`, to be completed.
    pub fn command(&self, name: &str) -> Command {
        let program = std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
        let mut command = Command::new(program);
        command
            .arg(name)
            .current_dir(&self.workspace.root)
            .stdin(Stdio::null());
        command
    }

    /// What the workspace consists of. Needs everything downloaded.
    pub fn metadata(&self) -> Result<Metadata> {
        MetadataCommand::new()
            .manifest_path(self.workspace.root.join("Cargo.toml"))
            .other_options(["--locked".to_owned(), "--offline".to_owned()])
            .exec()
            .context("cargo cannot describe the workspace")
    }

    /// Downloads the crates, the kernel's source among them, unless they are here.
    pub fn fetch(&self) -> Result<()> {
        if self.metadata().is_ok() {
            return Ok(());
        }
        let step = Step::new("Downloading crates and the kernel's source");
        let mut command = self.command("fetch");
        command.arg("--locked");
        logged(&mut command, &self.workspace.log("cargo-fetch")?, |line| {
            step.note(line.trim())
        })
        .context("cannot download what Postern is built from. Is this machine online?")?;
        step.done();
        Ok(())
    }

    /// Builds by `cargo SUBCOMMAND ARGUMENTS` and returns the programs that resulted.
    pub fn build(&self, label: &str, subcommand: &str, arguments: &[&str]) -> Result<Vec<Program>> {
        let step = Step::new(label);
        let mut command = self.command(subcommand);
        command
            .args([
                "--quiet",
                "--locked",
                "--offline",
                "--message-format=json-render-diagnostics",
            ])
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().context("cannot start cargo")?;
        let errors = child.stderr.take().context("cargo has no stderr")?;
        let errors = std::thread::spawn(move || {
            let mut text = String::new();
            // What is not text is lost, which is better than an error about an error.
            let _ = BufReader::new(errors).read_to_string(&mut text);
            text
        });
        let messages = child.stdout.take().context("cargo has no stdout")?;
        let mut programs = Vec::new();
        let mut count = 0;
        for message in Message::parse_stream(BufReader::new(messages)) {
            let Message::CompilerArtifact(artifact) = message.context("cannot read from cargo")?
            else {
                continue;
            };
            count += 1;
            step.note(&format!("{count} {}", artifact.target.name));
            if let Some(path) = artifact.executable {
                programs.push(Program {
                    package: package_name(&artifact.package_id.repr).to_owned(),
                    name: artifact.target.name.clone(),
                    folder: artifact
                        .manifest_path
                        .with_file_name("")
                        .into_std_path_buf(),
                    test: artifact.profile.test,
                    path: path.into_std_path_buf(),
                });
            }
        }
        let status = child.wait().context("cannot wait for cargo")?;
        if !status.success() {
            let text = errors.join().unwrap_or_default();
            bail!("cargo {subcommand} failed:\n{}", text.trim_end());
        }
        step.done();
        Ok(programs)
    }
}

/// The package's name in cargo's identifier, e.g. `path+file:///p/tools/postern#0.1.0` or
/// `path+file:///p/kernel#sel4-kernel@0.1.0`.
fn package_name(id: &str) -> &str {
    let (location, version) = id.split_once('#').unwrap_or((id, ""));
    match version.split_once('@') {
        Some((name, _)) => name,
        None => location.rsplit('/').next().unwrap_or(location),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_are_named_as_in_their_manifest() {
        for (id, name) in [
            ("path+file:///p/tools/postern#0.1.0", "postern"),
            ("path+file:///p/kernel#sel4-kernel@0.1.0", "sel4-kernel"),
            ("registry+https://index#serde@1.0.0", "serde"),
            ("odd", "odd"),
        ] {
            assert_eq!(package_name(id), name);
        }
    }
}
