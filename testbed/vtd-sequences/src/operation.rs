// SPDX-License-Identifier: BSD-2-Clause
//! What may happen.

use vtd::Rights;

use crate::Random;

/// Domains that may exist at a time.
pub(crate) const SLOTS: usize = 3;

/// Something that happens. Numbers are taken modulo what there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields are the driver's arguments")]
pub enum Operation {
    /// A domain is made.
    Create { slot: usize, bits: u8 },
    /// It ends, if no device is in it.
    Destroy { slot: usize },
    /// A grant.
    Map {
        slot: usize,
        at: u64,
        host: u64,
        bytes: u64,
        rights: Rights,
    },
    /// Revokes one grant as it was given.
    Unmap { slot: usize, grant: usize },
    /// Revokes some range, which may hold several grants or none, or cut one.
    UnmapRange { slot: usize, at: u64, bytes: u64 },
    /// A device enters a domain, which is of some unit.
    Attach { device: usize, slot: usize },
    /// A device leaves its domain.
    Detach { unit: usize, device: usize },
    /// A device is cut off.
    Quarantine {
        unit: usize,
        device: usize,
        silent: bool,
    },
    /// A device gets an interrupt entry.
    Bind {
        unit: usize,
        index: u16,
        device: usize,
        target: Raise,
    },
    /// Its interrupt goes somewhere else.
    Rebind {
        unit: usize,
        index: u16,
        device: usize,
        target: Raise,
    },
    /// It loses the entry.
    Unbind {
        unit: usize,
        index: u16,
        device: usize,
    },
    /// DMA relative to a grant of the device's domain, or to address 0 without one.
    Dma {
        unit: usize,
        device: usize,
        grant: usize,
        offset: u64,
        from_end: bool,
        write: bool,
    },
    /// A device sends an interrupt message.
    Message {
        unit: usize,
        device: usize,
        index: u16,
        subhandle: Option<u16>,
    },
    /// The queue of a unit times out or completes wrongly.
    Trouble {
        unit: usize,
        after: usize,
        timeout: bool,
    },
}

/// What an interrupt is to raise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Raise {
    /// It is posted to a descriptor.
    pub posted: bool,
    /// The vector.
    pub vector: u8,
    /// The processor; whether it is urgent if it is posted.
    pub destination: u32,
}

impl Operation {
    /// The operation that belongs to a seed.
    pub fn from_seed(seed: u64) -> Self {
        let random = &mut Random::new(seed);
        // How often each kind happens, in 50ths.
        const WEIGHTS: [u64; 14] = [3, 1, 6, 3, 1, 5, 2, 1, 5, 2, 1, 12, 7, 1];
        let mut left = random.below(WEIGHTS.iter().sum());
        let mut kind = 0;
        while left >= WEIGHTS[kind] {
            left -= WEIGHTS[kind];
            kind += 1;
        }
        let (unit, device, slot) = (random.index(2), random.index(4), random.index(SLOTS));
        match kind {
            0 => Self::Create {
                slot,
                bits: random.pick(&[39, 48]),
            },
            1 => Self::Destroy { slot },
            2 => Self::Map {
                slot,
                at: address(random),
                host: address(random),
                bytes: length(random),
                rights: random.pick(&[Rights::Read, Rights::Write, Rights::ReadWrite]),
            },
            3 => Self::Unmap {
                slot,
                grant: random.index(usize::MAX),
            },
            4 => Self::UnmapRange {
                slot,
                at: address(random),
                bytes: length(random),
            },
            5 => Self::Attach { device, slot },
            6 => Self::Detach { unit, device },
            7 => Self::Quarantine {
                unit,
                device,
                silent: random.flip(),
            },
            8 => Self::Bind {
                unit,
                index: index(random),
                device,
                target: raise(random),
            },
            9 => Self::Rebind {
                unit,
                index: index(random),
                device,
                target: raise(random),
            },
            10 => Self::Unbind {
                unit,
                index: index(random),
                device,
            },
            11 => Self::Dma {
                unit,
                device,
                grant: random.index(usize::MAX),
                offset: offset(random),
                from_end: random.flip(),
                write: random.flip(),
            },
            12 => Self::Message {
                unit,
                device,
                index: index(random),
                subhandle: random.flip().then(|| random.below(4) as u16),
            },
            _ => Self::Trouble {
                unit,
                after: random.index(4),
                timeout: random.flip(),
            },
        }
    }
}

/// Interesting places for grants: the edges of larger pages, of tables and of address widths.
fn address(random: &mut Random) -> u64 {
    let place = random.pick(&[
        0,
        0x20_0000 - 0x3000,
        0x4000_0000 - 0x20_0000,
        0xfee0_0000 - 0x4000,
        (1 << 39) - 0x40_0000,
        (1 << 47) - 0x1000,
        (1 << 48) - 0x8000,
    ]);
    let step = if random.flip() {
        random.below(12) << 12
    } else {
        random.below(3) << 21
    };
    place + step
}

/// Lengths: some pages, or about a large page or more, or a gigabyte.
fn length(random: &mut Random) -> u64 {
    match random.below(14) {
        0..8 => (1 + random.below(8)) << 12,
        8..11 => (1 + random.below(3)) << 21,
        11..13 => 0x40_3000,
        _ => 1 << 30,
    }
}

/// From the start or the end of a grant: near, or as far as large pages go.
fn offset(random: &mut Random) -> u64 {
    if random.flip() {
        random.below(0x2000)
    } else {
        random.below(0x80_0000)
    }
}

/// Few interrupt entries, so that they are bound, bound twice and freed; some beyond the table.
fn index(random: &mut Random) -> u16 {
    match random.below(10) {
        0..8 => random.below(6) as u16,
        8 => 250 + random.below(10) as u16,
        _ => random.word() as u16,
    }
}

fn raise(random: &mut Random) -> Raise {
    Raise {
        posted: random.flip(),
        vector: random.word() as u8,
        destination: if random.flip() {
            random.below(300) as u32
        } else {
            random.word() as u32
        },
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use core::mem::discriminant;
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn a_seed_is_an_operation_and_all_kinds_come_up() {
        let operations = (0..1000).map(Operation::from_seed);
        let kinds: HashSet<_> = operations
            .map(|operation| discriminant(&operation))
            .collect();
        assert_eq!(kinds.len(), 14);
        assert_eq!(Operation::from_seed(5), Operation::from_seed(5));
    }
}
