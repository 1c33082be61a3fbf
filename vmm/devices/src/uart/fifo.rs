// SPDX-License-Identifier: BSD-2-Clause
//! The two queues of the serial port.

/// Characters that a queue of a 16550 holds.
pub const DEPTH: usize = 16;

/// Characters in the order in which they came.
#[derive(Debug, Clone, Copy, Default)]
pub struct Fifo {
    bytes: [u8; DEPTH],
    first: usize,
    length: usize,
}

impl Fifo {
    pub fn len(&self) -> usize {
        self.length
    }

    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// Appends, if fewer than `depth` are in it. Says whether it did.
    pub fn push(&mut self, byte: u8, depth: usize) -> bool {
        if self.length >= depth.min(DEPTH) {
            return false;
        }
        let free = (self.first + self.length) % DEPTH;
        self.bytes[free] = byte;
        self.length += 1;
        true
    }

    pub fn pop(&mut self) -> Option<u8> {
        let byte = self.bytes[self.first];
        self.length = self.length.checked_sub(1)?;
        self.first = (self.first + 1) % DEPTH;
        Some(byte)
    }

    pub fn clear(&mut self) {
        self.length = 0;
    }
}
