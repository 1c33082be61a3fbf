// SPDX-License-Identifier: BSD-2-Clause
//! Small guests on a machine of their own, without seL4 and without our monitor: what they test has
//! to hold there too, or else the test is wrong. The environment's name is `qemu-bare`.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use anyhow::Result;

use super::filter::Filter;
use super::outcome::Part;
use super::pool::{Boot, Pool};
use super::protocol::Collector;
use super::system::System;
use crate::run::emulator::Emulator;
use crate::run::watch::Watch;
use crate::workspace::{Workspace, shown};

const ENVIRONMENT: &str = "qemu-bare";

/// How long one may take. Time in it is counted in instructions.
const PATIENCE: Duration = Duration::from_secs(120);

/// The guests of `systems` that `filter` asks for here, each once.
pub fn plan<'a>(workspace: &Workspace, systems: &'a [System], filter: &Filter) -> Vec<&'a str> {
    let sources = workspace.root.join("testbed/guests/multiboot/src/bin");
    let guests = systems.iter().flat_map(|system| &system.manifest.guests);
    let guests: BTreeSet<&str> = guests.map(String::as_str).collect();
    let taken = |guest: &&str| filter.may_take(guest, ENVIRONMENT, &sources);
    guests.into_iter().filter(taken).collect()
}

/// Adds the boots of `guests` to `pool`.
pub fn prepare(workspace: &Workspace, guests: &[&str], pool: &mut Pool) {
    for guest in guests {
        let name = format!("{guest}@{ENVIRONMENT}");
        let (workspace, guest) = (workspace.clone(), (*guest).to_owned());
        pool.add(Boot {
            name: name.clone(),
            run: Box::new(move || boot(&workspace, &guest, name)),
        });
    }
}

fn boot(workspace: &Workspace, guest: &str, name: String) -> Result<Part> {
    let started = Instant::now();
    let image = workspace.programs().join(guest);
    let emulator = Emulator::start_bare(workspace, &format!("test-{name}"), &image)?;
    let mut collector = Collector::new(guest, ENVIRONMENT);
    let mut watch = Watch::new(emulator, Default::default());
    let ending = watch.until(PATIENCE, |line| collector.line(line));
    let log = shown(&workspace.root, watch.log());
    let evidence = format!("log: {log}; {}", watch.last_words());
    Ok(Part {
        name,
        results: collector.finish(ending, &evidence),
        took: started.elapsed(),
    })
}
