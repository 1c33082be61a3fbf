// SPDX-License-Identifier: BSD-2-Clause
//! Ends what we started: every emulator runs in a process group of its own, and all groups that
//! are left are ended when we are, by a signal or otherwise.

use std::os::unix::process::CommandExt;
use std::process::{Child, Command};
use std::sync::{Mutex, PoisonError};

use anyhow::{Context, Result};
use rustix::process::{Pid, Signal, kill_process_group, set_parent_process_death_signal};
use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};
use signal_hook::iterator::Signals;

use super::terminal;

/// Leaders of the groups that run.
static GROUPS: Mutex<Vec<Pid>> = Mutex::new(Vec::new());

/// From now on, signals that end us end the groups and give the terminal back first.
pub fn install() -> Result<()> {
    let mut signals =
        Signals::new([SIGHUP, SIGINT, SIGQUIT, SIGTERM]).context("cannot watch for signals")?;
    std::thread::spawn(move || {
        if let Some(signal) = signals.forever().next() {
            for group in GROUPS.lock().unwrap_or_else(PoisonError::into_inner).iter() {
                end(*group);
            }
            terminal::restore();
            eprintln!("\nEnded by signal {signal}.");
            std::process::exit(128 + signal);
        }
    });
    Ok(())
}

/// A child process that ends with us.
pub struct Ward {
    child: Child,
    group: Pid,
}

impl Ward {
    /// Starts `command` in a group of its own.
    pub fn spawn(command: &mut Command) -> std::io::Result<Self> {
        command.process_group(0);
        // SAFETY: the closure makes one system call and touches no memory, so it may run between
        // fork and exec. It covers our being killed without a chance to clean up.
        unsafe {
            command.pre_exec(|| Ok(set_parent_process_death_signal(Some(Signal::KILL))?));
        }
        let child = command.spawn()?;
        let group = Pid::from_child(&child);
        GROUPS
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(group);
        Ok(Self { child, group })
    }

    /// The process.
    pub fn child(&mut self) -> &mut Child {
        &mut self.child
    }
}

impl Drop for Ward {
    fn drop(&mut self) {
        end(self.group);
        // Reaps the leader; that it is gone already is fine.
        let _ = self.child.wait();
        GROUPS
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .retain(|group| *group != self.group);
    }
}

/// Nothing in an emulator is worth a polite request.
fn end(group: Pid) {
    // The group may have ended by itself.
    let _ = kill_process_group(group, Signal::KILL);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grandchildren_end_too() {
        let folder = tempfile::tempdir().unwrap();
        let pid_file = folder.path().join("pid");
        let script = format!("sleep 300 & echo $! >{}; wait", pid_file.display());
        let ward = Ward::spawn(Command::new("sh").args(["-c", &script])).unwrap();
        let pid = loop {
            match std::fs::read_to_string(&pid_file)
                .unwrap_or_default()
                .trim()
                .parse::<i32>()
            {
                Ok(pid) => break pid,
                Err(_) => std::thread::sleep(std::time::Duration::from_millis(10)),
            }
        };
        drop(ward);
        let state = || std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        for _ in 0..200 {
            // Gone, or a zombie that waits for init.
            if state().is_empty() || state().contains(") Z ") {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        panic!("still running: {}", state());
    }
}
