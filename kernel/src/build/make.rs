// SPDX-License-Identifier: BSD-2-Clause
//! The kernel's own Makefile: how it is called, and how far it is.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Write};
use std::process::{Command, Stdio};

use super::{Built, Progress};
use crate::toolchain::{self, Toolchain};
use crate::{Error, Result};

/// Steps that the kernel's Makefile announces when it builds everything.
pub(super) const STEPS: u32 = 26;
/// How much of the log an error shows.
const TAIL_LINES: usize = 20;

/// The arguments for make.
pub(super) fn arguments(built: &Built, tools: &Toolchain) -> Vec<String> {
    let source = built.source.display();
    let python = tools.python;
    let (cc, warnings) = (toolchain::CC, toolchain::WARNINGS);
    let mut arguments = vec![
        "-j2".into(),
        "-f".into(),
        format!("{source}/Makefile"),
        "kernel.elf".into(),
        "ARCH=x86".into(),
        "PLAT=pc99".into(),
        "SEL4_ARCH=x86_64".into(),
        "SKIP_PATH_CHECKS=1".into(),
        format!("SOURCE_ROOT={source}"),
        format!("CC={cc} -ffile-prefix-map={source}=seL4"),
        format!("WARNINGS={warnings}"),
        format!("PYTHON={python}"),
        format!("INVOCATION_ID_GEN_PATH={python} {source}/tools/invocation_header_gen.py"),
        format!("SYSCALL_ID_GEN_PATH={python} {source}/tools/syscall_header_gen.py"),
        format!("CONFIG_DOMAIN_SCHEDULE={source}/src/kernel/domain.c"),
        // Checks of the source that do not change the result: of include cycles, which
        // does not understand the output of current preprocessors, and of XML schemata.
        "CIRCULAR_INCLUDES=true".into(),
        "XMLLINT_PATH=true".into(),
        // Keep the generated headers: the interface is compared with them.
        "--eval=.SECONDARY:".into(),
    ];
    if built.variant.is_debug() {
        arguments.push("DEBUG=1".into());
    }
    arguments
}

/// Runs the kernel's own Makefile.
pub(super) fn make(built: &Built, arguments: &[String], progress: &mut dyn Progress) -> Result<()> {
    let mut command = Command::new("make");
    command
        .args(arguments)
        .env("PYTHONPATH", toolchain::PYTHON_MODULES)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("LC_ALL", "C");
    // When we are started by make ourselves, its settings are not for the kernel's Makefile.
    for variable in ["MAKEFLAGS", "MFLAGS", "MAKELEVEL", "MAKEOVERRIDES"] {
        command.env_remove(variable);
    }

    let mut log = File::create(&built.log).map_err(Error::io(&built.log))?;
    // One pipe for both, so that errors stand in the log where they happened.
    let (output, writer) = io::pipe().map_err(Error::io("make"))?;
    let errors = writer.try_clone().map_err(Error::io("make"))?;
    command
        .current_dir(&built.generated)
        .stdin(Stdio::null())
        .stdout(writer)
        .stderr(errors);
    let mut child = command.spawn().map_err(Error::io("make"))?;
    // It holds the pipe's other end, which must close when make ends.
    drop(command);
    let mut done = 0;
    for line in BufReader::new(output).split(b'\n') {
        let line = line.map_err(Error::io("make"))?;
        let line = String::from_utf8_lossy(&line);
        writeln!(log, "{line}").map_err(Error::io(&built.log))?;
        // Like ` [CPP] kernel_all.c_pp`.
        if let Some(step) = line.strip_prefix(" [") {
            progress.step(done, STEPS, &step.replace(']', ""));
            done = (done + 1).min(STEPS);
        }
    }
    let status = child.wait().map_err(Error::io("make"))?;
    if !status.success() {
        return Err(failure(built));
    }
    progress.step(STEPS, STEPS, "done");
    Ok(())
}

/// The error with the end of the log.
pub(super) fn failure(built: &Built) -> Error {
    let text = fs::read_to_string(&built.log).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    let tail = lines[lines.len().saturating_sub(TAIL_LINES)..].join("\n");
    Error::Build {
        variant: built.variant.name(),
        log: built.log.clone(),
        tail,
    }
}
