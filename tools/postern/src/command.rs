// SPDX-License-Identifier: BSD-2-Clause
//! Programs that are run for their effect, their output kept in a log.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::run::reaper::Ward;

/// How many lines of a log an error shows.
const TAIL: usize = 15;

/// Runs `command`, both output streams going to `log`, and calls `line` with each line. A
/// failure shows the end of the log and says where it is.
pub fn logged(command: &mut Command, log: &Path, mut line: impl FnMut(&str)) -> Result<()> {
    let program = command.get_program().to_string_lossy().into_owned();
    let mut file = File::create(log).with_context(|| format!("cannot write {}", log.display()))?;
    let (reader, writer) = std::io::pipe().context("cannot make a pipe")?;
    let second = writer.try_clone().context("cannot make a pipe")?;
    let spawned = command
        .stdin(Stdio::null())
        .stdout(writer)
        .stderr(second)
        .spawn();
    // The command holds copies of the pipe's writing end, which would keep it open.
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = spawned.with_context(|| format!("cannot start {program}"))?;
    for bytes in BufReader::new(reader).split(b'\n') {
        let bytes = bytes.with_context(|| format!("cannot read what {program} prints"))?;
        let text = String::from_utf8_lossy(&bytes);
        writeln!(file, "{text}").with_context(|| format!("cannot write {}", log.display()))?;
        line(&text);
    }
    let status = child
        .wait()
        .with_context(|| format!("cannot wait for {program}"))?;
    if !status.success() {
        bail!("{program} failed ({status}); {}", tail(log));
    }
    Ok(())
}

/// What a program printed.
#[derive(Debug, PartialEq, Eq)]
pub struct Captured {
    /// Standard output, and after it standard error.
    pub text: String,
    /// Did it end by itself, whatever its exit status?
    pub ended: bool,
}

/// Runs `command` for at most `patience` and keeps what it prints.
pub fn captured(command: &mut Command, patience: Duration) -> Result<Captured> {
    let program = command.get_program().to_string_lossy().into_owned();
    // Files, not pipes: nobody has to read while we wait.
    let mut files = [tempfile::tempfile()?, tempfile::tempfile()?];
    command
        .stdin(Stdio::null())
        .stdout(files[0].try_clone()?)
        .stderr(files[1].try_clone()?);
    let mut ward = Ward::spawn(command).with_context(|| format!("cannot start {program}"))?;
    let deadline = Instant::now() + patience;
    let mut ended = false;
    while !ended && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(5));
        ended = ward
            .child()
            .try_wait()
            .with_context(|| format!("cannot wait for {program}"))?
            .is_some();
    }
    drop(ward);
    let mut bytes = Vec::new();
    for file in &mut files {
        file.rewind()?;
        file.read_to_end(&mut bytes)?;
    }
    Ok(Captured {
        text: String::from_utf8_lossy(&bytes).into_owned(),
        ended,
    })
}

/// The last lines of a log and where the rest is, as the end of an error message.
pub fn tail(log: &Path) -> String {
    let bytes = std::fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    let lines: Vec<&str> = text
        .lines()
        .filter(|line| !line.trim().is_empty())
        .collect();
    let last = lines.iter().skip(lines.len().saturating_sub(TAIL));
    let shown: String = last.map(|line| format!("\n  | {line}")).collect();
    if shown.is_empty() {
        format!("it printed nothing; log: {}", log.display())
    } else {
        format!("its last lines:{shown}\n  the whole log: {}", log.display())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sh(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn both_streams_are_logged_and_seen() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("log");
        let mut seen = Vec::new();
        logged(&mut sh("echo out; echo err >&2"), &log, |line| {
            seen.push(line.to_owned())
        })
        .unwrap();
        assert_eq!(seen, ["out", "err"]);
        assert_eq!(std::fs::read_to_string(log).unwrap(), "out\nerr\n");
    }

    #[test]
    fn a_failure_shows_the_end_of_the_log() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("log");
        let error = logged(&mut sh("seq 1 40; exit 3"), &log, |_| {})
            .unwrap_err()
            .to_string();
        assert!(error.contains("exit status: 3"), "{error}");
        assert!(
            error.contains("| 40\n") && error.contains("| 26\n"),
            "{error}"
        );
        assert!(!error.contains("| 25\n"), "{error}");
        assert!(error.contains(&log.display().to_string()), "{error}");
    }

    #[test]
    fn output_is_captured_whatever_the_exit_status() {
        let long = Duration::from_secs(20);
        let found = captured(&mut sh("echo err >&2; echo out; exit 3"), long).unwrap();
        assert_eq!(
            found,
            Captured {
                text: "out\nerr\n".into(),
                ended: true
            }
        );
    }

    #[test]
    fn what_does_not_end_is_ended() {
        let short = Duration::from_millis(300);
        let found = captured(&mut sh("echo begun; sleep 300"), short).unwrap();
        assert_eq!(
            found,
            Captured {
                text: "begun\n".into(),
                ended: false
            }
        );
    }

    #[test]
    fn a_missing_program_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new("no-such-program");
        let error = logged(&mut command, &folder.path().join("log"), |_| {}).unwrap_err();
        assert_eq!(error.to_string(), "cannot start no-such-program");
    }
}
