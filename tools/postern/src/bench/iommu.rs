// SPDX-License-Identifier: BSD-2-Clause
//! What granting and revoking memory costs the remapping hardware: writes to its tables and
//! invalidations, counted on the model of `testbed/vtd-model`. Counts are the same on every
//! machine, and invalidations are what takes time on real ones.

use anyhow::{Result, anyhow, ensure};
use vtd::{Bdf, Config, Domain, Hpa, Iommu, Iova, Memory, PAGE_BYTES, Rights, Unit};
use vtd_model::{Board, Options, Registers};

use super::figure::{Figure, publish};
use super::plot::{Curve, draw};
use crate::workspace::{Workspace, shown};

const GIB: u64 = 1 << 30;
/// Where the device and the memory see what is granted; both fit pages of every size.
const START: Iova = Iova(GIB);
const HOST: Hpa = Hpa(4 * GIB);
/// Sizes of the picture, in pages of 4 KiB.
const PAGES: [u64; 6] = [1, 64, 512, 4096, 32_768, 262_144];

/// The board's memory, with a count of what is written.
struct Counted {
    board: Board,
    writes: u64,
}

impl Memory for Counted {
    fn allocate(&mut self, pages: usize) -> Option<Hpa> {
        self.board.allocate(pages).map(Hpa)
    }
    fn free(&mut self, page: Hpa) {
        self.board.free(page.0, 1);
    }
    fn pages(&self) -> (usize, usize) {
        (self.board.pages_in_use(), self.board.pages())
    }
    fn read64(&self, at: Hpa) -> u64 {
        self.board.read(at.0)
    }
    fn write64(&mut self, at: Hpa, value: u64) {
        self.writes += 1;
        self.board.write(at.0, value);
    }
    fn write128(&mut self, at: Hpa, value: u128) {
        self.writes += 1;
        let (low, high) = (value as u64, (value >> 64) as u64);
        self.board.write_pair(at.0, low, high);
    }
    fn write_back(&mut self, at: Hpa, bytes: u64) {
        self.board.write_back(at.0, bytes);
    }
}

/// What an operation cost.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Cost {
    writes: f64,
    /// Batches of invalidations, each of which ends in one wait.
    batches: f64,
    /// Invalidations, without the waits.
    invalidations: f64,
}

/// A device in a domain of its own.
struct Rig {
    iommu: Iommu<Registers, Counted>,
    domain: Domain,
}

impl Rig {
    fn new(options: Options) -> Result<Self> {
        let board = Board::new(2048, &[options]);
        let unit = Unit::probe(board.registers(0)).map_err(|absent| anyhow!("{absent}"))?;
        let memory = Counted { board, writes: 0 };
        let mut iommu = Iommu::take_over(memory, [unit], Config::default())?;
        let mut domain = iommu.create_domain(0, 48)?;
        iommu.attach(Bdf(0x98), &mut domain)?;
        Ok(Self { iommu, domain })
    }

    fn map(&mut self, bytes: u64) -> Result<Cost> {
        self.cost(|iommu, domain| iommu.map(domain, START, HOST, bytes, Rights::ReadWrite))
    }

    fn revoke(&mut self, bytes: u64) -> Result<Cost> {
        self.cost(|iommu, domain| iommu.unmap(domain, START, bytes))
    }

    fn cost(
        &mut self,
        operation: impl FnOnce(&mut Iommu<Registers, Counted>, &mut Domain) -> vtd::Result<()>,
    ) -> Result<Cost> {
        let before = self.counts();
        operation(&mut self.iommu, &mut self.domain)?;
        let [writes, batches, descriptors] = self.counts();
        let batches = batches - before[1];
        Ok(Cost {
            writes: (writes - before[0]) as f64,
            batches: batches as f64,
            invalidations: (descriptors - before[2] - batches) as f64,
        })
    }

    fn counts(&self) -> [u64; 3] {
        let queue = self.iommu.units().first().map(vtd::Engine::queue_counters);
        let queue = queue.unwrap_or_default();
        [self.iommu.memory().writes, queue.batches, queue.descriptors]
    }
}

/// Units that offer pages of at most this size, in which then everything is mapped.
fn unit(mega: bool, giga: bool) -> Options {
    Options {
        mega,
        giga,
        ..Options::default()
    }
}

/// The benchmark.
pub fn run(workspace: &Workspace) -> Result<()> {
    let folder = workspace.folder("bench")?;
    let mut figures = Vec::new();
    // At most a write for each page, and one for each table that is new.
    for (name, options, writes) in [
        ("4k", unit(false, false), (GIB >> 12) + 512 + 2),
        ("2m", unit(true, false), (GIB >> 21) + 2),
        ("1g", unit(true, true), 1 + 1),
    ] {
        let mut rig = Rig::new(options)?;
        let (map, revoke) = (rig.map(GIB)?, rig.revoke(GIB)?);
        let figure = |what: &str, value, unit| {
            Figure::new(format!("iommu-1gib-in-{name}-{what}"), value, unit)
        };
        figures.extend([
            figure("map-writes", map.writes, "writes").at_most(writes as f64),
            figure("map-invalidations", map.invalidations, "invalidations").at_most(0.0),
            figure("revoke-writes", revoke.writes, "writes"),
            figure("revoke-batches", revoke.batches, "waits").at_most(1.0),
            figure(
                "revoke-invalidations",
                revoke.invalidations,
                "invalidations",
            )
            .at_most(1.0),
        ]);
    }
    publish(&figures, &folder.join("iommu.csv"))?;

    let curve = |label: &str, value: fn(Cost, Cost) -> f64| -> Result<Curve> {
        let point = |pages: u64| {
            let mut rig = Rig::new(unit(true, false))?;
            let (map, revoke) = (
                rig.map(pages * PAGE_BYTES)?,
                rig.revoke(pages * PAGE_BYTES)?,
            );
            Ok((((pages * PAGE_BYTES) >> 20) as f64, value(map, revoke)))
        };
        Ok(Curve {
            label: label.to_owned(),
            points: PAGES.map(point).into_iter().collect::<Result<_>>()?,
        })
    };
    let picture = folder.join("iommu.svg");
    draw(
        &picture,
        "IOMMU: memory granted in pages of 2 MiB, and revoked",
        "MiB",
        &[
            curve("table writes to grant", |map, _| map.writes)?,
            curve("invalidations to revoke", |_, revoke| revoke.invalidations)?,
        ],
    )?;
    println!("picture: {}", shown(&workspace.root, &picture));
    ensure!(
        figures.iter().all(Figure::is_good),
        "a figure is above what is acceptable"
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_mebibytes_take_a_write_to_map_and_a_wait_to_revoke() {
        let mut rig = Rig::new(unit(true, false)).unwrap();
        // The tables that lead there are new.
        assert_eq!(rig.map(2 << 20).unwrap().writes, 3.0);
        let revoked = rig.revoke(2 << 20).unwrap();
        assert_eq!((revoked.batches, revoked.invalidations), (1.0, 1.0));
    }
}
