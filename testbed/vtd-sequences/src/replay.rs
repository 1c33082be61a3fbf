// SPDX-License-Identifier: BSD-2-Clause
//! The sequences that run on the model and on QEMU's intel-iommu with edu devices alike.

use alloc::format;
use alloc::string::String;

use mmio::Mmio;
use vtd::{Bdf, Iommu, Memory};

use crate::{Abilities, Ended, Hardware, Operation, Plan, Random, Shadow};

/// One of the sequences.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Replay {
    seed: u64,
}

/// What happened, in one number: two runs with the same one did the same and saw the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Digest(pub u64);

impl Digest {
    /// Adds something that happened.
    pub fn add(&mut self, word: u64) {
        self.0 = Random::new(self.0 ^ word).word();
    }
}

impl Replay {
    /// How many there are.
    pub const SEQUENCES: u64 = 60;
    /// Operations in each.
    pub const OPERATIONS: u64 = 400;
    /// What comes of them all. It changes with the operations and the map; then the test on the
    /// model says what to put here.
    pub const DIGEST: Digest = Digest(13_157_706_277_929_164_116);

    /// All of them.
    pub fn all() -> impl Iterator<Item = Self> {
        let mut random = Random::new(0x7d);
        (0..Self::SEQUENCES).map(move |_| Self {
            seed: random.word(),
        })
    }

    /// Three devices on bus 0, one on another; 16 MiB of memory at 256 MiB for their DMA.
    pub const PLAN: Plan = Plan {
        units: 1,
        devices: &[Bdf(0x0028), Bdf(0x0030), Bdf(0x0038), Bdf(0x0100)],
        landing: Some(0x1000_0000..0x1100_0000),
        vectors: Some(0x40..0x48),
    };

    /// The seed, which names the sequence.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// Runs it on hardware that a driver has just taken over.
    ///
    /// # Errors
    ///
    /// The first difference to the map.
    pub fn run<R: Mmio, M: Memory, H: Hardware>(
        &self,
        driver: Iommu<R, M>,
        hardware: H,
        abilities: Abilities,
    ) -> Result<Ended<R, M, H>, String> {
        let mut shadow = Shadow::new(Self::PLAN, driver, hardware, &[abilities]);
        let mut random = Random::new(self.seed);
        for step in 0..Self::OPERATIONS {
            let operation = Operation::from_seed(random.word());
            shadow
                .apply(&operation)
                .map_err(|why| format!("step {step}: {why}\n{operation:?}"))?;
        }
        shadow.end().map_err(|why| format!("the end: {why}"))
    }
}
