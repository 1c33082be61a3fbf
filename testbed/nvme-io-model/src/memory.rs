// SPDX-License-Identifier: BSD-2-Clause
//! Memory that model and driver share.

use mmio::Mmio;

use crate::{Model, State};

/// Where the controller finds the first byte of its memory.
pub const BUS: u64 = 0x10_0000;

/// A part of the memory, as the driver sees it.
#[derive(Debug)]
pub struct Memory {
    model: Model,
    offset: usize,
    bytes: usize,
}

impl Memory {
    pub(crate) fn new(model: Model, offset: usize, bytes: usize) -> Self {
        Self {
            model,
            offset,
            bytes,
        }
    }
}

impl Mmio for Memory {
    fn size(&self) -> usize {
        self.bytes
    }
    fn read32(&self, offset: usize) -> u32 {
        assert!(offset < self.bytes);
        self.model.borrow().memory[(self.offset + offset) / 4]
    }
    fn write32(&mut self, offset: usize, value: u32) {
        assert!(offset < self.bytes);
        self.model.borrow_mut().memory[(self.offset + offset) / 4] = value;
    }
    fn read64(&self, offset: usize) -> u64 {
        u64::from(self.read32(offset)) | u64::from(self.read32(offset + 4)) << 32
    }
    fn write64(&mut self, offset: usize, value: u64) {
        self.write32(offset, value as u32);
        self.write32(offset + 4, (value >> 32) as u32);
    }
}

impl State {
    pub(crate) fn word(&self, bus: u64) -> u32 {
        self.memory[((bus - BUS) / 4) as usize]
    }

    pub(crate) fn put(&mut self, bus: u64, value: u32) {
        self.memory[((bus - BUS) / 4) as usize] = value;
    }

    fn pointer(&self, bus: u64) -> u64 {
        u64::from(self.word(bus)) | u64::from(self.word(bus + 4)) << 32
    }

    /// The addresses of all words of a transfer (§4.3).
    pub(crate) fn scatter(&self, words: &[u32; 16], bytes: usize) -> Vec<u64> {
        let pointer = |n: usize| u64::from(words[n]) | u64::from(words[n + 1]) << 32;
        let (first, second) = (pointer(6), pointer(8));
        assert_eq!(first % 4, 0, "PRP entry 1");
        let mut found = Vec::new();
        let mut page = first;
        let mut list = second;
        while found.len() * 4 < bytes {
            let left = (4096 - page % 4096).min((bytes - found.len() * 4) as u64);
            found.extend((page..page + left).step_by(4));
            let missing = bytes - found.len() * 4;
            if missing == 0 {
                break;
            }
            let is_list = list != second || missing > 4096;
            page = if is_list {
                let entry = self.pointer(list);
                let last = list % 4096 == 4096 - 8;
                assert!(!last || missing <= 4096, "a list that goes on elsewhere");
                list += 8;
                entry
            } else {
                second
            };
            assert_eq!(page % 4096, 0, "PRP entries but the first are pages");
        }
        found
    }
}
