// SPDX-License-Identifier: BSD-2-Clause
//! Why a device cannot be driven as asked.

use core::fmt;

/// Why [`Hpet::new`](crate::Hpet::new) failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// Nothing answers at this address (GCAP_ID in the value).
    Absent(u64),
    /// The period in femtoseconds is outside 1 to 100,000,000.
    Period(u32),
    /// The region is smaller than the registers of the comparators (bytes needed).
    Region(usize),
    /// No comparator can raise the wanted IOAPIC pin.
    Pin {
        /// The pin that was asked for.
        wanted: u8,
        /// The pins that some comparator can raise, bit n for pin n.
        available: u32,
    },
    /// No comparator can send messages.
    NoMessages,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent(value) => write!(f, "no HPET answers here (GCAP_ID reads {value:#x})"),
            Self::Period(period) => {
                write!(f, "the HPET reports an impossible period of {period} fs")
            }
            Self::Region(needed) => {
                write!(
                    f,
                    "the memory region is too small, the HPET has {needed:#x} bytes of registers"
                )
            }
            Self::Pin { wanted, available } => {
                write!(
                    f,
                    "no HPET comparator can raise IOAPIC pin {wanted}; possible are"
                )?;
                for pin in (0..32).filter(|pin| available >> pin & 1 != 0) {
                    write!(f, " {pin}")?;
                }
                f.write_str(": change pin and id of the irq element in system.xml")
            }
            Self::NoMessages => f.write_str(
                "no HPET comparator can send message-signalled interrupts: use an irq element with \
                 a pin in system.xml",
            ),
        }
    }
}

impl core::error::Error for Error {}
