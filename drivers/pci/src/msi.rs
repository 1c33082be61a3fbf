// SPDX-License-Identifier: BSD-2-Clause
//! Message signalled interrupts (§7.7.1), with one message.

use crate::capability::{find, id};
use crate::{Bdf, Error, PciConfig, Result};

const ENABLE: u16 = 1;
const WIDE: u16 = 1 << 7;
const MASKING: u16 = 1 << 8;
/// Messages in use: none but the first.
const MULTIPLE_ENABLE: u16 = 0b111 << 4;

/// The capability of a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Msi {
    function: Bdf,
    offset: u16,
    wide: bool,
    /// Each message can be masked.
    pub masking: bool,
    /// How many messages the function would like: 1 to 32.
    pub wanted: u8,
}

impl Msi {
    /// Looks for it.
    ///
    /// # Errors
    ///
    /// [`Error::NoCapability`], or why the list cannot be read.
    pub fn read(config: &impl PciConfig, function: Bdf) -> Result<Self> {
        let missing = Error::NoCapability(function, "MSI");
        let offset = find(config, function, id::MSI)?.ok_or(missing)?;
        let control = config.read16(function, offset + 2);
        Ok(Self {
            function,
            offset,
            wide: control & WIDE != 0,
            masking: control & MASKING != 0,
            // 6 and 7 are reserved.
            wanted: 1 << (control >> 1 & 0b111).min(5),
        })
    }

    /// Sets the message and lets the function send it. The message is not sent half-written.
    ///
    /// # Errors
    ///
    /// [`Error::BarAddress`] if the address does not fit the function's 32 bits.
    pub fn enable(&self, config: &mut impl PciConfig, address: u64, data: u16) -> Result<()> {
        if !self.wide && address >> 32 != 0 {
            return Err(Error::BarAddress(self.function, 0, address));
        }
        self.disable(config);
        config.write32(self.function, self.offset + 4, address as u32);
        let data_at = if self.wide {
            config.write32(self.function, self.offset + 8, (address >> 32) as u32);
            self.offset + 12
        } else {
            self.offset + 8
        };
        config.write32(self.function, data_at, data.into());
        self.set_enable(config, ENABLE);
        Ok(())
    }

    /// Stops the function from sending messages.
    pub fn disable(&self, config: &mut impl PciConfig) {
        self.set_enable(config, 0);
    }

    fn set_enable(&self, config: &mut impl PciConfig, enable: u16) {
        let control = config.read16(self.function, self.offset + 2);
        let control = control & !(ENABLE | MULTIPLE_ENABLE) | enable;
        config.write_high16(self.function, self.offset, control);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake::{FakeConfig, FakeFunction};

    const AT: Bdf = Bdf(0x28);

    fn config(control: u16) -> FakeConfig<1> {
        let mut function = FakeFunction::endpoint(0x1234, 0x11e8);
        function.capability(0x40, 5, 0, control);
        function.writable(0x40, 0x0071_0000);
        for offset in [0x44, 0x48, 0x4c] {
            function.writable(offset, u32::MAX);
        }
        let mut config = FakeConfig::new();
        config.add(AT, function);
        config
    }

    #[test]
    fn the_message_is_complete_before_it_can_be_sent() {
        for (control, registers, wanted) in [
            (0x0080, [0xfee0_1000, 1, 0x41], 1),
            (0x0104, [0xfee0_1000, 0x41, 0], 4),
        ] {
            let mut config = config(control);
            let msi = Msi::read(&config, AT).unwrap();
            assert_eq!((msi.wanted, msi.masking), (wanted, control & MASKING != 0));
            let high = u64::from(registers[1] == 1) << 32;
            msi.enable(&mut config, high | 0xfee0_1000, 0x41).unwrap();
            for (offset, value) in [0x44, 0x48, 0x4c].into_iter().zip(registers) {
                assert_eq!(config.read32(AT, offset), value);
            }
            assert_eq!(config.read16(AT, 0x42), control | ENABLE);
            let enables = config.log().iter().filter(|w| w.value & 1 << 16 != 0);
            assert_eq!(enables.count(), 1);
            assert_eq!(config.log().last().unwrap().offset, 0x40);
            msi.disable(&mut config);
            assert_eq!(config.read16(AT, 0x42), control);
        }
    }

    #[test]
    fn an_address_over_4_gib_needs_a_wide_register() {
        let mut config = config(0);
        let msi = Msi::read(&config, AT).unwrap();
        assert!(msi.enable(&mut config, 1 << 32, 0).is_err());
        assert!(config.log().is_empty());
        assert_eq!(
            Msi::read(&config, Bdf(0)),
            Err(Error::NoCapability(Bdf(0), "MSI"))
        );
    }
}
