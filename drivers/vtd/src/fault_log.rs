// SPDX-License-Identifier: BSD-2-Clause
//! Draining the fault-recording registers (§7.2, §11.4.7, §11.4.14) and the fault event (§7.3).
//!
//! Hardware may fold several faults of one source into one record and drops faults when all
//! records are full, so that counts mean nothing; what is certain is that a source with a fault
//! is never forgotten unless an overflow is reported with it.

use mmio::Mmio;

use crate::fault::F;
use crate::registers::{Reg32, Registers};
use crate::{Capabilities, Fault};

/// FSTS: primary fault overflow, primary pending fault.
const PFO: u32 = 1 << 0;
const PPF: u32 = 1 << 1;
/// FECTL: interrupt mask.
const MASK: u32 = 1 << 31;

const RECORD_BYTES: usize = 16;

/// The fault records of one unit.
#[derive(Debug)]
pub struct FaultLog {
    offset: usize,
    records: usize,
    next: usize,
}

impl FaultLog {
    /// The records that `capabilities` announce.
    pub fn new(capabilities: Capabilities) -> Self {
        Self {
            offset: capabilities.fault_records_offset(),
            records: capabilities.fault_records(),
            next: 0,
        }
    }

    /// Takes the oldest record. Bounded work: looks at each record at most once.
    pub fn take<R: Mmio>(&mut self, registers: &mut R) -> Option<Fault> {
        let status = registers.reg32(Reg32::Fsts);
        if status & PPF == 0 {
            return None;
        }
        for step in 0..self.records {
            let record = (self.next + step) % self.records;
            let at = self.offset + record * RECORD_BYTES;
            let high = registers.read64(at + 8);
            if high & F != 0 {
                let fault = Fault::decode(registers.read64(at), high);
                // Hardware reuses the record from here on.
                registers.write64(at + 8, F);
                self.next = (record + 1) % self.records;
                return Some(fault);
            }
        }
        None
    }

    /// Whether faults were dropped since the last call. Hardware records again from here on.
    pub fn take_overflow<R: Mmio>(&mut self, registers: &mut R) -> bool {
        let overflow = registers.reg32(Reg32::Fsts) & PFO != 0;
        if overflow {
            registers.set32(Reg32::Fsts, PFO);
        }
        overflow
    }

    /// Forgets what firmware left, and the overflow.
    pub fn discard<R: Mmio>(&mut self, registers: &mut R) {
        for _ in 0..self.records {
            if self.take(registers).is_none() {
                break;
            }
        }
        self.take_overflow(registers);
        self.next = 0;
    }

    /// Makes faults raise an interrupt. The message is not remapped itself (§5.1.6): `address`
    /// and `data` are in compatibility format, in x2APIC mode with the upper 24 bits of the
    /// destination in bits 63:40 of the address.
    pub fn enable_event<R: Mmio>(&mut self, registers: &mut R, address: u64, data: u32) {
        registers.set32(Reg32::Fectl, MASK);
        registers.set32(Reg32::Fedata, data);
        registers.set32(Reg32::Feaddr, address as u32);
        registers.set32(Reg32::Feuaddr, (address >> 32) as u32);
        registers.set32(Reg32::Fectl, 0);
    }

    /// Holds the interrupt back; hardware remembers that one is due.
    pub fn mask_event<R: Mmio>(&mut self, registers: &mut R) {
        registers.set32(Reg32::Fectl, MASK);
    }

    /// Lets the interrupt come again, at once if one is due.
    pub fn unmask_event<R: Mmio>(&mut self, registers: &mut R) {
        registers.set32(Reg32::Fectl, 0);
    }
}
