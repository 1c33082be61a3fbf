// SPDX-License-Identifier: BSD-2-Clause
//! Booting: the emulators, and the run with a person at the terminal.

pub mod accelerator;
mod backing;
mod bochs;
pub mod echo;
pub mod emulator;
pub mod hardware;
pub mod machine;
mod qemu;
pub mod reaper;
pub mod terminal;
pub mod watch;

use std::io::{Read, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::cli::{self, Boot};
use crate::description::Description;
use crate::image::Builder;
use crate::setup::{self, For};
use crate::workspace::{Workspace, shown};
use accelerator::Accelerator;
use emulator::{Emulator, Output};
use hardware::Hardware;
use machine::Machine;

/// How often an interactive run looks whether the user wants to leave.
const ATTENTION: Duration = Duration::from_millis(100);
/// An emulator that ends sooner than this did not boot anything.
const TOO_SOON: Duration = Duration::from_secs(3);

/// What is needed to boot in an emulator.
pub fn needs(emulator: cli::Emulator) -> [For; 2] {
    match emulator {
        cli::Emulator::Qemu | cli::Emulator::Shim => [For::Building, For::Qemu],
        cli::Emulator::Bochs => [For::Building, For::Bochs],
    }
}

/// Builds what `boot` asks for and starts it.
pub fn start(workspace: &Workspace, boot: &Boot) -> Result<(Description, Hardware, Emulator)> {
    setup::ensure(workspace, &needs(boot.emulator))?;
    let variant = boot.variant();
    let (description, image) = Builder::new(workspace).everything(&boot.system, variant)?;
    let (accelerator, place) = match boot.emulator {
        cli::Emulator::Qemu => {
            let accelerator = Accelerator::choose(workspace)?;
            (accelerator, format!("QEMU, {}", accelerator.description()))
        }
        cli::Emulator::Bochs => (Accelerator::Tcg, "Bochs".to_owned()),
        cli::Emulator::Shim => {
            Builder::new(workspace).shim()?;
            (
                Accelerator::Tcg,
                "QEMU, translating, with the VT-x shim".to_owned(),
            )
        }
    };
    let kind = format!("{:?}", boot.emulator).to_lowercase();
    let system = boot
        .system
        .file_stem()
        .unwrap_or_default()
        .to_string_lossy();
    let machine = Machine {
        name: format!("{system}-{}-{kind}", variant.name()),
        image,
        cpus: boot.cpu_count(),
        hardware: Hardware::beside(&boot.system)?,
        virtual_time: false,
    };
    let cpus = if machine.cpus == 1 {
        "1 CPU".to_owned()
    } else {
        format!("{} CPUs", machine.cpus)
    };
    eprintln!(
        "Booting {} with the {} kernel on {place}, {cpus}.",
        boot.system.display(),
        variant.name()
    );
    let emulator = Emulator::start(workspace, boot.emulator, accelerator, &machine)?;
    if let (Some(port), Some(igb)) = (emulator.port(), &machine.hardware.igb) {
        let inside = igb.forward;
        eprintln!("Port {port} of 127.0.0.1 leads to TCP port {inside} of its network.");
    }
    Ok((description, machine.hardware, emulator))
}

/// The command `run`.
pub fn interactive(workspace: &Workspace, boot: &Boot) -> Result<()> {
    let (_, _, mut emulator) = start(workspace, boot)?;
    eprintln!("The serial port is on this terminal. Ctrl-A x quits.\n");
    let raw = terminal::Raw::enter().context("cannot switch the terminal to single keys")?;
    let quit = Arc::new(AtomicBool::new(false));
    forward_keys(&mut emulator, &quit)?;
    let started = Instant::now();
    let ended = loop {
        if quit.load(Ordering::Relaxed) {
            break false;
        }
        match emulator.read(Some(Instant::now() + ATTENTION)) {
            Output::Bytes(bytes) => {
                let mut out = std::io::stdout().lock();
                // Whoever read our output has left: so do we.
                if out.write_all(&bytes).and_then(|()| out.flush()).is_err() {
                    break false;
                }
            }
            Output::Silence => {}
            Output::End => break true,
        }
    };
    drop(raw);
    if ended && started.elapsed() < TOO_SOON {
        bail!("the emulator ended at once; {}", emulator.last_words());
    }
    let how = if ended {
        "The machine stopped by itself."
    } else {
        "Ended."
    };
    eprintln!("\n{how} Log: {}", shown(&workspace.root, emulator.log()));
    Ok(())
}

fn forward_keys(emulator: &mut Emulator, quit: &Arc<AtomicBool>) -> Result<()> {
    let mut input = emulator.take_input().context("the emulator has no input")?;
    let quit = Arc::clone(quit);
    std::thread::spawn(move || {
        let mut keys = terminal::Keys::default();
        let mut buffer = [0; 256];
        while let Ok(count @ 1..) = std::io::stdin().read(&mut buffer) {
            let pressed = keys.take(&buffer[..count]);
            if pressed.quit {
                quit.store(true, Ordering::Relaxed);
                return;
            }
            if input
                .write_all(&pressed.forward)
                .and_then(|()| input.flush())
                .is_err()
            {
                return;
            }
        }
    });
    Ok(())
}
