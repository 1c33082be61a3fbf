// SPDX-License-Identifier: BSD-2-Clause
//! Interrupt-remapping table entries (§9.10, §9.11). Every entry that this module makes names
//! one source and has it verified in full (SVT = 01, SQ = 00); there is no way to say otherwise.

#[cfg(test)]
mod tests;

use bitfield_struct::bitfield;

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

#[bitfield(u64)]
struct RemappedLow {
    p: bool,
    fpd: bool,
    dm: bool,
    rh: bool,
    tm: bool,
    #[bits(3)]
    dlm: u8,
    #[bits(4)]
    avail: u8,
    #[bits(3)]
    __: u8,
    im: bool,
    vector: u8,
    __: u8,
    dst: u32,
}

#[bitfield(u64)]
struct PostedLow {
    p: bool,
    fpd: bool,
    #[bits(6)]
    __: u8,
    #[bits(4)]
    avail: u8,
    #[bits(2)]
    __: u8,
    urg: bool,
    im: bool,
    vector: u8,
    #[bits(14)]
    __: u16,
    /// Bits 31:6 of the descriptor's address.
    #[bits(26)]
    pdal: u32,
}

#[bitfield(u64)]
struct High {
    sid: u16,
    #[bits(2)]
    sq: u8,
    #[bits(2)]
    svt: u8,
    #[bits(12)]
    __: u16,
    /// Posted format: bits 63:32 of the descriptor's address.
    pdah: u32,
}

/// SVT: the requester must equal SID in the bits that SQ leaves.
const VERIFY_SOURCE: u8 = 1;

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
        let high = High::new().with_sid(source.0).with_svt(VERIFY_SOURCE);
        let (vector, low, high) = match target {
            Target::Remapped {
                vector,
                destination,
                level,
                delivery,
            } => {
                let low = RemappedLow::new()
                    .with_p(true)
                    .with_tm(level)
                    .with_dlm(delivery as u8)
                    .with_rh(delivery == Delivery::LowestPriority)
                    .with_vector(vector.0)
                    .with_dst(destination_field(destination, mode)?);
                (vector, low.into_bits(), high)
            }
            Target::Posted {
                vector,
                descriptor,
                urgent,
            } => {
                if !descriptor.0.is_multiple_of(64) {
                    return Err(Error::InterruptTarget);
                }
                let low = PostedLow::new()
                    .with_p(true)
                    .with_im(true)
                    .with_urg(urgent)
                    .with_vector(vector.0)
                    .with_pdal((descriptor.0 as u32) >> 6);
                (
                    vector,
                    low.into_bits(),
                    high.with_pdah((descriptor.0 >> 32) as u32),
                )
            }
        };
        if vector.0 < 16 {
            return Err(Error::InterruptTarget);
        }
        Ok(Self {
            low,
            high: high.into_bits(),
        })
    }

    /// The entry as one number.
    pub fn bits(self) -> u128 {
        u128::from(self.high) << 64 | u128::from(self.low)
    }

    /// Whether hardware may use it.
    pub fn present(low: u64) -> bool {
        RemappedLow::from_bits(low).p()
    }

    /// The low word of a blocked entry, which reports no faults either.
    pub fn silenced() -> u64 {
        RemappedLow::new().with_fpd(true).into_bits()
    }

    /// The source that a high word verifies, or `None` if the entry belongs to nobody.
    pub fn source(high: u64) -> Option<Bdf> {
        let high = High::from_bits(high);
        (high.svt() == VERIFY_SOURCE).then_some(Bdf(high.sid()))
    }
}

fn destination_field(destination: ApicId, mode: ApicMode) -> Result<u32> {
    match mode {
        ApicMode::X2Apic if destination.0 != u32::MAX => Ok(destination.0),
        ApicMode::XApic if destination.0 < 0xff => Ok(destination.0 << 8),
        _ => Err(Error::InterruptTarget),
    }
}
