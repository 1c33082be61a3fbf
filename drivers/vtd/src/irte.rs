// SPDX-License-Identifier: BSD-2-Clause
//! Interrupt-remapping table entries (§9.10, §9.11). Every entry that this module makes names
//! one source and has it verified in full (SVT = 01, SQ = 00); there is no way to say otherwise.

#[cfg(test)]
mod tests;

use crate::memory::Entry;
use crate::{ApicId, Bdf, Error, Hpa, Result, Vector};

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

/// Low word: level trigger (TM), posted format (IM), urgent (URG).
const LEVEL: u64 = 1 << 4;
const URGENT: u64 = 1 << 14;
const POSTED: u64 = 1 << 15;
const VECTOR: u32 = 16;
const DESTINATION: u32 = 32;
/// Posted format: bits 31:6 of the descriptor's address are here in the low word, and its upper
/// half is the upper half of the high word.
const DESCRIPTOR_LOW: u32 = 38;
const DESCRIPTOR_HIGH: u64 = 0xffff_ffff << 32;
/// High word: SVT, the requester must equal SID in the bits that SQ (0: all) leaves.
const VERIFICATION: u64 = 3 << 18;
const VERIFY_SOURCE: u64 = 1 << 18;

/// The entry that lets `source`, and nobody else, raise `target`.
///
/// # Errors
///
/// [`Error::InterruptTarget`] for a vector below 16, an APIC id that has no place in 8 bits if not `extended`
/// (the broadcast is refused, too), or a misaligned descriptor.
pub fn entry(source: Bdf, target: Target, extended: bool) -> Result<Entry> {
    let flag = |set, flag| if set { flag } else { 0 };
    let (vector, low, high) = match target {
        Target::Remapped {
            vector,
            destination,
            level,
        } => {
            let destination = destination_field(destination, extended)?;
            (vector, destination << DESTINATION | flag(level, LEVEL), 0)
        }
        Target::Posted {
            vector,
            descriptor: Hpa(at),
            urgent,
        } => {
            if !at.is_multiple_of(64) {
                return Err(Error::InterruptTarget);
            }
            let low = POSTED | flag(urgent, URGENT) | at >> 6 << DESCRIPTOR_LOW;
            (vector, low, at & DESCRIPTOR_HIGH)
        }
    };
    if vector.0 < 16 {
        return Err(Error::InterruptTarget);
    }
    Ok(Entry {
        low: low | Entry::PRESENT | u64::from(vector.0) << VECTOR,
        high: high | VERIFY_SOURCE | u64::from(source.0),
    })
}

/// The source that an entry verifies, or `None` if it belongs to nobody.
pub fn source(entry: Entry) -> Option<Bdf> {
    (entry.high & VERIFICATION == VERIFY_SOURCE).then_some(Bdf(entry.high as u16))
}

fn destination_field(ApicId(id): ApicId, extended: bool) -> Result<u64> {
    match id {
        u32::MAX => Err(Error::InterruptTarget),
        _ if extended => Ok(id.into()),
        0..0xff => Ok(u64::from(id) << 8),
        _ => Err(Error::InterruptTarget),
    }
}
