// SPDX-License-Identifier: BSD-2-Clause
//! What the device says of itself (IA-PC HPET specification 1.0a, sections 2.3.4 and 2.3.8).

use core::fmt;

use crate::error::Error;
use crate::registers::timer;

/// The longest period that the specification allows: 100 ns.
const MAX_PERIOD_FS: u32 = 100_000_000;

/// GCAP_ID, decoded and checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capabilities {
    /// Revision of the function; never 0.
    pub revision: u8,
    /// PCI vendor id of the maker.
    pub vendor: u16,
    /// Number of comparators, 1 to 32.
    pub comparators: u8,
    /// The main counter has 64 bits (else 32).
    pub wide_counter: bool,
    /// Comparators 0 and 1 can replace PIT and RTC.
    pub legacy_replacement: bool,
    /// Time per tick of the main counter in femtoseconds, 1 to 100,000,000.
    pub period_fs: u32,
}

impl Capabilities {
    /// Decodes GCAP_ID.
    ///
    /// # Errors
    ///
    /// [`Error::Absent`] if the value is that of a bus with nothing on it, [`Error::Period`] if the
    /// period is outside the specification.
    pub fn decode(value: u64) -> Result<Self, Error> {
        if value == u64::MAX || value == 0 {
            return Err(Error::Absent(value));
        }
        let period_fs = (value >> 32) as u32;
        if period_fs == 0 || period_fs > MAX_PERIOD_FS {
            return Err(Error::Period(period_fs));
        }
        Ok(Self {
            revision: value as u8,
            vendor: (value >> 16) as u16,
            comparators: (value >> 8 & 0x1f) as u8 + 1,
            wide_counter: value & 1 << 13 != 0,
            legacy_replacement: value & 1 << 15 != 0,
            period_fs,
        })
    }

    /// Ticks per second, rounded down.
    pub fn frequency(&self) -> u64 {
        1_000_000_000_000_000 / u64::from(self.period_fs)
    }
}

impl fmt::Display for Capabilities {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            revision,
            vendor,
            comparators,
            wide_counter,
            ..
        } = self;
        let kilohertz = self.frequency() / 1000;
        let width = if *wide_counter { 64 } else { 32 };
        write!(
            f,
            "HPET rev. {revision:#x} of vendor {vendor:04x}: {}.{:03} MHz, {width}-bit counter, \
             {comparators} comparators",
            kilohertz / 1000,
            kilohertz % 1000,
        )
    }
}

/// The capability bits of Tn_CONF_CAP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimerCapabilities {
    /// Can be periodic.
    pub periodic: bool,
    /// Has 64 bits (else 32).
    pub wide: bool,
    /// Can send its interrupt as a message (MSI).
    pub fsb: bool,
    /// The IOAPIC pins that it can raise, bit n for pin n.
    pub pins: u32,
}

impl TimerCapabilities {
    /// Decodes Tn_CONF_CAP.
    pub fn decode(value: u64) -> Self {
        Self {
            periodic: value & timer::PERIODIC_CAP != 0,
            wide: value & timer::WIDE_CAP != 0,
            fsb: value & timer::FSB_CAP != 0,
            pins: (value >> timer::ROUTE_CAP_SHIFT) as u32,
        }
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use std::string::ToString;

    use super::*;

    #[test]
    fn decodes_gcap_id() {
        // QEMU's q35, an Intel chipset at 24 MHz, and a 32-bit counter at the slowest clock.
        let cases = [
            (
                0x0098_9680_8086_a201,
                (1, 0x8086, 3, true, true),
                "HPET rev. 0x1 of vendor 8086: 100.000 MHz, 64-bit counter, 3 comparators",
            ),
            (
                0x027b_c86a_8086_a701,
                (1, 0x8086, 8, true, true),
                "HPET rev. 0x1 of vendor 8086: 24.000 MHz, 64-bit counter, 8 comparators",
            ),
            (
                0x05f5_e100_1022_0210,
                (0x10, 0x1022, 3, false, false),
                "HPET rev. 0x10 of vendor 1022: 10.000 MHz, 32-bit counter, 3 comparators",
            ),
        ];
        for (value, fields, text) in cases {
            let decoded = Capabilities::decode(value).unwrap();
            let Capabilities {
                revision,
                vendor,
                comparators,
                ..
            } = decoded;
            let (wide, legacy) = (decoded.wide_counter, decoded.legacy_replacement);
            assert_eq!((revision, vendor, comparators, wide, legacy), fields);
            assert_eq!(decoded.to_string(), text);
        }
    }

    #[test]
    fn refuses_what_no_hpet_reports() {
        for value in [0, u64::MAX] {
            assert_eq!(Capabilities::decode(value), Err(Error::Absent(value)));
        }
        for period in [0, 100_000_001, u32::MAX] {
            let value = u64::from(period) << 32 | 0x8086_a201;
            assert_eq!(Capabilities::decode(value), Err(Error::Period(period)));
        }
    }

    #[test]
    fn decodes_timer_capabilities() {
        let q35 = TimerCapabilities::decode(0x00ff_0104_0000_0030);
        assert_eq!(
            q35,
            TimerCapabilities {
                periodic: true,
                wide: true,
                fsb: false,
                pins: 0xff_0104
            }
        );
        let message = TimerCapabilities::decode(0x00f0_0000_0000_8000);
        assert_eq!(
            message,
            TimerCapabilities {
                periodic: false,
                wide: false,
                fsb: true,
                pins: 0xf0_0000
            }
        );
    }
}
