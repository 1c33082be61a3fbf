// SPDX-License-Identifier: BSD-2-Clause
//! Postern, measured by its own probes: what a person would do who types at the console.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail, ensure};
use regex::{Captures, Regex};
use sel4_kernel::config::Variant;

use super::super::figure::median;
use super::clock::Clock;
use super::column::Column;
use super::{Amount, host};
use crate::cli;
use crate::image::{Builder, Image};
use crate::run::accelerator::Accelerator;
use crate::run::emulator::Emulator;
use crate::run::hardware::Hardware;
use crate::run::machine::Machine;
use crate::run::watch::Watch;
use crate::workspace::Workspace;

/// Two net-probes and two blk-probes on virtual functions of the default machine.
const SYSTEM: &str = "examples/probes/system.xml";
/// How long a boot, and how long each measurement may take.
const PATIENCE: Duration = Duration::from_secs(180);
/// What is heard when everything works. The probes then have nothing to do but what is typed.
const READY: [&str; 5] = [
    r"^net-probe-a\|INFO: gateway \S+ answers",
    r"^net-probe-a\|INFO: peer \S+ answers",
    r"^net-probe-b\|INFO: gateway \S+ answers",
    r"^blk-probe-a\|INFO: verified ",
    r"^blk-probe-b\|INFO: verified ",
];
/// Keys that give the input to a probe: Ctrl-] and the number of its stream.
const NET_A: &str = "\x1d0";
const NET_B: &str = "\x1d1";
const BLK_A: &str = "\x1d2";
/// The neighbour of the first virtual function, and the gateway of QEMU's user network.
const NEIGHBOUR: &str = "10.99.0.2";
const GATEWAY: &str = "10.0.2.2";
/// How many streams are measured.
const STREAMS: usize = 5;

/// The system's description.
pub fn system(workspace: &Workspace) -> PathBuf {
    workspace.root.join(SYSTEM)
}

/// Builds the image, with the kernel that does not print and is optimised.
pub fn build(workspace: &Workspace) -> Result<Image> {
    let (_, image) = Builder::new(workspace).everything(&system(workspace), Variant::Release)?;
    Ok(image)
}

/// Boots `image` and measures.
pub fn measure(
    workspace: &Workspace,
    image: &Image,
    hardware: &Hardware,
    clock: Clock,
    amount: Amount,
) -> Result<Column> {
    let machine = Machine {
        name: format!("bench-vf-postern-{}", clock.name()),
        image: image.clone(),
        cpus: 1,
        hardware: hardware.clone(),
        virtual_time: clock == Clock::Instructions,
    };
    let emulator = Emulator::start(workspace, cli::Emulator::Qemu, Accelerator::Tcg, &machine)?;
    let port = emulator.port();
    let mut console = Console(Watch::new(emulator, BTreeMap::new()));
    let mut column = Column::new(super::OURS);
    console
        .measure(&mut column, amount)
        .and_then(|()| match (clock, port) {
            (Clock::Wall, Some(port)) => host::measure(port, &mut column),
            _ => Ok(()),
        })
        .with_context(|| format!("postern; {}", console.0.last_words()))?;
    Ok(column)
}

/// The console of the running system.
struct Console(Watch);

impl Console {
    fn measure(&mut self, column: &mut Column, amount: Amount) -> Result<()> {
        self.ready()?;
        let Amount {
            rounds,
            datagrams,
            mebibytes,
        } = amount;
        let before = self.interrupts()?;
        let echo = format!("{NET_A}echo {NEIGHBOUR} {rounds}\r");
        self.round_trips(&echo, "vf-vf", column)?;
        let between = self.interrupts()?;
        let ping = format!("{NET_A}ping {GATEWAY} {rounds} 56\r");
        self.round_trips(&ping, "vf-net", column)?;
        let after = self.interrupts()?;
        let per_round = |from: f64, to: f64| (to - from) / f64::from(rounds);
        column.add("vf-vf-interrupts", per_round(before, between));
        column.add("vf-net-interrupts", per_round(between, after));

        let flood = format!("{NET_A}flood {NEIGHBOUR} {datagrams}\r");
        let pattern = r"^net-probe-a\|INFO: flooded .*: (\d+) of .* ms, (\d+) per second$";
        let flooded = self.ask(&flood, pattern)?;
        let [arrived, rate] = flooded[..] else {
            bail!("{pattern} has two groups");
        };
        ensure!(
            arrived == f64::from(datagrams),
            "{arrived} of {datagrams} datagrams arrived"
        );
        column.add("vf-vf-udp-rate", rate);

        let send = format!("{NET_A}send {NEIGHBOUR} {mebibytes}\r");
        let mut rates = Vec::with_capacity(STREAMS);
        for _ in 0..STREAMS {
            let sent = self.ask(&send, r"^net-probe-a\|INFO: sent to .*, (\d+) kB/s, ")?;
            rates.push(sent[0] / 1000.0);
        }
        column.add("vf-vf-tcp-rate", median(&rates));

        let read = format!("{BLK_A}read {rounds}\r");
        let pattern = r"^blk-probe-a\|INFO: (\d+) reads .*: minimum (\d+) ns, median (\d+) ns, .*; (\d+) interrupts$";
        let found = self.ask(&read, pattern)?;
        let [count, least, middle, interrupts] = found[..] else {
            bail!("{pattern} has four groups");
        };
        column.add("nvme-read-least", least);
        column.add("nvme-read-median", middle);
        column.add("nvme-read-interrupts", interrupts / count);
        Ok(())
    }

    /// Waits until everything works.
    fn ready(&mut self) -> Result<()> {
        let mut missing = READY
            .map(Regex::new)
            .into_iter()
            .collect::<Result<Vec<_>, _>>()?;
        let ending = self.0.until(PATIENCE, |line| {
            missing.retain(|pattern| !pattern.is_match(line));
            missing.is_empty()
        });
        match missing.first() {
            None => Ok(()),
            Some(pattern) => bail!("the system {ending}; there is no line {pattern}"),
        }
    }

    /// Types a command for round trips.
    fn round_trips(&mut self, command: &str, name: &str, column: &mut Column) -> Result<()> {
        let pattern = r"^net-probe-a\|INFO: round trips with .*: (\d+) of .*, median (\d+) ns, in (\d+\.\d+) ms$";
        let found = self.ask(command, pattern)?;
        let [count, middle, milliseconds] = found[..] else {
            bail!("{pattern} has three groups");
        };
        column.add(&format!("{name}-median"), middle);
        // With the time in which the processor waited, if it did.
        column.add(&format!("{name}-busy"), milliseconds * 1e6 / count);
        Ok(())
    }

    /// Interrupts of both network functions so far.
    fn interrupts(&mut self) -> Result<f64> {
        let mut sum = 0.0;
        for (keys, name) in [(NET_A, "net-probe-a"), (NET_B, "net-probe-b")] {
            let pattern = format!(r"^{name}\|INFO: Counters .*, (\d+) interrupts$");
            sum += self.ask(&format!("{keys}status\r"), &pattern)?[0];
        }
        Ok(sum)
    }

    /// Types and waits for a line; returns the numbers in its groups, of which there is one or more.
    fn ask(&mut self, command: &str, pattern: &str) -> Result<Vec<f64>> {
        let expression = Regex::new(pattern)?;
        self.0.type_in(command);
        let mut answer = None;
        let ending = self.0.until(PATIENCE, |line| {
            answer = expression.captures(line).map(|found| numbers(&found));
            answer.is_some() || line.contains("no measurement")
        });
        match answer {
            Some(numbers) if !numbers.is_empty() => Ok(numbers),
            _ => Err(anyhow!("after `{}` it {ending}", command.trim())),
        }
    }
}

fn numbers(found: &Captures<'_>) -> Vec<f64> {
    let groups = found.iter().skip(1).flatten();
    groups
        .filter_map(|group| group.as_str().parse().ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A system that says this at once, and then these lines when something is typed.
    fn console(answers: &[&str]) -> (tempfile::TempDir, Console) {
        let folder = tempfile::tempdir().unwrap();
        let mut script = String::new();
        for answer in answers {
            script += &format!("read x; echo '{answer}';");
        }
        let emulator = Emulator::of_script(&format!("exec sh -c \"{script}\""), folder.path());
        (folder, Console(Watch::new(emulator, BTreeMap::new())))
    }

    #[test]
    fn what_probes_say_becomes_figures() {
        let line = "net-probe-a|INFO: round trips with 10.99.0.2:7: 1000 of 64 bytes, 0 lost, \
                    minimum 13801 ns, median 15367 ns, in 15.370 ms";
        let (_folder, mut console) = console(&[line]);
        let mut column = Column::default();
        console.round_trips("echo\n", "vf-vf", &mut column).unwrap();
        assert_eq!(column.value("vf-vf-median"), Some(15367.0));
        assert_eq!(column.value("vf-vf-busy"), Some(15370.0));
    }

    #[test]
    fn a_measurement_without_result_is_told() {
        let (_folder, mut console) =
            console(&["net-probe-a|INFO: no measurement: 10.0.2.2 does not answer"]);
        let error = console.ask("ping\n", "^never (.)$").unwrap_err();
        assert!(error.to_string().contains("`ping`"), "{error}");
    }
}
