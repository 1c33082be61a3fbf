// SPDX-License-Identifier: BSD-2-Clause
//! The command `test`: on the host, in booted systems, and of whole systems.

mod bare;
mod environment;
mod filter;
mod host;
mod manifest;
mod outcome;
mod pool;
mod protocol;
mod reports;
mod scenario;
mod system;

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::cli::Emulator;
use crate::description::Description;
use crate::image::Builder;
use crate::run::accelerator::Accelerator;
use crate::setup::{self, For};
use crate::ui::{Step, seconds, table};
use crate::workspace::Workspace;
use filter::Filter;
use outcome::{Outcome, Part, Tally, TestResult};
use pool::Pool;
use scenario::Scenario;
use system::System;

/// How many emulators run at a time.
const WIDTH: usize = 2;
/// A host test program's results are listed one by one only up to this many.
const LISTED: usize = 20;

/// Runs the tests whose name contains `name`; true if none failed.
pub fn run(workspace: &Workspace, name: Option<&str>) -> Result<bool> {
    let filter = Filter::new(name);
    let started = Instant::now();
    setup::ensure(workspace, &[For::Building])?;
    let systems = system::discover(&workspace.root)?;
    let scenarios = scenario::discover(&workspace.root)?;
    let mut parts = Vec::new();
    let system_names = systems.iter().map(|system| system.name.as_str());
    let scenario_names = scenarios.iter().map(|scenario| scenario.name.as_str());
    if filter.may_take_host(system_names.chain(scenario_names)) {
        setup::ensure(workspace, &[For::HostTests])?;
        parts = host::run(workspace, &filter)?;
        parts.iter().for_each(|part| print_host(part, &filter));
    }
    parts.extend(in_emulators(workspace, &filter, &systems, &scenarios)?);
    let results: Vec<&TestResult> = parts.iter().flat_map(|part| &part.results).collect();
    let tally = Tally::of(results.iter().copied());
    if tally == Tally::default() {
        bail!(
            "no test has a name that contains `{}`",
            name.unwrap_or_default()
        );
    }
    print_summary(&parts, &results, started.elapsed());
    println!("{tally}");
    Ok(tally.failed == 0)
}

/// Boots everything that the filter takes; prints each result as it comes.
fn in_emulators(
    workspace: &Workspace,
    filter: &Filter,
    systems: &[System],
    scenarios: &[Scenario],
) -> Result<Vec<Part>> {
    let plan = system::plan(systems, filter);
    let bare = bare::plan(workspace, systems, filter);
    let boots: Vec<_> = scenarios
        .iter()
        .flat_map(|scenario| {
            scenario
                .chosen(filter)
                .into_iter()
                .map(move |place| (scenario, place))
        })
        .collect();
    if plan.is_empty() && boots.is_empty() && bare.is_empty() {
        return Ok(Vec::new());
    }
    let emulators = plan.iter().map(|(_, environment)| environment.emulator());
    let emulators: Vec<Emulator> = emulators
        .chain(boots.iter().map(|(_, place)| place.emulator))
        .chain(bare.iter().map(|_| Emulator::Qemu))
        .collect();
    let mut uses = vec![For::Building];
    let mut accelerator = Accelerator::Tcg;
    if emulators.contains(&Emulator::Bochs) {
        uses.push(For::Bochs);
    }
    let shim = emulators.contains(&Emulator::Shim);
    if shim || emulators.contains(&Emulator::Qemu) {
        uses.push(For::Qemu);
    }
    setup::ensure(workspace, &uses)?;
    if emulators.contains(&Emulator::Qemu) {
        accelerator = Accelerator::choose(workspace)?;
    }

    let builder = Builder::new(workspace);
    let mut descriptions = system::descriptions(&plan)?;
    for (scenario, _) in &boots {
        descriptions.push(Description::read(&scenario.system)?);
    }
    descriptions.push(Description::of_files(
        bare.iter().map(|name| (*name).to_owned()),
    ));
    builder.programs(&descriptions, &system::initial_tasks(&plan))?;
    if shim {
        builder.shim()?;
    }
    let variants: BTreeSet<_> = plan
        .iter()
        .map(|(_, environment)| environment.variant())
        .chain(boots.iter().map(|(_, place)| place.variant))
        .collect();
    for variant in variants {
        builder.kernel(variant)?;
    }
    let mut pool = Pool::default();
    let step = Step::new("Making images");
    system::prepare(workspace, &plan, accelerator, &mut pool)?;
    for (scenario, place) in boots {
        scenario.prepare(workspace, place, accelerator, &mut pool);
    }
    bare::prepare(workspace, &bare, &mut pool);
    step.done();

    let step = Step::new(format!("Booting test systems, {WIDTH} at a time"));
    step.expect(pool.len() as u64);
    let mut parts: Vec<Part> = Vec::new();
    pool.run(WIDTH, |mut part| {
        // Guests report under names of their own, and were asked for by that of their system.
        let all = filter.takes(&part.name.replace('@', ".@"));
        let wanted = |result: &TestResult| filter.takes(&result.name) || is_about_a_boot(result);
        part.results.retain(|result| all || wanted(result));
        step.suspend(|| {
            part.results
                .iter()
                .for_each(|result| println!("{}", result.line()))
        });
        parts.push(part);
        step.at(parts.len() as u64);
    });
    step.done();
    Ok(parts)
}

/// A boot that failed as a whole concerns whoever asked for one of its tests.
fn is_about_a_boot(result: &TestResult) -> bool {
    let whole = !result.name.contains('.') || result.name.contains(".completes@");
    whole && matches!(result.outcome, Outcome::Failed(_) | Outcome::Skipped(_))
}

/// The tests of a program are many and quick: their number says enough unless asked for.
fn print_host(part: &Part, filter: &Filter) {
    let all = !filter.is_all() && part.results.len() <= LISTED;
    for result in part
        .results
        .iter()
        .filter(|result| all || result.outcome != Outcome::Passed)
    {
        println!("{}", result.line());
    }
    println!(
        "host {}: {} ({})",
        part.name,
        Tally::of(&part.results),
        seconds(part.took)
    );
}

fn print_summary(parts: &[Part], results: &[&TestResult], took: Duration) {
    let mut rows = vec![
        ["part", "passed", "failed", "skipped", "time"]
            .map(str::to_owned)
            .to_vec(),
    ];
    let mut row = |name: &str, tally: Tally, took: Duration| {
        let Tally {
            passed,
            failed,
            skipped,
        } = tally;
        let numbers = [passed, failed, skipped].map(|number| number.to_string());
        rows.push([vec![name.to_owned()], numbers.to_vec(), vec![seconds(took)]].concat());
    };
    let (booted, host): (Vec<&Part>, Vec<&Part>) = parts.iter().partition(|p| p.name.contains('@'));
    if !host.is_empty() {
        let tally = Tally::of(host.iter().flat_map(|part| &part.results));
        row(
            "on the host",
            tally,
            host.iter().map(|part| part.took).sum(),
        );
    }
    for part in booted {
        row(&part.name, Tally::of(&part.results), part.took);
    }
    row(
        "all, with building",
        Tally::of(results.iter().copied()),
        took,
    );
    println!("\n{}", table(&rows));
    let failures = results
        .iter()
        .filter(|result| matches!(result.outcome, Outcome::Failed(_)));
    for result in failures {
        println!("{}", result.line());
    }
}
