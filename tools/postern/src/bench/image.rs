// SPDX-License-Identifier: BSD-2-Clause
//! How long the image tool takes and how much memory: for the default system, and for systems with
//! 1 GiB of memory regions and more and more protection domains.

use std::fmt::Write;
use std::path::Path;

use anyhow::{Context, Result};
use sel4_kernel::config::Variant;

use super::figure::{Figure, median, publish};
use super::plot::{Curve, draw};
use super::usage::{Usage, measure};
use crate::description::Description;
use crate::image::Builder;
use crate::setup::{self, For};
use crate::ui::Step;
use crate::workspace::{Workspace, shown};

/// Protection domains of the large systems.
const DOMAINS: [usize; 5] = [1, 15, 30, 45, 60];
/// Memory in regions of each large system, in MiB.
const REGIONS_MIB: usize = 1024;
/// Size of each region, in MiB.
const REGION_MIB: usize = 16;
/// How often each is measured.
const ROUNDS: usize = 5;

/// The benchmark.
pub fn run(workspace: &Workspace) -> Result<()> {
    setup::ensure(workspace, &[For::Building])?;
    let builder = Builder::new(workspace);
    let system = workspace.root.join("system.xml");
    let description = Description::read(&system)?;
    builder.programs(std::slice::from_ref(&description), &[])?;
    builder.kernel(Variant::Release)?;
    let program = *description
        .programs()
        .first()
        .context("system.xml has no program")?;

    let folder = workspace.folder("bench")?;
    let step = Step::new("Measuring");
    step.expect((1 + DOMAINS.len()) as u64);
    let default = rounds(&builder, &system, &folder)?;
    let mut large = Vec::new();
    for (done, domains) in DOMAINS.into_iter().enumerate() {
        step.at(done as u64 + 1);
        let path = folder.join(format!("large-{domains}.system"));
        std::fs::write(&path, large_system(program, domains))
            .with_context(|| format!("cannot write {}", path.display()))?;
        large.push((domains, rounds(&builder, &path, &folder)?));
    }
    step.done();

    let mut figures = vec![
        Figure::new("image-default-time", time(&default), "s").at_most(0.5),
        Figure::new("image-default-memory", memory(&default), "MiB"),
    ];
    for (domains, usages) in &large {
        let (mut duration, mut memory) = (
            Figure::new(format!("image-{domains}pd-1gib-time"), time(usages), "s"),
            Figure::new(
                format!("image-{domains}pd-1gib-memory"),
                memory(usages),
                "MiB",
            ),
        );
        if Some(domains) == DOMAINS.last() {
            (duration, memory) = (duration.at_most(3.0), memory.at_most(500.0));
        }
        figures.extend([duration, memory]);
    }
    publish(&figures, &folder.join("image.csv"))?;
    let curve = |label: &str, value: fn(&[Usage]) -> f64| Curve {
        label: label.to_owned(),
        points: large
            .iter()
            .map(|(domains, usages)| (*domains as f64, value(usages)))
            .collect(),
    };
    let picture = folder.join("image.svg");
    draw(
        &picture,
        "Image tool: 1 GiB of memory regions in 4 KiB pages",
        "protection domains",
        &[
            curve("time in s", time),
            curve("peak memory in MiB", memory),
        ],
    )?;
    println!("picture: {}", shown(&workspace.root, &picture));
    Ok(())
}

fn rounds(builder: &Builder<'_>, system: &Path, folder: &Path) -> Result<Vec<Usage>> {
    let (image, report) = (folder.join("image.img"), folder.join("image-report.txt"));
    let once = || measure(&mut builder.command(system, Variant::Release, &image, &report));
    (0..ROUNDS).map(|_| once()).collect()
}

fn time(usages: &[Usage]) -> f64 {
    median(
        &usages
            .iter()
            .map(|usage| usage.time.as_secs_f64())
            .collect::<Vec<_>>(),
    )
}

/// The largest, in MiB.
fn memory(usages: &[Usage]) -> f64 {
    let most = usages.iter().map(|usage| usage.memory).max().unwrap_or(0);
    most as f64 / f64::from(1 << 20)
}

/// A description with so many protection domains of `program`, among which [`REGIONS_MIB`] of
/// memory regions are distributed.
fn large_system(program: &str, domains: usize) -> String {
    let regions = REGIONS_MIB / REGION_MIB;
    let bytes = REGION_MIB << 20;
    let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<system>\n");
    for region in 0..regions {
        // Writing to a string cannot fail, here and below.
        let _ = writeln!(
            text,
            "  <memory_region name=\"r{region}\" size=\"{bytes:#x}\"/>"
        );
    }
    for domain in 0..domains {
        let _ = writeln!(
            text,
            "  <protection_domain name=\"pd{domain}\" priority=\"100\">"
        );
        let _ = writeln!(text, "    <program_image path=\"{program}\"/>");
        for region in (domain..regions).step_by(domains) {
            let address = 0x10_0000_0000_usize + region * bytes;
            let _ = writeln!(
                text,
                "    <map mr=\"r{region}\" vaddr=\"{address:#x}\" perms=\"rw\"/>"
            );
        }
        let _ = writeln!(text, "  </protection_domain>");
    }
    text.push_str("</system>\n");
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_large_system_is_as_large_as_said() {
        let text = large_system("timer", 60);
        let document = roxmltree::Document::parse(&text).unwrap();
        let count = |tag| {
            document
                .descendants()
                .filter(|node| node.has_tag_name(tag))
                .count()
        };
        assert_eq!(count("protection_domain"), 60);
        assert_eq!((count("memory_region"), count("map")), (64, 64));
        let size = |node: roxmltree::Node| {
            let text = node.attribute("size")?.trim_start_matches("0x").to_owned();
            usize::from_str_radix(&text, 16).ok()
        };
        let total: usize = document.descendants().filter_map(size).sum();
        assert_eq!(total, 1 << 30);
    }
}
