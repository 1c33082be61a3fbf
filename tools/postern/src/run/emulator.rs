// SPDX-License-Identifier: BSD-2-Clause
//! A running emulator: its serial port as bytes in both directions, and a log of what came.

use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::Instant;

use anyhow::{Context, Result};
use rustix::fs::{Mode, OFlags};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

use super::accelerator::Accelerator;
use super::backing::{Backing, Port};
use super::machine::Machine;
use super::reaper::Ward;
use super::{bochs, qemu};
use crate::cli;
use crate::command::tail;
use crate::image;
use crate::setup;
use crate::workspace::Workspace;

/// A log keeps no more than this of a system that floods its serial port.
const LOG_LIMIT: usize = 64 << 20;

/// A running emulator. Dropping it ends it.
pub struct Emulator {
    /// Held for its end.
    _ward: Ward,
    output: Receiver<Vec<u8>>,
    input: Option<Box<dyn Write + Send>>,
    logs: Logs,
    /// Goes after the emulator.
    backing: Backing,
}

/// Where an emulator's output is kept.
#[derive(Clone, Debug)]
struct Logs {
    /// What came from the serial port.
    serial: PathBuf,
    /// What the emulator itself had to say.
    complaints: PathBuf,
}

impl Logs {
    /// Those of the machine of this name.
    fn of(workspace: &Workspace, name: &str) -> Result<Self> {
        Ok(Self {
            serial: workspace.log(name)?,
            complaints: workspace.log(&format!("{name}-emulator"))?,
        })
    }

    fn complaints(&self) -> Result<File> {
        let path = &self.complaints;
        File::create(path).with_context(|| format!("cannot write {}", path.display()))
    }
}

/// What came of waiting for output.
#[derive(Debug, PartialEq, Eq)]
pub enum Output {
    /// These bytes.
    Bytes(Vec<u8>),
    /// Nothing until the deadline.
    Silence,
    /// The emulator ended and everything was read.
    End,
}

impl Emulator {
    /// Starts QEMU with an image that needs no seL4.
    pub fn start_bare(workspace: &Workspace, name: &str, image: &Path) -> Result<Self> {
        let logs = Logs::of(workspace, name)?;
        let errors = logs.complaints()?;
        let mut command = Command::new(setup::qemu::PROGRAM);
        command.args(qemu::bare_arguments(image)).stderr(errors);
        Self::start_on_pipes(command, logs)
    }

    /// Starts a machine.
    pub fn start(
        workspace: &Workspace,
        kind: cli::Emulator,
        accelerator: Accelerator,
        machine: &Machine,
    ) -> Result<Self> {
        let logs = Logs::of(workspace, &machine.name)?;
        let errors = logs.complaints()?;
        match kind {
            cli::Emulator::Qemu | cli::Emulator::Shim => {
                let shim = match kind {
                    cli::Emulator::Shim => Some(image::beside_shim(workspace, &machine.image)?),
                    _ => None,
                };
                // The shim needs AMD SVM, which translation emulates.
                let accelerator = match shim {
                    Some(_) => Accelerator::Tcg,
                    None => accelerator,
                };
                let backing = Backing::new(workspace, &machine.hardware)?;
                let mut command = Command::new(setup::qemu::PROGRAM);
                command
                    .args(qemu::arguments(
                        machine,
                        accelerator,
                        &backing,
                        shim.as_deref(),
                    ))
                    .stderr(errors);
                if let Some(folder) = machine.image.loader.parent() {
                    command.current_dir(folder);
                }
                let mut emulator = Self::start_on_pipes(command, logs)?;
                emulator.backing = backing;
                Ok(emulator)
            }
            cli::Emulator::Bochs => {
                let config = bochs::prepare(workspace, machine)?;
                let mut command = Command::new(setup::bochs::program(workspace));
                command.arg("-q").arg("-f").arg(config);
                command
                    .stdout(errors.try_clone().context("cannot share a log")?)
                    .stderr(errors);
                Self::start_on_terminal(command, logs)
            }
        }
    }

    /// Something that prints like an emulator, for tests of what watches emulators.
    #[cfg(test)]
    pub fn of_script(script: &str, folder: &Path) -> Self {
        let logs = Logs {
            serial: folder.join("serial"),
            complaints: folder.join("complaints"),
        };
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        Self::start_on_pipes(command, logs).unwrap()
    }

    /// For an emulator whose serial port is its standard input and output.
    fn start_on_pipes(mut command: Command, logs: Logs) -> Result<Self> {
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut ward = spawn(&mut command)?;
        let reader = ward
            .child()
            .stdout
            .take()
            .context("the emulator has no output")?;
        let writer = ward
            .child()
            .stdin
            .take()
            .context("the emulator has no input")?;
        Self::with(ward, reader, Box::new(writer), logs)
    }

    /// For an emulator that wants a terminal for its serial port: one of our making.
    fn start_on_terminal(mut command: Command, logs: Logs) -> Result<Self> {
        let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC)
            .context("cannot open a pseudo-terminal")?;
        grantpt(&ours).context("cannot open a pseudo-terminal")?;
        unlockpt(&ours).context("cannot open a pseudo-terminal")?;
        let name = ptsname(&ours, Vec::new()).context("cannot open a pseudo-terminal")?;
        let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
        let theirs = rustix::fs::open(name, flags, Mode::empty())
            .context("cannot open a pseudo-terminal")?;
        let mut state = rustix::termios::tcgetattr(&theirs).context("cannot set up a terminal")?;
        state.make_raw();
        rustix::termios::tcsetattr(&theirs, rustix::termios::OptionalActions::Now, &state)
            .context("cannot set up a terminal")?;
        command.stdin(theirs);
        let ward = spawn(&mut command)?;
        // The command's copy would keep the terminal open after the emulator's end.
        command.stdin(Stdio::null());
        let reader = File::from(ours);
        let writer = reader
            .try_clone()
            .context("cannot share a pseudo-terminal")?;
        Self::with(ward, reader, Box::new(writer), logs)
    }

    fn with(
        ward: Ward,
        mut reader: impl Read + Send + 'static,
        input: Box<dyn Write + Send>,
        logs: Logs,
    ) -> Result<Self> {
        let mut file = File::create(&logs.serial)
            .with_context(|| format!("cannot write {}", logs.serial.display()))?;
        let (sender, output) = mpsc::channel();
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            let mut logged = 0;
            // An error is the end too: a terminal whose other side closed gives EIO.
            while let Ok(count @ 1..) = reader.read(&mut buffer) {
                if logged < LOG_LIMIT {
                    logged += count;
                    // A full disk must not stop the test; its result does not need the log.
                    let _ = file.write_all(&buffer[..count]);
                }
                if sender.send(buffer[..count].to_vec()).is_err() {
                    break;
                }
            }
        });
        Ok(Self {
            _ward: ward,
            output,
            input: Some(input),
            logs,
            backing: Backing::default(),
        })
    }

    /// Waits for output until `deadline`, or for ever.
    pub fn read(&mut self, deadline: Option<Instant>) -> Output {
        let received = match deadline {
            None => self
                .output
                .recv()
                .map_err(|_| RecvTimeoutError::Disconnected),
            Some(deadline) => self
                .output
                .recv_timeout(deadline.saturating_duration_since(Instant::now())),
        };
        match received {
            Ok(bytes) => Output::Bytes(bytes),
            Err(RecvTimeoutError::Timeout) => Output::Silence,
            Err(RecvTimeoutError::Disconnected) => Output::End,
        }
    }

    /// The serial port's input; to be taken once.
    pub fn take_input(&mut self) -> Option<Box<dyn Write + Send>> {
        self.input.take()
    }

    /// The port of 127.0.0.1 that leads into the machine's network, if it has one.
    pub fn port(&self) -> Option<u16> {
        self.backing.port.as_ref().map(Port::number)
    }

    /// Where everything that came is kept.
    pub fn log(&self) -> &Path {
        &self.logs.serial
    }

    /// For the message about a failure: the end of what came, and the emulator's own complaints.
    pub fn last_words(&self) -> String {
        let complaints = std::fs::read(&self.logs.complaints).unwrap_or_default();
        let serial = tail(&self.logs.serial);
        if complaints.iter().all(u8::is_ascii_whitespace) {
            return serial;
        }
        format!(
            "{serial}\n  the emulator said: {}",
            tail(&self.logs.complaints)
        )
    }
}

fn spawn(command: &mut Command) -> Result<Ward> {
    Ward::spawn(command)
        .with_context(|| format!("cannot start {}", command.get_program().to_string_lossy()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn everything(emulator: &mut Emulator) -> String {
        let deadline = Instant::now() + Duration::from_secs(20);
        let mut all = Vec::new();
        loop {
            match emulator.read(Some(deadline)) {
                Output::Bytes(bytes) => all.extend(bytes),
                Output::End => return String::from_utf8_lossy(&all).into_owned(),
                Output::Silence => panic!("no end; so far {all:?}"),
            }
        }
    }

    fn logs(folder: &tempfile::TempDir) -> Logs {
        let path = |name| folder.path().join(name);
        Logs {
            serial: path("serial"),
            complaints: path("complaints"),
        }
    }

    fn sh(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn a_serial_port_on_pipes_talks_both_ways_and_is_logged() {
        let folder = tempfile::tempdir().unwrap();
        let logs = logs(&folder);
        let mut emulator = Emulator::start_on_pipes(sh("read x; echo got $x"), logs).unwrap();
        emulator.take_input().unwrap().write_all(b"this\n").unwrap();
        assert_eq!(everything(&mut emulator), "got this\n");
        assert_eq!(
            std::fs::read_to_string(emulator.log()).unwrap(),
            "got this\n"
        );
    }

    #[test]
    fn a_serial_port_on_a_terminal_talks_both_ways_and_ends() {
        let folder = tempfile::tempdir().unwrap();
        let logs = logs(&folder);
        let script = "exec 3<>/dev/stdin; read x <&3; echo got $x >&3";
        let mut emulator = Emulator::start_on_terminal(sh(script), logs).unwrap();
        emulator.take_input().unwrap().write_all(b"this\n").unwrap();
        assert_eq!(everything(&mut emulator), "got this\n");
    }

    #[test]
    fn silence_is_told_from_the_end() {
        let folder = tempfile::tempdir().unwrap();
        let logs = logs(&folder);
        let mut emulator = Emulator::start_on_pipes(sh("exec sleep 100"), logs).unwrap();
        let soon = Instant::now() + Duration::from_millis(50);
        assert_eq!(emulator.read(Some(soon)), Output::Silence);
    }
}
