// SPDX-License-Identifier: BSD-2-Clause
//! What the numbers of an operation mean on some hardware.

use core::ops::Range;

use vtd::Bdf;

use crate::Raise;

/// A platform's devices, memory and vectors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Remapping units.
    pub units: usize,
    /// The devices behind each of them.
    pub devices: &'static [Bdf],
    /// The only memory that DMA may reach: a power of two in size, at least 16 MiB, aligned to
    /// its size. Everything if there are no devices that really access memory.
    pub landing: Option<Range<u64>>,
    /// The only vectors that may arrive, at APIC 0. Everything likewise.
    pub vectors: Option<Range<u8>>,
}

const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;
/// A local APIC that no machine of ours has.
const NOBODY: u32 = 0x55;

impl Plan {
    /// The order of the interrupt tables that operations are made for.
    pub const INTERRUPT_ORDER: u8 = 8;

    /// The memory to grant at `at`, for the address that an operation names.
    pub(crate) fn host(&self, at: u64, host: u64, bytes: u64) -> u64 {
        // A gigabyte is granted in large pages at least: in small ones it would need half the
        // memory that there is for tables.
        match &self.landing {
            None if bytes >= GIB => host & !(2 * MIB - 1) | at & (2 * MIB - 1),
            None => host,
            // From the start of memory, so that it holds the landing place.
            Some(_) if bytes >= GIB => at & (2 * MIB - 1),
            Some(landing) => {
                let host = landing.start | host & (landing.end - landing.start - 1);
                let beyond = (host + bytes).saturating_sub(landing.end);
                host - beyond.next_multiple_of(2 * MIB)
            }
        }
    }

    /// The target to bind, for the one that an operation names: impossible ones stay so.
    pub(crate) fn raise(&self, raise: Raise) -> Raise {
        let Some(vectors) = &self.vectors else {
            return raise;
        };
        let (vector, destination) = match (raise.vector, raise.destination) {
            (0..16, destination) => (raise.vector, destination),
            (_, u32::MAX) => (raise.vector, u32::MAX),
            (vector, destination) => {
                let vector = vectors.start + vector % (vectors.end - vectors.start);
                (vector, if destination % 4 == 3 { NOBODY } else { 0 })
            }
        };
        Raise {
            vector,
            destination,
            ..raise
        }
    }

    /// Whether the 8 bytes at this memory address may be reached.
    pub(crate) fn lands(&self, host: u64) -> bool {
        self.landing
            .as_ref()
            .is_none_or(|landing| landing.contains(&host) && landing.contains(&(host + 7)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan() -> Plan {
        Plan {
            units: 1,
            devices: &[],
            landing: Some(0x1000_0000..0x1100_0000),
            vectors: Some(0x40..0x48),
        }
    }

    #[test]
    fn grants_lie_inside_the_landing_place_and_keep_their_alignment() {
        for (host, bytes) in [
            (0, 0x1000),
            (0x1ff_f000, 0x8000),
            (0xfee0_0000, 0x60_0000),
            (0x7f_ffff_f000, 0x40_3000),
            (0xe0_0000, 0x60_0000),
        ] {
            let at = plan().host(0, host, bytes);
            assert!(at >= 0x1000_0000 && at + bytes <= 0x1100_0000, "{at:#x}");
            assert_eq!(at % (2 * MIB), host % (2 * MIB));
        }
        assert_eq!(plan().host(0x4020_3000, 7 << 21, GIB), 0x3000);
    }

    #[test]
    fn only_vectors_of_the_plan_arrive() {
        let raise = |vector, destination| {
            let raise = Raise {
                posted: false,
                vector,
                destination,
            };
            let raise = plan().raise(raise);
            (raise.vector, raise.destination)
        };
        assert_eq!(raise(15, 7), (15, 7));
        assert_eq!(raise(16, u32::MAX), (16, u32::MAX));
        assert_eq!(raise(0x83, 4), (0x43, 0));
        assert_eq!(raise(0xff, 7), (0x47, NOBODY));
    }

    #[test]
    fn eight_bytes_land_or_do_not() {
        assert!(plan().lands(0x1000_0000) && plan().lands(0x10ff_fff8));
        assert!(!plan().lands(0xfff_fff8) && !plan().lands(0x1100_0000));
    }
}
