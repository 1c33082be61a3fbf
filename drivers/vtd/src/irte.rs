// SPDX-License-Identifier: BSD-2-Clause
//! Interrupt-remapping table entries (§9.10, §9.11). Every entry that this module makes names
//! one source and has it verified in full (SVT = 01, SQ = 00); there is no way to say otherwise.

#[cfg(test)]
mod tests;

use crate::{ApicId, Bdf, Error, Hpa, Result, Vector};

/// How the local APIC treats the interrupt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Delivery {
    /// To the destination, with the vector.
    Fixed = 0,
    /// To the one of the destinations that has the lowest priority.
    LowestPriority = 1,
}

/// What a device's interrupt becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// A vector on a processor (physical destination mode).
    Remapped {
        /// The vector, 16 to 255.
        vector: Vector,
        /// The processor.
        destination: ApicId,
        /// Level-triggered rather than edge-triggered: of I/O APIC pins only.
        level: bool,
        /// The delivery mode.
        delivery: Delivery,
    },
    /// A bit in a posted-interrupt descriptor; hardware notifies the processor that it names.
    Posted {
        /// The guest's vector, 16 to 255.
        vector: Vector,
        /// The descriptor, a multiple of 64.
        descriptor: Hpa,
        /// Notify even if the descriptor suppresses notification.
        urgent: bool,
    },
}

/// How destinations are written: by ECAP.EIM and what the processors run in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApicMode {
    /// 8-bit ids.
    XApic,
    /// 32-bit ids; compatibility-format interrupts are blocked by definition (§5.1.4).
    X2Apic,
}

/// Bits of the low word: present, fault processing disabled, redirection hint, level trigger,
/// delivery mode, and in posted format: posted (IM), urgent.
const P: u64 = 1 << 0;
const FPD: u64 = 1 << 1;
const RH: u64 = 1 << 3;
const TM: u64 = 1 << 4;
const DLM: u32 = 5;
const URG: u64 = 1 << 14;
const IM: u64 = 1 << 15;
const VECTOR: u32 = 16;
const DST: u32 = 32;
/// Posted format: bits 31:6 of the descriptor's address are here in the low word, and its upper
/// half is the upper half of the high word.
const PDAL: u32 = 38;
const PDAH: u64 = 0xffff_ffff << 32;
/// Bits of the high word: SVT, the requester must equal SID in the bits that SQ (0: all) leaves.
const SVT: u64 = 3 << 18;
const VERIFY_SOURCE: u64 = 1 << 18;

/// An entry, low word first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Irte {
    /// Bits 63:0, with the present bit.
    pub low: u64,
    /// Bits 127:64, with the source.
    pub high: u64,
}

impl Irte {
    /// The entry that lets `source`, and nobody else, raise `target`.
    ///
    /// # Errors
    ///
    /// [`Error::InterruptTarget`] for a vector below 16, an APIC id that `mode` cannot express
    /// (255 in xAPIC mode is the broadcast and refused too), or a misaligned descriptor.
    pub fn new(source: Bdf, target: Target, mode: ApicMode) -> Result<Self> {
        let high = u64::from(source.0) | VERIFY_SOURCE;
        let (vector, low, high) = match target {
            Target::Remapped {
                vector,
                destination,
                level,
                delivery,
            } => {
                let mut low =
                    (delivery as u64) << DLM | destination_field(destination, mode)? << DST;
                low |= if level { TM } else { 0 };
                low |= if delivery == Delivery::LowestPriority {
                    RH
                } else {
                    0
                };
                (vector, low, high)
            }
            Target::Posted {
                vector,
                descriptor: Hpa(at),
                urgent,
            } => {
                if !at.is_multiple_of(64) {
                    return Err(Error::InterruptTarget);
                }
                let urgent = if urgent { URG } else { 0 };
                (vector, IM | urgent | at >> 6 << PDAL, high | at & PDAH)
            }
        };
        if vector.0 < 16 {
            return Err(Error::InterruptTarget);
        }
        let low = low | P | u64::from(vector.0) << VECTOR;
        Ok(Self { low, high })
    }

    /// The entry as one number.
    pub fn bits(self) -> u128 {
        u128::from(self.high) << 64 | u128::from(self.low)
    }

    /// Whether hardware may use it.
    pub fn present(low: u64) -> bool {
        low & P != 0
    }

    /// The low word of a blocked entry, which reports no faults either.
    pub fn silenced() -> u64 {
        FPD
    }

    /// The source that a high word verifies, or `None` if the entry belongs to nobody.
    pub fn source(high: u64) -> Option<Bdf> {
        (high & SVT == VERIFY_SOURCE).then_some(Bdf(high as u16))
    }
}

fn destination_field(destination: ApicId, mode: ApicMode) -> Result<u64> {
    let id = u64::from(destination.0);
    match mode {
        ApicMode::X2Apic if destination.0 != u32::MAX => Ok(id),
        ApicMode::XApic if id < 0xff => Ok(id << 8),
        _ => Err(Error::InterruptTarget),
    }
}
