// SPDX-License-Identifier: BSD-2-Clause
//! The registers of a unit as a driver sees them.

use mmio::Mmio;

use super::Board;
use crate::hardware::{Platform, Unit};
use crate::memory::PAGE;
use crate::options::FAULT_RECORDS;

/// The registers of one unit, as a driver has them mapped.
#[derive(Clone, Debug)]
pub struct Registers {
    board: Board,
    unit: usize,
}

impl Registers {
    pub(super) fn new(board: Board, unit: usize) -> Self {
        Self { board, unit }
    }

    fn with<T>(&self, action: impl FnOnce(&mut Unit, &mut Platform) -> T) -> T {
        let inner = &mut *self.board.inner.borrow_mut();
        inner.tick();
        let result = action(&mut inner.units[self.unit], &mut inner.platform);
        inner.prefetch();
        result
    }
}

impl Mmio for Registers {
    fn size(&self) -> usize {
        // Whole pages, with room for 256 fault records.
        (FAULT_RECORDS + 256 * 16).next_multiple_of(PAGE as usize)
    }

    fn read32(&self, offset: usize) -> u32 {
        self.with(|unit, _| unit.read32(offset))
    }

    fn write32(&mut self, offset: usize, value: u32) {
        self.with(|unit, platform| unit.write32(offset, value, platform));
    }

    fn read64(&self, offset: usize) -> u64 {
        self.with(|unit, _| unit.read64(offset))
    }

    fn write64(&mut self, offset: usize, value: u64) {
        self.with(|unit, platform| unit.write64(offset, value, platform));
    }
}
