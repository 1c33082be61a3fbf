// SPDX-License-Identifier: BSD-2-Clause
//! How long a program ran and how much memory it had at its largest.

use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

/// What a program used.
#[derive(Clone, Copy, Debug)]
pub struct Usage {
    /// Time from start to end, as on a clock on the wall.
    pub time: Duration,
    /// Largest resident size, in bytes.
    pub memory: u64,
}

/// Runs `command`, its output dropped, and measures it. It has to succeed.
pub fn measure(command: &mut Command) -> Result<Usage> {
    use std::os::unix::process::ExitStatusExt;

    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let program = command.get_program().to_string_lossy().into_owned();
    let started = Instant::now();
    let child = command
        .spawn()
        .with_context(|| format!("cannot start {program}"))?;
    let pid = libc::pid_t::try_from(child.id()).context("the process identifier is too large")?;
    let mut status = 0;
    // SAFETY: all-zero is a valid value of this plain structure of integers.
    let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
    // SAFETY: both pointers are to live variables of the right type. The process is our child and
    // nobody else waits for it: `child` is not used again.
    let waited = unsafe { libc::wait4(pid, &mut status, 0, &mut usage) };
    let time = started.elapsed();
    if waited != pid {
        return Err(std::io::Error::last_os_error()).context("cannot wait for a program");
    }
    let status = ExitStatus::from_raw(status);
    if !status.success() {
        bail!("{program} failed ({status})");
    }
    // Linux counts it in KiB.
    let memory = u64::try_from(usage.ru_maxrss)
        .unwrap_or(0)
        .saturating_mul(1024);
    Ok(Usage { time, memory })
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
}
