// SPDX-License-Identifier: BSD-2-Clause
//! The kernels, built by the crate `sel4-kernel`, with progress shown.

use std::path::Path;

use anyhow::{Context, Result};
use sel4_kernel::config::Variant;
use sel4_kernel::{Dirs, Progress};

use crate::ui::Step;
use crate::workspace::Workspace;

/// Shows the kernel's build steps.
struct Shown<'a>(&'a Step);

impl Progress for Shown<'_> {
    fn step(&mut self, done: u32, total: u32, step: &str) {
        if done == 0 {
            self.0.expect(u64::from(total));
        }
        self.0.at(u64::from(done));
        self.0.note(step);
    }
}

/// Numbers of kernel patches to leave out, separated by commas: for tests that must fail then.
const WITHOUT: &str = "POSTERN_WITHOUT_PATCH";

/// Builds the kernel `variant` into the SDK's folder, unless it is there.
pub fn build(workspace: &Workspace, sdk: &Path, variant: Variant) -> Result<()> {
    let dirs = Dirs {
        work: workspace.folder("kernel")?,
        sdk: sdk.to_owned(),
    };
    let step = Step::new(format!("Building the {} kernel", variant.name()));
    let without = std::env::var(WITHOUT).unwrap_or_default();
    let numbers = without.split(',').map(str::trim).filter(|n| !n.is_empty());
    let without: Vec<String> = numbers.map(str::to_owned).collect();
    let built = if without.is_empty() {
        sel4_kernel::build(variant, &dirs, &mut Shown(&step))
    } else {
        eprintln!("The kernel lacks patch {}.", without.join(", "));
        sel4_kernel::build_without(&without, variant, &dirs, &mut Shown(&step))
    };
    built.with_context(|| format!("cannot build the {} kernel", variant.name()))?;
    step.done();
    Ok(())
}
