// SPDX-License-Identifier: BSD-2-Clause
//! The pair of I/O queues (§4.1), with several commands under way.

use core::time::Duration;

use mmio::{Mmio, Registers};
use nvme::{Dma, Error, Result, Status};

use crate::layout::{COMPLETIONS, SUBMISSIONS};

/// How many commands can be under way.
pub const DEPTH: usize = 32;
/// Entries of each of the two rings: more than commands, so neither can ever be full.
pub(crate) const ENTRIES: u16 = 64;
pub(crate) const SUBMISSION_BYTES: usize = 64;
pub(crate) const COMPLETION_BYTES: usize = 16;
/// The number of both queues; 0 is the admin queues'.
pub(crate) const QUEUE: u16 = 1;
/// How long a command may take.
pub(crate) const COMMAND_LIMIT: Duration = Duration::from_secs(10);

const _: () = assert!(DEPTH < ENTRIES as usize && DEPTH <= 256);

/// A command under way: a number below [`DEPTH`], which is free again when the command is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tag(u8);

impl Tag {
    /// Its number.
    pub fn index(self) -> usize {
        self.0.into()
    }
}

#[derive(Clone, Copy, Debug)]
struct Flight {
    /// What the completion has to carry: slot and sequence number.
    id: u16,
    opcode: u8,
    limit: Duration,
}

#[derive(Debug)]
pub(crate) struct Ring {
    tail_doorbell: usize,
    head_doorbell: usize,
    tail: u16,
    head: u16,
    phase: bool,
    /// What the doorbells were told last.
    told: (u16, u16),
    /// Tells a command from those that had its slot before.
    sequence: u8,
    flights: [Option<Flight>; DEPTH],
}

impl Ring {
    /// Both rings empty and cleared, for queues that the controller does not have yet.
    ///
    /// # Errors
    ///
    /// [`Error::Unsuitable`]: the controller cannot have queues as long as these, or has their
    /// doorbells where no register is.
    pub fn new(registers: &impl Mmio, memory: &mut impl Dma) -> Result<Self> {
        let capabilities = registers.get(nvme::CAP);
        // CAP.MQES counts from 0; CAP.DSTRD gives the distance of doorbells (§3.1.1, §3.1.24).
        let longest = (capabilities & 0xffff) as u16;
        let stride = 4usize << (capabilities >> 32 & 0xf);
        let doorbell = |number: usize| 0x1000 + number * stride;
        let (tail_doorbell, head_doorbell) = (doorbell(2), doorbell(3));
        if longest < ENTRIES - 1 || head_doorbell + 4 > registers.size() {
            return Err(Error::Unsuitable);
        }
        let end = COMPLETIONS + usize::from(ENTRIES) * COMPLETION_BYTES;
        for offset in (SUBMISSIONS..end).step_by(4) {
            memory.write32(offset, 0);
        }
        Ok(Self {
            tail_doorbell,
            head_doorbell,
            tail: 0,
            head: 0,
            phase: true,
            told: (0, 0),
            sequence: 0,
            flights: [None; DEPTH],
        })
    }

    /// The slot that the next command would get, if there is one.
    pub fn free(&self) -> Option<usize> {
        self.flights.iter().position(Option::is_none)
    }

    /// Puts a command into the ring, for a slot that is free. The controller sees it with the next
    /// [`announce`](Self::announce).
    pub fn submit(
        &mut self,
        memory: &mut impl Dma,
        slot: usize,
        mut words: [u32; 16],
        now: Duration,
    ) -> Tag {
        self.sequence = self.sequence.wrapping_add(1);
        let id = u16::from(self.sequence) << 8 | slot as u16;
        let opcode = words[0] as u8;
        words[0] |= u32::from(id) << 16;
        let at = SUBMISSIONS + usize::from(self.tail) * SUBMISSION_BYTES;
        for (offset, word) in (at..).step_by(4).zip(words) {
            memory.write32(offset, word);
        }
        self.tail = (self.tail + 1) % ENTRIES;
        let limit = now.saturating_add(COMMAND_LIMIT);
        self.flights[slot] = Some(Flight { id, opcode, limit });
        Tag(slot as u8)
    }

    /// Tells the controller which completions were taken, then which commands there are: so it
    /// never has more to complete than there is room for.
    pub fn announce(&mut self, registers: &mut impl Mmio) {
        if self.told.0 != self.head {
            registers.write32(self.head_doorbell, self.head.into());
        }
        if self.told.1 != self.tail {
            registers.write32(self.tail_doorbell, self.tail.into());
        }
        self.told = (self.head, self.tail);
    }

    /// The next command that is done.
    ///
    /// # Errors
    ///
    /// [`Error::Completion`]: what the controller wrote belongs to no command under way.
    pub fn completion(&mut self, memory: &impl Dma) -> Result<Option<(Tag, Status)>> {
        let at = COMPLETIONS + usize::from(self.head) * COMPLETION_BYTES;
        // The last word holds the phase, and is written last (§4.6).
        let last = memory.read32(at + 12);
        if (last & 1 << 16 != 0) != self.phase {
            return Ok(None);
        }
        let third = memory.read32(at + 8);
        let (head, queue, id) = (third as u16, (third >> 16) as u16, last as u16);
        let flight = self
            .flights
            .iter_mut()
            .find(|flight| flight.is_some_and(|flight| flight.id == id));
        let (Some(flight), true) = (flight, queue == QUEUE && head < ENTRIES) else {
            return Err(Error::Completion(third, last));
        };
        *flight = None;
        self.head = (self.head + 1) % ENTRIES;
        if self.head == 0 {
            self.phase = !self.phase;
        }
        // Without 'do not retry', 'more' and the retry delay.
        let status = Status((last >> 17 & 0x7ff) as u16);
        Ok(Some((Tag(id as u8), status)))
    }

    /// When the first of the commands under way is late, and its opcode.
    pub fn limit(&self) -> Option<(Duration, u8)> {
        let flights = self.flights.iter().flatten();
        flights.map(|flight| (flight.limit, flight.opcode)).min()
    }

    /// How many commands are under way.
    pub fn under_way(&self) -> usize {
        self.flights.iter().flatten().count()
    }
}
