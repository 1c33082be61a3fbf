// SPDX-License-Identifier: BSD-2-Clause
//! What a guest's exits cost, in instructions of guest, kernel and monitor together: in Bochs a tick
//! of the TSC is one. Beside it what the same took with others, on the same emulator.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use sel4_kernel::config::Variant;

use super::bars::{self, Group};
use super::figure::{Figure, for_scripts};
use crate::cli;
use crate::image::Builder;
use crate::run::accelerator::Accelerator;
use crate::run::emulator::Emulator;
use crate::run::hardware::Hardware;
use crate::run::machine::Machine;
use crate::run::watch::Watch;
use crate::setup::{self, For};
use crate::ui;
use crate::workspace::{Workspace, shown};

/// A guest that measures itself, on the real monitor.
const SYSTEM: &str = "tests/system/guest/cost.xml";
const PATIENCE: Duration = Duration::from_secs(240);

/// What is measured.
struct Row {
    /// As the guest names it.
    name: &'static str,
    what: &'static str,
    /// The most that is acceptable.
    bound: f64,
    /// Linux 6.12's KVM, and libvmm 0.2.0 on seL4 16.0.0 with Microkit 2.3.0, where they do the same;
    /// measured once, in Bochs 3.1.
    kvm: Option<f64>,
    libvmm: Option<f64>,
}

const ROWS: [Row; 8] = [
    Row {
        name: "CPUID",
        what: "CPUID",
        bound: 1000.0,
        kvm: Some(1084.0),
        libvmm: Some(1731.0),
    },
    Row {
        name: "RDMSR",
        what: "RDMSR",
        bound: 1000.0,
        kvm: Some(1227.0),
        libvmm: Some(1805.0),
    },
    Row {
        name: "IN",
        what: "port of a device at user level",
        bound: 1000.0,
        kvm: Some(3584.0),
        libvmm: Some(1829.0),
    },
    Row {
        name: "MMIO",
        what: "register of a device at user level",
        bound: 1500.0,
        kvm: Some(6539.0),
        libvmm: Some(2876.0),
    },
    Row {
        name: "HLT",
        what: "HLT to handler, by another program",
        bound: 4000.0,
        kvm: Some(12_220.0),
        libvmm: None,
    },
    Row {
        name: "SELF-IPI",
        what: "interrupt to itself, to its end",
        bound: 50.0,
        kvm: Some(31.0),
        libvmm: None,
    },
    Row {
        name: "LATE-RUNNING",
        what: "lateness of the TSC deadline, running",
        bound: 1500.0,
        kvm: None,
        libvmm: None,
    },
    Row {
        name: "LATE-ASLEEP",
        what: "lateness of the TSC deadline, in HLT",
        bound: 1500.0,
        kvm: Some(219.0),
        libvmm: None,
    },
];

/// The benchmark.
pub fn run(workspace: &Workspace) -> Result<()> {
    setup::ensure(workspace, &[For::Building, For::Bochs])?;
    let ours = measure(workspace)?;
    println!("{}", ui::table(&cells(&ours)));
    let figures = figures(&ours);
    let folder = workspace.folder("bench")?;
    for_scripts(&figures, &folder.join("exit.csv"))?;
    let picture = folder.join("exit.svg");
    let title = "Exits of a guest in Bochs, in instructions";
    bars::draw(&picture, title, &groups(&ours))?;
    println!("picture: {}", shown(&workspace.root, &picture));
    match figures.iter().find(|figure| !figure.is_good()) {
        Some(figure) => bail!("{} takes more than it may", figure.name),
        None => Ok(()),
    }
}

/// Boots the guest and takes down what it says.
fn measure(workspace: &Workspace) -> Result<BTreeMap<String, f64>> {
    let system = workspace.root.join(SYSTEM);
    let (_, image) = Builder::new(workspace).everything(&system, Variant::Release)?;
    let machine = Machine {
        name: "bench-exit".into(),
        image,
        cpus: 1,
        hardware: Hardware::beside(&system)?,
        virtual_time: false,
    };
    let bochs = cli::Emulator::Bochs;
    let emulator = Emulator::start(workspace, bochs, Accelerator::Tcg, &machine)?;
    let mut watch = Watch::new(emulator, BTreeMap::new());
    let mut values = BTreeMap::new();
    let ending = watch.until(PATIENCE, |line| {
        values.extend(value(line));
        values.len() == ROWS.len()
    });
    match ROWS.iter().find(|row| !values.contains_key(row.name)) {
        None => Ok(values),
        Some(row) => Err(anyhow::anyhow!("there is no {}: it {ending}", row.name))
            .with_context(|| watch.last_words()),
    }
}

/// `NAME value`, if it is one of those that are wanted.
fn value(line: &str) -> Option<(String, f64)> {
    let (name, value) = line.trim().split_once(' ')?;
    let known = ROWS.iter().any(|row| row.name == name);
    known.then_some(())?;
    Some((name.to_owned(), value.parse().ok()?))
}

fn cells(ours: &BTreeMap<String, f64>) -> Vec<Vec<String>> {
    let text = |value: Option<f64>| value.map_or("–".into(), |value| value.to_string());
    let head = ["instructions", "postern", "at most", "KVM", "libvmm"].map(str::to_owned);
    let rows = ROWS.iter().map(|row| {
        vec![
            row.what.to_owned(),
            text(ours.get(row.name).copied()),
            text(Some(row.bound)),
            text(row.kvm),
            text(row.libvmm),
        ]
    });
    std::iter::once(head.to_vec()).chain(rows).collect()
}

fn figures(ours: &BTreeMap<String, f64>) -> Vec<Figure> {
    let figure = |row: &Row| {
        let value = *ours.get(row.name)?;
        let name = format!("exit-{}", row.name.to_lowercase());
        Some(Figure::new(name, value, "instructions").at_most(row.bound))
    };
    ROWS.iter().filter_map(figure).collect()
}

fn groups(ours: &BTreeMap<String, f64>) -> Vec<Group> {
    let group = |row: &Row| {
        let bars = [
            ("postern", ours.get(row.name).copied()),
            ("KVM", row.kvm),
            ("libvmm", row.libvmm),
        ];
        let bars = bars.into_iter();
        Group {
            label: row.what.into(),
            bars: bars
                .filter_map(|(name, value)| Some((name.to_owned(), value?)))
                .collect(),
        }
    };
    ROWS.iter().map(group).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_wanted_is_taken_down() {
        assert_eq!(value("CPUID 832\r"), Some(("CPUID".into(), 832.0)));
        assert_eq!(value("SELF-IPI 19"), Some(("SELF-IPI".into(), 19.0)));
        for line in ["NOTHING 2", "CPUID", "CPUID x", "vmm|CPUID 3"] {
            assert_eq!(value(line), None, "{line}");
        }
    }

    #[test]
    fn a_bound_that_is_exceeded_is_found() {
        let ours = |hlt: f64| BTreeMap::from([("HLT".to_owned(), hlt)]);
        assert!(figures(&ours(3127.0)).iter().all(Figure::is_good));
        assert!(!figures(&ours(4001.0)).iter().all(Figure::is_good));
        assert_eq!(cells(&ours(1.0)).len(), ROWS.len() + 1);
    }
}
