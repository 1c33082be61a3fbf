// SPDX-License-Identifier: BSD-2-Clause
//! A driver that does one thing wrong: its accesses are bent on their way to the board.

use std::cell::Cell;

use mmio::Mmio;
use vtd::{Hpa, Memory, registers};
use vtd_model::{Board, Registers};

use crate::common::Tables;

/// What the driver does wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sabotage {
    Nothing,
    /// Leaves out invalidations of a kind: 1 context, 2 IOTLB, 4 interrupt entries.
    Drop(u64),
    /// Leaves out only global invalidations of a kind, which follow a table pointer.
    DropGlobal(u64),
    /// Claims that only leaves changed.
    KeepPointers,
    /// Invalidates half of a range.
    HalfRange,
    /// Invalidates another domain.
    WrongDomain,
    /// Drops translations before the context entry that they come from.
    TranslationsFirst,
    /// Asks for no draining.
    NoDrain,
    /// Does not wait for invalidations.
    NoWait,
    /// Changes a live interrupt entry word by word.
    Torn,
    /// Makes an interrupt entry present before it is complete.
    InterruptPresentFirst,
    /// Makes a context entry present before it is complete.
    ContextPresentFirst,
    /// Lets any source use an interrupt entry.
    AnySource,
    /// Does not write tables back.
    NoWriteBack,
    /// Does not flush the write buffer.
    NoBufferFlush,
    /// Repeats the one-shot bits that GSTS shows.
    RepeatOnce,
    /// Takes a command as done at once.
    Impatient,
    /// Puts a new queue under a running one.
    QueueUnderway,
}

/// Tables whose owner does something wrong.
#[derive(Debug)]
pub struct BentTables {
    pub tables: Tables,
    pub how: Sabotage,
    /// The descriptor before this one, for changing places.
    last: Option<(Hpa, u64)>,
}

const WAIT: u64 = 5;

impl BentTables {
    pub fn new(board: &Board, how: Sabotage) -> Self {
        let tables = Tables::new(board);
        Self {
            tables,
            how,
            last: None,
        }
    }

    fn in_ring(&self, at: Hpa) -> bool {
        let ring = self
            .tables
            .board
            .registers(0)
            .read64(registers::IQA.offset())
            & !0xfff;
        ring != 0 && at.0 & !0xfff == ring
    }

    fn in_interrupts(&self, at: Hpa) -> bool {
        let table = self
            .tables
            .board
            .registers(0)
            .read64(registers::IRTA.offset())
            & !0xfff;
        table != 0 && at.0 & !0xfff == table
    }

    /// Whether the word is in the context table of bus 0.
    fn in_contexts(&self, at: Hpa) -> bool {
        let root = self
            .tables
            .board
            .registers(0)
            .read64(registers::RTADDR.offset())
            & !0xfff;
        let table = if root == 0 {
            0
        } else {
            self.tables.board.read(root) & !0xfff
        };
        table != 0 && at.0 & !0xfff == table
    }

    /// The low word of a descriptor.
    fn descriptor(&mut self, at: Hpa, low: u64) -> u64 {
        const NOTHING: u64 = WAIT;
        let (kind, granularity) = (low & 0xf, low >> 4 & 3);
        let global = if kind == 4 {
            granularity & 1 == 0
        } else {
            granularity == 1
        };
        match self.how {
            Sabotage::Drop(what) if what == kind => NOTHING,
            Sabotage::DropGlobal(what) if what == kind && global => NOTHING,
            Sabotage::NoDrain if kind == 2 => low & !(3 << 6),
            Sabotage::WrongDomain if kind == 2 && !global => low + (1 << 16),
            Sabotage::NoWait if kind == WAIT => {
                // The status page is the one behind the ring.
                self.tables
                    .write64(Hpa((at.0 & !0xfff) + 0x1000), low >> 32);
                low
            }
            Sabotage::TranslationsFirst if kind == 2 => match self.last {
                Some((before, context)) if context & 0xf == 1 => {
                    self.tables.write64(before, low);
                    context
                }
                _ => low,
            },
            _ => low,
        }
    }
}

impl Memory for BentTables {
    fn allocate(&mut self, pages: usize) -> Option<Hpa> {
        self.tables.allocate(pages)
    }
    fn free(&mut self, page: Hpa) {
        self.tables.free(page);
    }
    fn pages(&self) -> (usize, usize) {
        self.tables.pages()
    }
    fn read64(&self, at: Hpa) -> u64 {
        self.tables.read64(at)
    }

    fn write64(&mut self, at: Hpa, value: u64) {
        let second = !at.0.is_multiple_of(16);
        if self.in_ring(at) {
            let bent = match self.how {
                Sabotage::KeepPointers if second => {
                    let pages = self.last.is_some_and(|(_, low)| low & 0x3f == 0x32);
                    if pages { value | 1 << 6 } else { value }
                }
                Sabotage::HalfRange if second && value & 0x3f != 0 => value - 1,
                _ if second => value,
                _ => {
                    let low = self.descriptor(at, value);
                    self.last = Some((at, value));
                    low
                }
            };
            return self.tables.write64(at, bent);
        }
        self.tables.write64(at, value);
    }

    fn write128(&mut self, at: Hpa, value: u128) {
        let (low, mut high) = (value as u64, (value >> 64) as u64);
        let live = self.read64(at) & 1 != 0;
        let word_by_word = match self.how {
            Sabotage::Torn => live && self.in_interrupts(at),
            Sabotage::InterruptPresentFirst => !live && self.in_interrupts(at),
            Sabotage::ContextPresentFirst => !live && self.in_contexts(at),
            _ => false,
        };
        if self.how == Sabotage::AnySource && self.in_interrupts(at) {
            high &= !(3 << 18);
        }
        if word_by_word {
            self.tables.write64(at, low);
            self.tables.write64(at.add(8), high);
        } else {
            let value = u128::from(high) << 64 | u128::from(low);
            self.tables.write128(at, value);
        }
    }

    fn write_back(&mut self, at: Hpa, bytes: u64) {
        if self.how != Sabotage::NoWriteBack {
            self.tables.write_back(at, bytes);
        }
    }
}

/// Registers whose owner does something wrong.
#[derive(Debug)]
pub struct BentRegisters {
    pub registers: Registers,
    pub how: Sabotage,
    /// The last command, where it counts as done.
    pub command: Cell<Option<u32>>,
}

const ONCE: u32 = 1 << 30 | 1 << 24;
const BUFFER: u32 = 1 << 27;
const QUEUE: u32 = 1 << 26;

impl Mmio for BentRegisters {
    fn size(&self) -> usize {
        self.registers.size()
    }

    fn read32(&self, offset: usize) -> u32 {
        let status = self.registers.read32(offset);
        if offset != registers::GSTS.offset() {
            return status;
        }
        match (self.how, self.command.get()) {
            (Sabotage::Impatient, Some(command)) => status & !(1 << 31) & ONCE | command,
            (Sabotage::NoBufferFlush, _) => status & !BUFFER,
            (Sabotage::QueueUnderway, Some(command)) => status & !QUEUE | command & QUEUE,
            _ => status,
        }
    }

    fn write32(&mut self, offset: usize, value: u32) {
        let mut value = value;
        if offset == registers::GCMD.offset() {
            let status = self.registers.read32(registers::GSTS.offset());
            self.command.set(Some(value));
            match self.how {
                Sabotage::RepeatOnce => value |= status & ONCE,
                Sabotage::NoBufferFlush if value & BUFFER != 0 => return,
                Sabotage::QueueUnderway if value & QUEUE == 0 && status & QUEUE != 0 => return,
                _ => {}
            }
        }
        self.registers.write32(offset, value);
    }

    fn read64(&self, offset: usize) -> u64 {
        self.registers.read64(offset)
    }

    fn write64(&mut self, offset: usize, value: u64) {
        self.registers.write64(offset, value);
    }
}
