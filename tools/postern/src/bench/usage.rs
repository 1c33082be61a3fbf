// SPDX-License-Identifier: BSD-2-Clause
//! How long a program ran and how much memory it had at its largest.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

/// How often a running program is looked at.
const SAMPLING: Duration = Duration::from_micros(300);

/// What a program used.
#[derive(Clone, Copy, Debug)]
pub struct Usage {
    /// Time from start to end, as on a clock on the wall.
    pub time: Duration,
    /// Largest resident size, in bytes. The kernel keeps the peak and we look at it until the end;
    /// what the program took in its last [`SAMPLING`] can escape. (The peak that `wait4` gives
    /// would include our own, of the moment between fork and exec.)
    pub memory: u64,
}

/// Runs `command`, its output dropped, and measures it. It has to succeed.
pub fn measure(command: &mut Command) -> Result<Usage> {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let program = command.get_program().to_string_lossy().into_owned();
    let started = Instant::now();
    let mut child = command
        .spawn()
        .with_context(|| format!("cannot start {program}"))?;
    let status_file = format!("/proc/{}/status", child.id());
    let mut memory = 0;
    let status = loop {
        if let Some(status) = child.try_wait().context("cannot wait for a program")? {
            break status;
        }
        let text = std::fs::read_to_string(&status_file).unwrap_or_default();
        memory = memory.max(peak(&text).unwrap_or(0));
        std::thread::sleep(SAMPLING);
    };
    let time = started.elapsed();
    if !status.success() {
        bail!("{program} failed ({status})");
    }
    Ok(Usage { time, memory })
}

/// The peak of the resident size, in bytes, in a `/proc/PID/status`.
fn peak(status: &str) -> Option<u64> {
    let value = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: u64 = value.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kib.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_and_memory_are_those_of_the_program() {
        let usage = measure(Command::new("sleep").arg("0.2")).unwrap();
        assert!(usage.time >= Duration::from_millis(200), "{usage:?}");
        assert!(
            usage.memory > 100_000 && usage.memory < 100_000_000,
            "{usage:?}"
        );
    }

    #[test]
    fn a_failure_is_no_measurement() {
        assert!(measure(&mut Command::new("false")).is_err());
    }

    #[test]
    fn the_peak_is_read() {
        assert_eq!(
            peak("Name:\tx\nVmHWM:\t    1234 kB\nVmRSS:\t 1 kB\n"),
            Some(1_263_616)
        );
        assert_eq!(peak("Name:\tzombie\n"), None);
        assert_eq!(peak("VmHWM:\tmany kB\n"), None);
    }
}
