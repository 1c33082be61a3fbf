// SPDX-License-Identifier: BSD-2-Clause
//! What it costs to start Linux as a guest, in instructions, beside the same kernel and initramfs with
//! nothing beneath them. Both run in Bochs, where a tick of the TSC is an instruction.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use regex::Regex;
use sel4_kernel::config::Variant;

use super::figure::{Figure, publish};
use crate::cli;
use crate::image::{Builder, Image};
use crate::run::accelerator::Accelerator;
use crate::run::emulator::Emulator;
use crate::run::hardware::Hardware;
use crate::run::machine::Machine;
use crate::run::watch::Watch;
use crate::setup::{self, For};
use crate::ui::Step;
use crate::workspace::Workspace;

/// The system with the guest, and the recipe of both.
const SYSTEM: &str = "tests/system/linux/start.xml";
const RECIPE: &str = "start";
/// How long a boot may take.
const PATIENCE: Duration = Duration::from_secs(1800);
/// Memory of the machine without a monitor, in MiB: as much as the guest's.
const MEMORY: u32 = 256;
/// What the guest prints as its first program.
const STARTED: &str = r"figure start (\d+)\.\d* ticks";
/// Keys that ask the console what the guest did.
const ASK: &str = "\x1dcstat linux\r";

/// The benchmark.
pub fn run(workspace: &Workspace) -> Result<()> {
    setup::ensure(workspace, &[For::Building, For::Bochs, For::Linux])?;
    let system = workspace.root.join(SYSTEM);
    let (_, image) = Builder::new(workspace).everything(&system, Variant::Release)?;
    let step = Step::new("Starting Linux");
    let mut guest = boot(workspace, "guest", image, Hardware::beside(&system)?)?;
    // Its TSC begins with it.
    let as_guest = number(&mut guest, STARTED, 10)?;
    guest.type_in(ASK);
    let exits = number(&mut guest, r"^console\|exits: (\d+)", 10)?;
    drop(guest);
    let image = crate::linux::build(workspace, RECIPE)?;
    let hardware = Hardware {
        memory_mib: MEMORY,
        ..Hardware::default()
    };
    let mut bare = boot(workspace, "bare", image, hardware)?;
    let before = number(&mut bare, r"GRUB: started at (?:0x)?([0-9a-f]+)", 16)?;
    let alone = number(&mut bare, STARTED, 10)?.saturating_sub(before);
    step.done();
    let figures = [
        Figure::new("linux-start-guest", as_guest as f64, "instructions"),
        Figure::new("linux-start-bare", alone as f64, "instructions"),
        Figure::new("linux-start-ratio", as_guest as f64 / alone as f64, "").at_most(1.1),
        Figure::new("linux-start-exits", exits as f64, "exits").at_most(1500.0),
    ];
    publish(&figures, &workspace.folder("bench")?.join("linux.csv"))
}

fn boot(workspace: &Workspace, name: &str, image: Image, hardware: Hardware) -> Result<Watch> {
    let machine = Machine {
        name: format!("bench-linux-{name}"),
        image,
        cpus: 1,
        hardware,
        virtual_time: false,
    };
    let emulator = Emulator::start(workspace, cli::Emulator::Bochs, Accelerator::Tcg, &machine)?;
    Ok(Watch::new(emulator, BTreeMap::new()))
}

/// Waits for a line with a number in this place.
fn number(watch: &mut Watch, pattern: &str, radix: u32) -> Result<u64> {
    let pattern = Regex::new(pattern).context("in a pattern")?;
    let mut found = None;
    let ending = watch.until(PATIENCE, |line| {
        let number = pattern.captures(line).and_then(|found| found.get(1));
        found = number.and_then(|text| u64::from_str_radix(text.as_str(), radix).ok());
        found.is_some()
    });
    match found {
        Some(number) => Ok(number),
        None => bail!("no line `{pattern}`: it {ending}; {}", watch.last_words()),
    }
}
