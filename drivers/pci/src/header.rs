// SPDX-License-Identifier: BSD-2-Clause
//! The standard header (§7.5.1).

use bitfield_struct::bitfield;

use crate::{Bdf, PciConfig};

const COMMAND: u16 = 0x04;
const ABSENT_VENDOR: u16 = 0xffff;

/// The command register (§7.5.1.1.3).
#[bitfield(u16)]
#[derive(PartialEq, Eq)]
pub struct Command {
    /// Decodes I/O BARs.
    pub io: bool,
    /// Decodes memory BARs.
    pub memory: bool,
    /// May issue requests: DMA and interrupt messages.
    pub bus_master: bool,
    /// Of no interest here.
    #[bits(7)]
    rest: u8,
    /// Must not use the legacy interrupt wires.
    pub intx_disable: bool,
    #[bits(5)]
    reserved: u8,
}

/// The command register of `function`; all bits set if there is none.
pub fn command(config: &impl PciConfig, function: Bdf) -> Command {
    Command::from_bits(config.read16(function, COMMAND))
}

/// Sets the command register. Status bits, which share the double word, stay as they are.
pub fn set_command(config: &mut impl PciConfig, function: Bdf, command: Command) {
    config.write_low16(function, COMMAND, command.into_bits());
}

/// What a function is (§7.5.1.1.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Class {
    /// Base class: 1 storage, 2 network, 6 bridge.
    pub base: u8,
    /// Subclass.
    pub sub: u8,
    /// Programming interface.
    pub interface: u8,
}

/// The layout of the rest of the header (§7.5.1.1.9).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeaderKind {
    /// Type 0, with six BARs.
    Endpoint,
    /// Type 1, with two BARs and bus numbers.
    Bridge,
    /// Nothing that PCI Express defines.
    Other(u8),
}

/// Identity of a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Vendor id.
    pub vendor: u16,
    /// Device id.
    pub device: u16,
    /// Revision id.
    pub revision: u8,
    /// Class code.
    pub class: Class,
    /// Layout.
    pub kind: HeaderKind,
    /// Functions 1 to 7 of the same device may exist.
    pub multifunction: bool,
}

impl Header {
    /// Reads it. `None` if no function answers, which is also what virtual functions look like:
    /// their vendor id reads all ones (§9.3.4.1.1).
    pub fn read(config: &impl PciConfig, function: Bdf) -> Option<Self> {
        let id = config.read32(function, 0x00);
        let vendor = id as u16;
        if vendor == ABSENT_VENDOR {
            return None;
        }
        let [revision, interface, sub, base] = config.read32(function, 0x08).to_le_bytes();
        let [_, _, layout, _] = config.read32(function, 0x0c).to_le_bytes();
        let kind = match layout & 0x7f {
            0 => HeaderKind::Endpoint,
            1 => HeaderKind::Bridge,
            other => HeaderKind::Other(other),
        };
        Some(Self {
            vendor,
            device: (id >> 16) as u16,
            revision,
            class: Class {
                base,
                sub,
                interface,
            },
            kind,
            multifunction: layout & 0x80 != 0,
        })
    }

    /// How many BARs the layout has.
    pub const fn bars(&self) -> u8 {
        match self.kind {
            HeaderKind::Endpoint => 6,
            HeaderKind::Bridge => 2,
            HeaderKind::Other(_) => 0,
        }
    }
}

/// The buses of a bridge (§7.5.1.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bridge {
    /// The bus that the bridge is on, as it was told.
    pub primary: u8,
    /// The bus right behind it.
    pub secondary: u8,
    /// The last bus behind it.
    pub subordinate: u8,
}

impl Bridge {
    /// Reads them. `None` if the function is no bridge, or if its numbers were not set or make no
    /// sense: nothing is behind such a bridge.
    pub fn read(config: &impl PciConfig, function: Bdf) -> Option<Self> {
        if Header::read(config, function)?.kind != HeaderKind::Bridge {
            return None;
        }
        let [primary, secondary, subordinate, _] = config.read32(function, 0x18).to_le_bytes();
        (secondary > function.bus() && secondary <= subordinate).then_some(Self {
            primary,
            secondary,
            subordinate,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake::{FakeConfig, FakeFunction};

    const AT: Bdf = Bdf(0x18);

    #[test]
    fn an_endpoint_says_what_it_is() {
        let mut config = FakeConfig::<1>::new();
        let mut function = FakeFunction::endpoint(0x8086, 0x10c9);
        function.set(0x08, 0x0200_0001);
        function.set(0x0c, 0x0080_0010);
        config.add(AT, function);
        let header = Header::read(&config, AT).unwrap();
        assert_eq!((header.vendor, header.device), (0x8086, 0x10c9));
        let class = Class {
            base: 2,
            sub: 0,
            interface: 0,
        };
        assert_eq!((header.class, header.revision), (class, 1));
        assert_eq!((header.kind, header.bars()), (HeaderKind::Endpoint, 6));
        assert!(header.multifunction);
        assert_eq!(Header::read(&config, Bdf(0x19)), None);
        assert_eq!(Bridge::read(&config, AT), None);
    }

    #[test]
    fn a_bridge_without_sensible_numbers_has_nothing_behind_it() {
        for (numbers, expected) in [
            (0x00_02_01_00, Some((1, 2))),
            (0x00_01_01_00, Some((1, 1))),
            (0, None),
            (0x00_01_02_00, None),
        ] {
            let mut config = FakeConfig::<1>::new();
            let mut function = FakeFunction::endpoint(0x1b36, 0x000c);
            function.set(0x0c, 0x0001_0000);
            function.set(0x18, numbers);
            config.add(AT, function);
            let found = Bridge::read(&config, AT).map(|b| (b.secondary, b.subordinate));
            assert_eq!(found, expected, "{numbers:#x}");
        }
        let mut config = FakeConfig::<1>::new();
        let mut function = FakeFunction::endpoint(1, 1);
        function.set(0x0c, 0x0002_0000);
        config.add(AT, function);
        let header = Header::read(&config, AT).unwrap();
        assert_eq!((header.kind, header.bars()), (HeaderKind::Other(2), 0));
    }

    #[test]
    fn the_command_register_is_written_without_touching_status() {
        let mut config = FakeConfig::<1>::new();
        let mut function = FakeFunction::endpoint(1, 1);
        function.writable(0x04, 0x0000_0407);
        function.set(0x04, 0xf900_0001);
        function.clear_by_one(0x04, 0xf900_0000);
        config.add(AT, function);
        assert_eq!(command(&config, AT), Command::new().with_io(true));
        set_command(
            &mut config,
            AT,
            Command::new().with_memory(true).with_bus_master(true),
        );
        assert_eq!(config.read32(AT, 4), 0xf900_0006);
    }
}
