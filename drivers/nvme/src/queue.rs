// SPDX-License-Identifier: BSD-2-Clause
//! The admin queue pair (§4.1), with one command under way at most.

use mmio::{Mmio, Register, Registers};

use crate::dma::{COMPLETIONS, DATA, Dma, SUBMISSIONS};
use crate::registers::ADMIN_TAIL;
use crate::{Command, Error, Result, Status};

/// Entries of each of the two rings: as many submissions as fit a page.
pub(crate) const ENTRIES: u16 = 64;
const SUBMISSION_BYTES: usize = 64;
const COMPLETION_BYTES: usize = 16;

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Completion {
    /// Command specific: for resource management, how many were granted.
    pub value: u32,
    /// Success or the reason.
    pub status: Status,
}

#[derive(Debug)]
pub(crate) struct Queue {
    head_doorbell: Register<u32>,
    tail: u16,
    head: u16,
    phase: bool,
    id: u16,
    waiting: bool,
    broken: bool,
}

impl Queue {
    /// Both rings empty and cleared, for a controller that is not enabled.
    pub fn new(memory: &mut impl Dma, head_doorbell: Register<u32>) -> Self {
        for offset in (SUBMISSIONS..DATA).step_by(4) {
            memory.write32(offset, 0);
        }
        Self {
            head_doorbell,
            tail: 0,
            head: 0,
            phase: true,
            id: 0,
            waiting: false,
            broken: false,
        }
    }

    /// Hands a command to the controller. Its data page is cleared first, or lists the
    /// controller that the command is about, so nothing of an earlier answer is taken for one.
    ///
    /// # Errors
    ///
    /// [`Error::NotReady`] if another command is under way or the queue was given up.
    pub fn submit(
        &mut self,
        registers: &mut impl Mmio,
        memory: &mut impl Dma,
        command: &Command,
    ) -> Result<()> {
        if self.waiting || self.broken {
            return Err(Error::NotReady);
        }
        for offset in (0..4096).step_by(4) {
            memory.write32(DATA + offset, 0);
        }
        if let Some(controller) = command.listed {
            memory.write32(DATA, u32::from(controller) << 16 | 1);
        }
        self.id = self.id.wrapping_add(1);
        let data = memory.bus_address() + DATA as u64;
        let at = SUBMISSIONS + usize::from(self.tail) * SUBMISSION_BYTES;
        for (n, word) in command.words(self.id, data).into_iter().enumerate() {
            memory.write32(at + 4 * n, word);
        }
        self.tail = (self.tail + 1) % ENTRIES;
        self.waiting = true;
        registers.set(ADMIN_TAIL, self.tail.into());
        Ok(())
    }

    /// The completion of the command under way, if it has come.
    ///
    /// # Errors
    ///
    /// [`Error::Completion`]: the queue is given up.
    pub fn completion(
        &mut self,
        registers: &mut impl Mmio,
        memory: &impl Dma,
    ) -> Result<Option<Completion>> {
        if self.broken || !self.waiting {
            return Ok(None);
        }
        let at = COMPLETIONS + usize::from(self.head) * COMPLETION_BYTES;
        // The last word holds the phase, and is written last (§4.6).
        let last = memory.read32(at + 12);
        if (last & 1 << 16 != 0) != self.phase {
            return Ok(None);
        }
        let third = memory.read32(at + 8);
        let value = memory.read32(at);
        let (head, queue, id) = (third as u16, (third >> 16) as u16, last as u16);
        if id != self.id || queue != 0 || head != self.tail {
            self.broken = true;
            return Err(Error::Completion(third, last));
        }
        self.waiting = false;
        self.head = (self.head + 1) % ENTRIES;
        if self.head == 0 {
            self.phase = !self.phase;
        }
        registers.set(self.head_doorbell, self.head.into());
        // Without 'do not retry', 'more' and the retry delay.
        let status = Status((last >> 17 & 0x7ff) as u16);
        Ok(Some(Completion { value, status }))
    }

    /// Gives the queue up: a command may still write to memory at any time.
    pub fn give_up(&mut self) {
        self.broken = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Cns;
    use crate::testing::memory;
    use nvme_model::Fake;

    #[test]
    fn rings_wrap_and_phases_alternate() {
        let fake = Fake::enabled();
        let (mut registers, mut memory) = (fake.registers(), memory(&fake));
        let mut queue = Queue::new(&mut memory, Register::at(0x1004));
        for round in 0..200u16 {
            let command = Command::identify(Cns::Controller, 0, 0);
            assert_eq!(queue.completion(&mut registers, &memory), Ok(None));
            queue.submit(&mut registers, &mut memory, &command).unwrap();
            assert_eq!(
                queue.submit(&mut registers, &mut memory, &command),
                Err(Error::NotReady)
            );
            let done = queue.completion(&mut registers, &memory).unwrap();
            assert_eq!(done.map(|c| c.status), Some(Status::SUCCESS), "{round}");
            assert_eq!(fake.borrow().head_doorbell, (round + 1) % 64);
        }
        assert_eq!(fake.borrow().commands.len(), 200);
    }

    #[test]
    fn a_completion_of_something_else_ends_the_queue() {
        for (third, last) in [
            (0x0000_0001, 0x0001_0002), // another command
            (0x0000_0001, 0x0001_0000), // one that never was
            (0x0001_0001, 0x0001_0001), // another queue
            (0x0000_0002, 0x0001_0001), // a head beyond the tail
            (0xffff_ffff, 0xffff_ffff),
        ] {
            let fake = Fake::enabled();
            fake.borrow_mut().silent = true;
            let (mut registers, mut memory) = (fake.registers(), memory(&fake));
            let mut queue = Queue::new(&mut memory, Register::at(0x1004));
            let command = Command::offline(1);
            queue.submit(&mut registers, &mut memory, &command).unwrap();
            memory.write32(COMPLETIONS + 8, third);
            memory.write32(COMPLETIONS + 12, last);
            let result = queue.completion(&mut registers, &memory);
            assert_eq!(result, Err(Error::Completion(third, last)));
            assert_eq!(queue.completion(&mut registers, &memory), Ok(None));
            let again = queue.submit(&mut registers, &mut memory, &command);
            assert_eq!(again, Err(Error::NotReady));
        }
    }
}
