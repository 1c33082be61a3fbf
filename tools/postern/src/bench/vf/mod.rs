// SPDX-License-Identifier: BSD-2-Clause
//! Virtual functions: what a round trip, a stream and a read cost, beside Linux in the same
//! machine.
//!
//! Time is counted in instructions first, which is exact however busy the host is. For information
//! everything is repeated by the wall clock, with a client on the host.

mod clock;
mod column;
mod host;
mod linux;
mod postern;
mod table;

use anyhow::Result;

use super::bars;
use super::figure::{Figure, for_scripts};
use crate::run::hardware::Hardware;
use crate::setup::{self, For};
use crate::ui::{self, Step};
use crate::workspace::{Workspace, shown};
use clock::Clock;
use column::Column;
use table::Row;

/// How much is measured.
#[derive(Clone, Copy, Debug)]
struct Amount {
    /// Round trips and reads; at most 1000.
    rounds: u32,
    /// Datagrams that are sent without waiting for each; at most 100,000, and a multiple of 32.
    datagrams: u32,
    /// Bytes of each stream, in MiB.
    mebibytes: u32,
}

/// Enough for a median, and for a stream whose beginning does not matter.
const AMOUNT: Amount = Amount {
    rounds: 1000,
    datagrams: 16_000,
    mebibytes: 4,
};
/// The columns that are compared.
const OURS: &str = "postern";
const PEER: &str = "linux-strict";

/// The benchmark.
pub fn run(workspace: &Workspace) -> Result<()> {
    setup::ensure(workspace, &[For::Building, For::Qemu, For::Linux])?;
    let exact = measure(workspace, Clock::Instructions)?;
    let wall = measure(workspace, Clock::Wall)?;
    let plain = table::ROWS.into_iter().filter(|row| !row.explains());
    let plain: Vec<Row> = plain.chain(table::HOST).collect();
    println!("Counted in instructions, one being a nanosecond:");
    let mut figures = show("", &table::ROWS, &exact);
    println!("By the wall clock, which depends on what else the host does:");
    figures.extend(show("wall-", &plain, &wall));
    let folder = workspace.folder("bench")?;
    for_scripts(&figures, &folder.join("vf.csv"))?;
    let picture = folder.join("vf.svg");
    let title = "Virtual functions in QEMU, one instruction being a nanosecond";
    bars::draw(&picture, title, &table::groups(&table::ROWS, &exact))?;
    println!("picture: {}", shown(&workspace.root, &picture));
    Ok(())
}

/// Measures all systems one after the other: they would share the host's processors.
fn measure(workspace: &Workspace, clock: Clock) -> Result<Vec<Column>> {
    let hardware = Hardware::beside(&postern::system(workspace))?;
    let ours = postern::build(workspace)?;
    let theirs = crate::linux::build(workspace, linux::RECIPE)?;
    let step = Step::new(format!("Measuring ({})", clock.name()));
    step.expect(1 + linux::VARIANTS.len() as u64);
    step.note(OURS);
    let mut columns = vec![postern::measure(
        workspace, &ours, &hardware, clock, AMOUNT,
    )?];
    step.at(1);
    for variant in linux::VARIANTS {
        step.note(variant.0);
        let column = linux::measure(workspace, &theirs, &hardware, variant, clock, AMOUNT)?;
        columns.push(column);
        step.at(columns.len() as u64);
    }
    step.done();
    Ok(columns)
}

/// Prints a table and returns its figures.
fn show(prefix: &str, rows: &[Row], columns: &[Column]) -> Vec<Figure> {
    println!("{}", ui::table(&table::cells(rows, columns, OURS, PEER)));
    table::figures(prefix, rows, columns, OURS, PEER)
}
