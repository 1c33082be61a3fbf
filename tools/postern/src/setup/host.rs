// SPDX-License-Identifier: BSD-2-Clause
//! The machine that we run on, as far as set-up asks about it.

use std::path::Path;
use std::process::{Command, Stdio};

/// Questions to the machine. Tests answer them differently.
pub trait Host {
    /// Is there a program of that name in PATH?
    fn has_program(&self, name: &str) -> bool;
    /// Does that file exist?
    fn has_file(&self, path: &str) -> bool;
    /// What a command prints, first on standard output and then on standard error; `None` if it
    /// cannot be started or fails.
    fn ask(&self, command: &[&str]) -> Option<String>;
}

/// The machine itself.
pub struct ThisHost;

impl Host for ThisHost {
    fn has_program(&self, name: &str) -> bool {
        let path = std::env::var_os("PATH").unwrap_or_default();
        std::env::split_paths(&path).any(|folder| folder.join(name).is_file())
    }

    fn has_file(&self, path: &str) -> bool {
        Path::new(path).is_file()
    }

    fn ask(&self, command: &[&str]) -> Option<String> {
        let (program, arguments) = command.split_first()?;
        let output = Command::new(program)
            .args(arguments)
            .stdin(Stdio::null())
            .output()
            .ok()
            .filter(|output| output.status.success())?;
        let bytes = [output.stdout, output.stderr].concat();
        Some(String::from_utf8_lossy(&bytes).into_owned())
    }
}

/// A host made of lists, for tests.
#[cfg(test)]
#[derive(Default)]
pub struct FakeHost {
    /// Programs in PATH.
    pub programs: Vec<&'static str>,
    /// Files that exist.
    pub files: Vec<&'static str>,
    /// Commands that succeed, joined by spaces, and what they print.
    pub answers: Vec<(&'static str, &'static str)>,
}

#[cfg(test)]
impl Host for FakeHost {
    fn has_program(&self, name: &str) -> bool {
        self.programs.contains(&name)
    }

    fn has_file(&self, path: &str) -> bool {
        self.files.contains(&path)
    }

    fn ask(&self, command: &[&str]) -> Option<String> {
        let line = command.join(" ");
        let (_, answer) = self
            .answers
            .iter()
            .find(|(question, _)| *question == line)?;
        Some((*answer).to_owned())
    }
}
