// SPDX-License-Identifier: BSD-2-Clause
//! Where the kernel, the initial task and the monitor are.

use std::path::{Path, PathBuf};
use std::{env, fs};

use crate::diag::Diagnostic;

/// One board and configuration of an SDK.
#[derive(Debug, Clone)]
pub struct Sdk {
    dir: PathBuf,
}

/// Files of the SDK, by their place in the configuration's folder.
const KERNELS: [&str; 2] = ["sel4.elf", "sel4_32.elf"];

impl Sdk {
    /// The configuration `config` of `board` in the SDK at `dir`, or else at `$MICROKIT_SDK`, or else
    /// above the folder that this program is in.
    ///
    /// # Errors
    /// There is no SDK, or it lacks the board or the configuration; the help lists those it has.
    pub fn find(dir: Option<&Path>, board: &str, config: &str) -> Result<Self, Diagnostic> {
        let root = match dir {
            Some(dir) => dir.to_path_buf(),
            None => match env::var_os("MICROKIT_SDK").filter(|value| !value.is_empty()) {
                Some(dir) => dir.into(),
                None => above_this_program()?,
            },
        };
        let boards = root.join("board");
        if !boards.is_dir() {
            let message = format!("there is no SDK at '{}'", root.display());
            return Err(no_sdk(message));
        }
        if !boards.join(board).is_dir() {
            return Err(unknown("board", board, &boards));
        }
        let dir = boards.join(board).join(config);
        if !dir.is_dir() {
            return Err(unknown("config", config, &boards.join(board)));
        }
        Ok(Self { dir })
    }

    /// The kernel's configuration.
    pub fn kernel_config(&self) -> PathBuf {
        self.dir.join("include/kernel/gen_config.json")
    }

    /// The program that starts the system.
    pub fn initial_task(&self) -> PathBuf {
        self.elf("initialiser.elf")
    }

    /// The program that receives faults.
    pub fn monitor(&self) -> PathBuf {
        self.elf("monitor.elf")
    }

    /// The kernel as a 64-bit and as a 32-bit ELF file: names and paths.
    pub fn kernels(&self) -> impl Iterator<Item = (&'static str, PathBuf)> {
        KERNELS.into_iter().map(|name| (name, self.elf(name)))
    }

    fn elf(&self, name: &str) -> PathBuf {
        self.dir.join("elf").join(name)
    }
}

fn above_this_program() -> Result<PathBuf, Diagnostic> {
    let program = env::current_exe().ok();
    let root = program
        .as_deref()
        .and_then(Path::parent)
        .and_then(Path::parent);
    root.map(Path::to_path_buf)
        .ok_or_else(|| no_sdk("no SDK was given".into()))
}

fn no_sdk(message: String) -> Diagnostic {
    Diagnostic::without_place(
        message,
        "set MICROKIT_SDK, or give --sdk, to the folder of an SDK",
    )
}

fn unknown(what: &str, name: &str, folder: &Path) -> Diagnostic {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut known: Vec<String> = entries
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    known.sort();
    Diagnostic::without_place(
        format!("the SDK has no {what} '{name}'"),
        format!("choose one of: {}", known.join(", ")),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_named_with_what_there_is() {
        let dir = tempfile::tempdir().unwrap();
        let find = |board: &str, config: &str| Sdk::find(Some(dir.path()), board, config);
        assert!(
            find("pc", "debug")
                .unwrap_err()
                .message()
                .starts_with("there is no SDK at")
        );
        fs::create_dir_all(dir.path().join("board/pc/debug")).unwrap();
        fs::create_dir_all(dir.path().join("board/pc/release")).unwrap();
        let error = find("arm", "debug").unwrap_err();
        assert_eq!(error.message(), "the SDK has no board 'arm'");
        assert_eq!(error.help_text(), "choose one of: pc");
        let error = find("pc", "smp").unwrap_err();
        assert_eq!(error.help_text(), "choose one of: debug, release");
        let sdk = find("pc", "debug").unwrap();
        assert_eq!(
            sdk.monitor(),
            dir.path().join("board/pc/debug/elf/monitor.elf")
        );
    }
}
