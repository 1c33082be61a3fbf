// SPDX-License-Identifier: BSD-2-Clause
//! The programs that build the kernel, checked before they are needed.

use std::process::Command;

use crate::{Error, Result};

/// The C compiler. Its flags undo what current compilers and distributions changed since the
/// kernel was written: common symbols, position independence, stack protection, CET. It also
/// keeps to what a kernel of that age expects of pointer types.
pub(crate) const CC: &str = "gcc -fcommon -fno-strict-aliasing -fno-stack-protector \
                             -fcf-protection=none -no-pie";

/// Warnings that are asked for. Those left out of the kernel's own list complain about its age.
pub(crate) const WARNINGS: &str = "all undef no-address-of-packed-member no-array-bounds";

/// Folder of the Python modules that the kernel's generators need and distributions lack.
pub(crate) const PYTHON_MODULES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tools");
/// The module there.
pub(crate) const TEMPITA: &str = include_str!("../tools/tempita.py");

/// The programs that were found.
pub(crate) struct Toolchain {
    /// A Python 3 with the module `ply`.
    pub(crate) python: &'static str,
    /// What identifies the compiler: the first line of its `--version`.
    pub(crate) compiler: String,
}

impl Toolchain {
    /// Looks for everything that is needed; the error names the first thing that is missing.
    pub(crate) fn find() -> Result<Self> {
        try_run("make", &["--version"], "make", "make")?;
        try_run("ld", &["--version"], "ld", "binutils")?;
        try_run("objcopy", &["--version"], "objcopy", "binutils")?;
        try_run("cpp", &["--version"], "cpp", "gcc")?;
        let version = try_run("gcc", &["--version"], "gcc", "gcc")?;
        let compiler = version.lines().next().unwrap_or_default().to_owned();
        // The system's Python first: the one in the path can be some project's own.
        let ply = |python| try_run(python, &["-c", "import ply.yacc"], "ply", "python3-ply");
        let python = match ply("/usr/bin/python3") {
            Ok(_) => "/usr/bin/python3",
            Err(error) => ply("python3").map(|_| "python3").map_err(|_| error)?,
        };
        Ok(Self { python, compiler })
    }
}

/// Runs a program and returns what it prints; `tool` and `package` are for the error.
fn try_run(program: &str, args: &[&str], tool: &str, package: &'static str) -> Result<String> {
    let failed = |problem: String| Error::Tool {
        tool: tool.to_owned(),
        problem,
        package,
    };
    let output = Command::new(program)
        .args(args)
        .output()
        .map_err(|error| failed(format!("{program}: {error}")))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        let last = said.lines().last().unwrap_or("it failed");
        return Err(failed(format!("{program}: {last}")));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_named_with_its_package() {
        for (program, args, message) in [
            (
                "/no/such/program",
                &["--version"][..],
                "/no/such/program: No such file",
            ),
            (
                "sh",
                &["-c", "echo first >&2; echo last >&2; exit 3"],
                "sh: last. On Debian",
            ),
            ("false", &[], "false: it failed"),
        ] {
            let error = try_run(program, args, "the tool", "its-package")
                .unwrap_err()
                .to_string();
            assert!(
                error.starts_with("building the kernel needs the tool: "),
                "{error}"
            );
            assert!(error.contains(message), "{error}");
            assert!(error.ends_with("apt-get install its-package"), "{error}");
        }
    }

    #[test]
    fn what_a_program_prints_is_returned() {
        assert_eq!(try_run("echo", &["12.2"], "", "").unwrap(), "12.2\n");
    }
}
