// SPDX-License-Identifier: BSD-2-Clause
//! Works off tasks, one command at a time.

use core::time::Duration;

use mmio::Mmio;

use crate::dma::{DATA, Dma};
use crate::queue::Queue;
use crate::{Completion, Data, Error, Progress, Reply, Result, Step, Task};

/// How long a command may take: putting a controller online resets it.
const COMMAND_LIMIT: Duration = Duration::from_secs(5);
const INTERVAL: Duration = Duration::from_millis(1);

/// The admin queue of a controller that is enabled.
#[derive(Debug)]
pub struct Admin {
    queue: Queue,
    /// Opcode of the command under way and when it must be done.
    current: Option<(u8, Duration)>,
}

impl Admin {
    pub(crate) const fn new(queue: Queue) -> Self {
        Self {
            queue,
            current: None,
        }
    }

    /// Goes on with `task` as far as possible at time `now`. A task that was begun is to be
    /// carried to its end before another one.
    ///
    /// # Errors
    ///
    /// Those of the task; and [`Error::Completion`] and [`Error::Timeout`], after which the
    /// controller has to be started anew.
    pub fn run<T: Task>(
        &mut self,
        registers: &mut impl Mmio,
        memory: &mut impl Dma,
        task: &mut T,
        now: Duration,
    ) -> Result<Progress<T::Output>> {
        let mut reply = None;
        loop {
            if let Some((opcode, limit)) = self.current {
                let Some(completion) = self.queue.completion(registers, memory)? else {
                    if now >= limit {
                        self.queue.give_up();
                        return Err(Error::Timeout(opcode));
                    }
                    let next = now.saturating_add(INTERVAL).min(limit);
                    return Ok(Progress::Wait(next));
                };
                self.current = None;
                reply = Some(copy(memory, opcode, completion));
            }
            match task.next(reply.take())? {
                Step::Done(output) => return Ok(Progress::Done(output)),
                Step::Submit(command) => {
                    self.queue.submit(registers, memory, &command)?;
                    let limit = now.saturating_add(COMMAND_LIMIT);
                    self.current = Some((command.opcode(), limit));
                }
            }
        }
    }
}

/// The data page as it is now: what the controller does to it later changes nothing.
fn copy(memory: &impl Dma, opcode: u8, completion: Completion) -> Reply {
    let mut data = Data::default();
    for (word, at) in data.0.iter_mut().zip((DATA..).step_by(4)) {
        *word = memory.read32(at);
    }
    Reply {
        opcode,
        completion,
        data,
    }
}
