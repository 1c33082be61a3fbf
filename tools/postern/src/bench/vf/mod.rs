// SPDX-License-Identifier: BSD-2-Clause
//! Virtual functions: what a round trip, a stream and a read cost, beside Linux in the same
//! machine.
//!
//! Time is counted in instructions (QEMU's `-icount`), which is exact however busy the host is: a
//! nanosecond is an instruction, and time in which all wait.

mod column;
mod linux;
mod table;

use anyhow::Result;

use super::figure::for_scripts;
use crate::run::hardware::Hardware;
use crate::setup::{self, For};
use crate::ui::{self, Step};
use crate::workspace::Workspace;
use linux::Amount;

/// Enough for a median, and for a stream whose beginning does not matter.
const AMOUNT: Amount = Amount {
    rounds: 1000,
    mebibytes: 16,
};
/// The columns that are compared.
const OURS: &str = "postern";
const PEER: &str = "linux-strict";

/// The benchmark.
pub fn run(workspace: &Workspace) -> Result<()> {
    setup::ensure(workspace, &[For::Building, For::Qemu, For::Linux])?;
    let hardware = Hardware::beside(&workspace.root.join("system.xml"))?;
    let image = crate::linux::build(workspace, &linux::RECIPE)?;
    let step = Step::new("Measuring Linux");
    step.expect(linux::VARIANTS.len() as u64);
    let mut columns = Vec::new();
    for variant in linux::VARIANTS {
        columns.push(linux::measure(
            workspace, &image, &hardware, variant, AMOUNT,
        )?);
        step.at(columns.len() as u64);
    }
    step.done();
    println!(
        "{}",
        ui::table(&table::cells(&table::ROWS, &columns, OURS, PEER))
    );
    let figures = table::figures(&table::ROWS, &columns, OURS, PEER);
    for_scripts(&figures, &workspace.folder("bench")?.join("vf.csv"))
}
