// SPDX-License-Identifier: BSD-2-Clause
//! Linux, measured in the machine that Postern is measured in.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use super::clock::Clock;
use super::column::Column;
use super::{Amount, host};
use crate::cli;
use crate::image::Image;
use crate::run::accelerator::Accelerator;
use crate::run::emulator::Emulator;
use crate::run::hardware::Hardware;
use crate::run::machine::Machine;
use crate::run::watch::Watch;
use crate::workspace::Workspace;

/// The recipe of what is booted: both kinds of virtual functions with Linux' own drivers for both
/// sides.
pub const RECIPE: &str = "vf";

/// How the IOMMU is used: a name, and what says so on the kernel's command line.
pub const VARIANTS: [(&str, &str); 3] = [
    // An address is invalid as soon as it is unmapped: what Postern guarantees.
    ("linux-strict", "intel_iommu=on iommu.strict=1"),
    // Unmapped addresses stay usable until many are invalidated together.
    ("linux-lazy", "intel_iommu=on iommu.strict=0"),
    // Devices reach all memory.
    ("linux-off", "intel_iommu=off intremap=off"),
];

/// QEMU 10.0 ignores the upper half of a virtual function's addresses, and Linux would put them
/// above 4 GiB: without room there it does not.
const BELOW_4_GIB: [&str; 4] = [
    "-global",
    "q35-pcihost.pci-hole64-size=0",
    "-global",
    "q35-pcihost.x-pci-hole64-fix=off",
];
/// What no variant differs in. `nokaslr`: every boot does the same. `mitigations=off`: seL4 is
/// configured without them, too. `no5lvl`: neither has the fifth level of page tables.
/// `no_timer_check`: on a host that is busy, ticks that come late are not a broken timer.
const ALWAYS: &str = "console=ttyS0 quiet nokaslr no5lvl mitigations=off no_timer_check";
/// How long a boot with all that is measured may take.
const PATIENCE: Duration = Duration::from_secs(300);

/// Boots `image` with one of [`VARIANTS`]. By the wall clock it also serves a client on the host.
pub fn measure(
    workspace: &Workspace,
    image: &Image,
    hardware: &Hardware,
    (name, iommu): (&str, &str),
    clock: Clock,
    amount: Amount,
) -> Result<Column> {
    let Amount {
        rounds,
        datagrams,
        mebibytes,
    } = amount;
    let (own, end) = match clock {
        Clock::Instructions => ("CLOCK=tsc", "init: done"),
        Clock::Wall => ("SERVE=1", "serving TCP port 7"),
    };
    let amount = format!("ROUNDS={rounds} DATAGRAMS={datagrams} MEBIBYTES={mebibytes}");
    let words = format!("{ALWAYS} {iommu} {amount} {own}");
    let machine = Machine {
        name: format!("bench-vf-{name}-{}", clock.name()),
        image: image.clone(),
        cpus: 1,
        hardware: with(hardware, &words),
        virtual_time: clock == Clock::Instructions,
    };
    let emulator = Emulator::start(workspace, cli::Emulator::Qemu, Accelerator::Tcg, &machine)?;
    let port = emulator.port();
    let mut watch = Watch::new(emulator, BTreeMap::new());
    let mut column = Column::new(name);
    let mut done = false;
    let ending = watch.until(PATIENCE, |line| {
        column.take(line);
        done = line.ends_with(end);
        done || line.ends_with("init: main failed")
    });
    if !done {
        bail!("{name} {ending}; {}", watch.last_words());
    }
    if let (Clock::Wall, Some(port)) = (clock, port) {
        host::measure(port, &mut column).with_context(|| watch.last_words())?;
    }
    Ok(column)
}

/// The machine with this command line for Linux.
fn with(hardware: &Hardware, command_line: &str) -> Hardware {
    let mut hardware = hardware.clone();
    let words = BELOW_4_GIB.into_iter().chain(["-append", command_line]);
    hardware.qemu_args.extend(words.map(str::to_owned));
    hardware
}
