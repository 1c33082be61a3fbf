// SPDX-License-Identifier: BSD-2-Clause
//! What is behind the virtio devices, besides memory and the console.

use core::arch::x86_64::{_rdrand64_step, _rdseed64_step};

use switch_interface::ChannelLink;
use vmm_virtio::devices::entropy::Source;
use vmm_virtio::devices::net::{LONGEST_FRAME, Network};

use crate::cpu::cpuid;

/// The switch.
#[derive(Debug)]
pub struct Switch(pub ChannelLink);

impl Network for Switch {
    fn send(&mut self, frame: &[u8]) {
        // What there is no room for is lost, as on a wire.
        self.0.send(frame);
    }

    fn flush(&mut self) {
        self.0.flush();
    }

    fn receive(&mut self, into: &mut [u8; LONGEST_FRAME]) -> Option<usize> {
        self.0.receive(into)
    }
}

/// How often the processor is asked for one number.
const TRIES: usize = 16;

/// The processor's source of random numbers.
#[derive(Debug, Clone, Copy)]
pub enum Processor {
    /// RDSEED.
    Seed,
    /// RDRAND.
    Random,
}

impl Processor {
    /// The better one that it has.
    pub fn find() -> Option<Self> {
        const RDSEED: u32 = 1 << 18;
        const RDRAND: u32 = 1 << 30;
        if cpuid(0, 0)[0] >= 7 && cpuid(7, 0)[1] & RDSEED != 0 {
            return Some(Self::Seed);
        }
        (cpuid(1, 0)[2] & RDRAND != 0).then_some(Self::Random)
    }

    /// The next number. Now and then none is ready (SDM vol. 1 7.3.17).
    fn next(self) -> Option<u64> {
        (0..TRIES).find_map(|_| {
            let mut word = 0;
            // SAFETY: the processor has the instruction, as it was found.
            let got = unsafe {
                match self {
                    Self::Seed => seed(&mut word),
                    Self::Random => random(&mut word),
                }
            };
            (got == 1).then_some(word)
        })
    }
}

#[target_feature(enable = "rdseed")]
fn seed(word: &mut u64) -> i32 {
    _rdseed64_step(word)
}

#[target_feature(enable = "rdrand")]
fn random(word: &mut u64) -> i32 {
    _rdrand64_step(word)
}

impl Source for Processor {
    fn fill(&mut self, into: &mut [u8]) -> usize {
        let mut filled = 0;
        for bytes in into.chunks_mut(8) {
            let Some(word) = self.next() else { break };
            bytes.copy_from_slice(&word.to_le_bytes()[..bytes.len()]);
            filled += bytes.len();
        }
        filled
    }
}
