// SPDX-License-Identifier: BSD-2-Clause
//! The command `bench`. Every benchmark prints a table and lines `figure NAME VALUE UNIT`, and
//! leaves a CSV file and a picture in `target/bench`.

mod bars;
mod exit;
mod figure;
mod image;
mod iommu;
mod linux;
mod plot;
mod usage;
mod vf;

use anyhow::{Result, bail};

use crate::workspace::Workspace;

/// A benchmark.
type Benchmark = fn(&Workspace) -> Result<()>;

/// All benchmarks, by name.
const ALL: [(&str, Benchmark); 5] = [
    ("image", image::run),
    ("vf", vf::run),
    ("iommu", iommu::run),
    ("exit", exit::run),
    ("linux", linux::run),
];

/// Runs the benchmarks whose name contains `name`.
pub fn run(workspace: &Workspace, name: Option<&str>) -> Result<()> {
    let part = name.unwrap_or_default();
    let chosen: Vec<_> = ALL.iter().filter(|(name, _)| name.contains(part)).collect();
    if chosen.is_empty() {
        let known = ALL.map(|(name, _)| name).join(", ");
        bail!("no benchmark has a name that contains `{part}`; there are: {known}");
    }
    for (name, benchmark) in chosen {
        println!("benchmark {name}");
        benchmark(workspace)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_benchmark_is_answered_with_the_known_ones() {
        let workspace = Workspace::find().unwrap();
        let error = run(&workspace, Some("speed")).unwrap_err().to_string();
        assert!(
            error.contains("`speed`") && error.contains("image"),
            "{error}"
        );
    }
}
