// SPDX-License-Identifier: BSD-2-Clause
//! The console device with one port: virtio 1.2 §5.3.
//!
//! Not offered: a size, several ports, writing before the driver is up.

use vmm_base::GuestRam;

use crate::Violation;
use crate::device::{Device, Kind, drain, fill};
use crate::queue::{Chain, Queue};

const RECEIVE: usize = 0;
/// Chains at a time.
const BATCH: usize = 32;
/// Bytes at a time, to and from the terminal.
const PORTION: usize = 128;
/// What is taken of one chain; a driver does not write more at once.
const LONGEST: usize = 64 * 1024;

/// Whom the guest talks to.
pub trait Terminal {
    /// Shows bytes, or loses them: a guest does not wait.
    fn write(&mut self, bytes: &[u8]);

    /// What was written so far is to be seen, also without the end of a line.
    fn flush(&mut self);

    /// Takes input. Returns how many bytes there were, up to as many as there is room for.
    fn read(&mut self, into: &mut [u8]) -> usize;
}

/// A console.
#[derive(Debug)]
pub struct Console<T> {
    terminal: T,
}

impl<T: Terminal> Console<T> {
    /// A console at `terminal`.
    pub const fn new(terminal: T) -> Self {
        Self { terminal }
    }

    /// The terminal.
    pub const fn terminal(&self) -> &T {
        &self.terminal
    }

    /// The terminal, to be changed.
    pub const fn terminal_mut(&mut self) -> &mut T {
        &mut self.terminal
    }

    fn show(&mut self, ram: &GuestRam<'_>, chain: &mut Chain) -> Result<u32, Violation> {
        let mut left = LONGEST;
        let mut bytes = [0; PORTION];
        while left > 0 {
            let count = chain.read(ram, &mut bytes)?;
            if count == 0 {
                break;
            }
            self.terminal.write(&bytes[..count]);
            left = left.saturating_sub(count);
        }
        Ok(0)
    }
}

/// Puts as much input into a chain as there is, or room.
fn take<T: Terminal>(
    terminal: &mut T,
    ram: &GuestRam<'_>,
    chain: &mut Chain,
) -> Result<Option<u32>, Violation> {
    if chain.writable() == 0 {
        return Err(Violation::BufferLength {
            length: 0,
            needed: 1,
        });
    }
    let mut bytes = [0; PORTION];
    while chain.writable() > 0 {
        let most = chain.writable().min(PORTION);
        let count = terminal.read(&mut bytes[..most]).min(most);
        if count == 0 {
            break;
        }
        chain.write(ram, &bytes[..count])?;
    }
    Ok(Some(chain.written()).filter(|written| *written > 0))
}

impl<T: Terminal> Device for Console<T> {
    const KIND: Kind = Kind {
        id: 3,
        class: 0x07_80_00,
        queues: &[64, 64],
    };

    fn features(&self) -> u64 {
        0
    }

    fn config(&self, _: usize) -> u8 {
        0
    }

    fn serve(
        &mut self,
        index: usize,
        queue: &mut Queue,
        ram: &GuestRam<'_>,
        chain: &mut Chain,
    ) -> Result<bool, Violation> {
        if index == RECEIVE {
            return fill(queue, ram, chain, BATCH, |chain| {
                take(&mut self.terminal, ram, chain)
            });
        }
        let more = drain(queue, ram, chain, BATCH, |chain| self.show(ram, chain));
        self.terminal.flush();
        more
    }
}
