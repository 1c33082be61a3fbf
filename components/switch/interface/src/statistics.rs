// SPDX-License-Identifier: BSD-2-Clause
//! What the switch counts of a client.

use core::fmt;
use core::sync::atomic::{AtomicU64, Ordering};

/// Counters of one client since the start of the switch. They are the switch's own; what it writes
/// into the region is a copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counters {
    /// Frames that the client sent and the switch took, whatever became of them.
    pub sent: u64,
    /// Their bytes.
    pub sent_bytes: u64,
    /// Frames that the client got.
    pub received: u64,
    /// Their bytes.
    pub received_bytes: u64,
    /// Frames of the client's that were none, or had no possible length.
    pub malformed: u64,
    /// Frames of the client's with an address of the sender that is not its own.
    pub foreign: u64,
    /// Frames of the client's to an address that nobody has.
    pub unknown: u64,
    /// Frames of the client's that somebody else had no room for, or no more for this client.
    pub refused: u64,
}

const COUNTERS: usize = 8;

impl Counters {
    fn words(&self) -> [u64; COUNTERS] {
        [
            self.sent,
            self.sent_bytes,
            self.received,
            self.received_bytes,
            self.malformed,
            self.foreign,
            self.unknown,
            self.refused,
        ]
    }
}

impl fmt::Display for Counters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "sent {} frames, {} bytes; received {}, {} bytes; of those sent, malformed {}, \
             foreign {}, unknown {}, refused {}",
            self.sent,
            self.sent_bytes,
            self.received,
            self.received_bytes,
            self.malformed,
            self.foreign,
            self.unknown,
            self.refused
        )
    }
}

/// The counters in the region, which the switch writes.
#[derive(Debug, Default)]
#[repr(C)]
pub struct Statistics([AtomicU64; COUNTERS]);

impl Statistics {
    /// Shows these.
    pub fn set(&self, counters: &Counters) {
        for (word, value) in self.0.iter().zip(counters.words()) {
            word.store(value, Ordering::Relaxed);
        }
    }

    /// What is shown, each counter for itself.
    pub fn get(&self) -> Counters {
        let [
            sent,
            sent_bytes,
            received,
            received_bytes,
            malformed,
            foreign,
            unknown,
            refused,
        ] = core::array::from_fn(|index| self.0[index].load(Ordering::Relaxed));
        Counters {
            sent,
            sent_bytes,
            received,
            received_bytes,
            malformed,
            foreign,
            unknown,
            refused,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_come_back() {
        let counters = Counters {
            sent: 1,
            sent_bytes: 2,
            received: 3,
            received_bytes: 4,
            malformed: 5,
            foreign: 6,
            unknown: 7,
            refused: 8,
        };
        let statistics = Statistics::default();
        statistics.set(&counters);
        assert_eq!(statistics.get(), counters);
    }
}
