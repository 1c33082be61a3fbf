// SPDX-License-Identifier: BSD-2-Clause
//! The board as the hardware that a sequence runs on.

use pci::Message;
use vtd::{Bdf, Hpa};
use vtd_model::{Board, Interrupt, Options, QueueFault};
use vtd_sequences::{Abilities, Arrival, Dma, Done, Hardware, Outcome, ensure, same};

use super::list;

/// A board, and a descriptor on it that interrupts are posted to.
#[derive(Debug)]
pub struct Modelled {
    pub board: Board,
    descriptor: u64,
}

impl Modelled {
    /// Needs a page of the board.
    pub fn new(board: &Board) -> Self {
        Self {
            board: board.clone(),
            descriptor: board.allocate(1).expect("there is memory"),
        }
    }

    /// Gives the page back.
    pub fn end(self) {
        self.board.free(self.descriptor, 1);
    }

    fn is_posted(&self, vector: u8) -> Done {
        let word = self
            .board
            .read(self.descriptor + u64::from(vector / 64) * 8);
        ensure!(word >> (vector % 64) & 1 != 0, "vector {vector} is not set");
        self.board.write(self.descriptor + 32, 0);
        self.board.write_back(self.descriptor, 64);
        Ok(())
    }
}

/// What modelled hardware can do.
pub fn abilities(options: &Options) -> Abilities {
    Abilities {
        three_levels: options.three_levels,
        four_levels: options.four_levels,
        mega: options.mega,
        posting: options.posting,
    }
}

impl Hardware for Modelled {
    fn descriptor(&self) -> Hpa {
        Hpa(self.descriptor)
    }

    fn dma(&mut self, dma: Dma, expected: Outcome<u64>) -> Done {
        let Dma {
            unit,
            device,
            at,
            write,
            ..
        } = dma;
        let happened = self.board.dma(unit, device.0, at, write);
        same!(happened, expected, "{dma:x?}");
        Ok(())
    }

    fn message(
        &mut self,
        unit: usize,
        source: Bdf,
        message: Message,
        expected: Outcome<Arrival>,
    ) -> Done {
        let Message { address, data } = message;
        let happened = match self.board.message(unit, source.0, address, data) {
            Interrupt::Remapped {
                vector,
                destination,
                level: false,
                delivery: 0,
            } => Ok(Arrival::Remapped {
                vector,
                destination,
            }),
            Interrupt::Posted {
                descriptor, vector, ..
            } => {
                self.is_posted(vector)?;
                let descriptor = Hpa(descriptor);
                Ok(Arrival::Posted { vector, descriptor })
            }
            Interrupt::Stopped(reason) => Err(reason),
            other => return Err(format!("{message:x?} of {source}: {other:?}")),
        };
        same!(happened, expected, "{message:x?} of {source}");
        Ok(())
    }

    /// One trouble at a time: the driver repeats a batch only so often.
    fn trouble(&mut self, unit: usize, after: usize, timeout: bool) {
        if self.board.troubles(unit) == 0 {
            let fault = if timeout {
                QueueFault::Timeout
            } else {
                QueueFault::WrongCompletion
            };
            self.board.inject(unit, fault, after);
        }
    }

    fn look(&mut self) -> Done {
        self.board.check_settled();
        let violations = self.board.take_violations();
        ensure!(violations.is_empty(), "{}", list(&violations));
        Ok(())
    }
}
