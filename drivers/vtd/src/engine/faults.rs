// SPDX-License-Identifier: BSD-2-Clause
//! The fault-recording registers (§7.2, §11.4.7, §11.4.14) and the fault event (§7.3).
//!
//! Hardware may fold several faults of one source into one record and drops faults when all
//! records are full, so that counts mean nothing; what is certain is that a source with a fault
//! is never forgotten unless an overflow is reported with it.

use mmio::{Mmio, Registers};

use super::Engine;
use crate::fault::F;
use crate::registers::{FEADDR, FECTL, FEDATA, FEUADDR, FSTS};
use crate::{ApicId, Fault, Vector};

/// FSTS: primary fault overflow, primary pending fault.
const PFO: u32 = 1 << 0;
const PPF: u32 = 1 << 1;
/// FECTL: interrupt mask.
const MASK: u32 = 1 << 31;

/// The message address of the processor with APIC id 0 (Intel SDM volume 3, 11.11.1).
const MESSAGE_ADDRESS: u32 = 0xfee0_0000;

const RECORD_BYTES: usize = 16;

impl<R: Mmio> Engine<R> {
    /// The oldest recorded fault, which is then forgotten. Bounded work: looks at each record at
    /// most once.
    pub fn take_fault(&mut self) -> Option<Fault> {
        let cap = self.capabilities();
        let registers = &mut self.unit.registers;
        if registers.get(FSTS) & PPF == 0 {
            return None;
        }
        for _ in 0..cap.fault_records() {
            let at = cap.fault_records_offset() + self.next_record * RECORD_BYTES;
            self.next_record = (self.next_record + 1) % cap.fault_records();
            let high = registers.read64(at + 8);
            if high & F != 0 {
                let fault = Fault::decode(registers.read64(at), high);
                // Hardware reuses the record from here on.
                registers.write64(at + 8, F);
                return Some(fault);
            }
        }
        None
    }

    /// Whether faults were dropped since the last call. Hardware records again from here on.
    pub fn take_overflow(&mut self) -> bool {
        let overflow = self.unit.registers.get(FSTS) & PFO != 0;
        if overflow {
            self.unit.registers.set(FSTS, PFO);
        }
        overflow
    }

    /// Forgets what firmware left, and the overflow. Recording starts over with the first record
    /// when none is pending.
    pub(super) fn discard_faults(&mut self) {
        for _ in 0..self.capabilities().fault_records() {
            if self.take_fault().is_none() {
                break;
            }
        }
        self.take_overflow();
        self.next_record = 0;
    }

    /// Makes faults raise a vector on a processor. The message is not remapped itself (§5.1.6): it
    /// is in compatibility format, in x2APIC mode with the upper 24 bits of the destination in bits
    /// 63:40 of the address.
    pub fn enable_fault_event(&mut self, vector: Vector, processor: ApicId) {
        self.mask_fault_event(true);
        let registers = &mut self.unit.registers;
        registers.set(FEDATA, vector.0.into());
        registers.set(FEADDR, MESSAGE_ADDRESS | (processor.0 & 0xff) << 12);
        registers.set(FEUADDR, processor.0 & !0xff);
        self.mask_fault_event(false);
    }

    /// Holds the fault interrupt back (`true`; hardware remembers that one is due) or lets it come
    /// again, at once if one is due.
    pub fn mask_fault_event(&mut self, masked: bool) {
        self.unit
            .registers
            .set(FECTL, if masked { MASK } else { 0 });
    }
}
