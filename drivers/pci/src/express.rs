// SPDX-License-Identifier: BSD-2-Clause
//! The PCI Express capability (§7.5.3): what kind of port, function-level reset, pending
//! transactions, forwarding of ARI requests.

use crate::capability::{find, id};
use crate::{Bdf, Error, PciConfig, Result};

const DEVICE_CAPABILITIES: u16 = 0x04;
const HAS_FUNCTION_RESET: u32 = 1 << 28;
const DEVICE_CONTROL: u16 = 0x08;
const INITIATE_RESET: u16 = 1 << 15;
const DEVICE_STATUS: u16 = 0x0a;
const TRANSACTIONS_PENDING: u16 = 1 << 5;
const DEVICE_CAPABILITIES_2: u16 = 0x24;
const DEVICE_CONTROL_2: u16 = 0x28;
const ARI_FORWARDING: u16 = 1 << 5;

/// What the function is on its link (§7.5.3.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PortKind {
    /// A device.
    Endpoint,
    /// A device that is part of the root complex.
    IntegratedEndpoint,
    /// A port of the root complex.
    RootPort,
    /// A port of a switch that leads away from the processor.
    DownstreamPort,
    /// Anything else, by its code.
    Other(u8),
}

/// The capability of a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Express {
    function: Bdf,
    offset: u16,
    /// What it is.
    pub kind: PortKind,
    /// It can be reset alone.
    pub function_reset: bool,
    /// As a port, it can forward requests to functions above 7 of the device behind it.
    pub ari_forwarding: bool,
}

impl Express {
    /// Looks for it.
    ///
    /// # Errors
    ///
    /// [`Error::NoCapability`], or why the list cannot be read.
    pub fn read(config: &impl PciConfig, function: Bdf) -> Result<Self> {
        let missing = Error::NoCapability(function, "PCI Express");
        let offset = find(config, function, id::EXPRESS)?.ok_or(missing)?;
        let flags = config.read16(function, offset + 2);
        let kind = match (flags >> 4 & 0xf) as u8 {
            0 => PortKind::Endpoint,
            9 => PortKind::IntegratedEndpoint,
            4 => PortKind::RootPort,
            6 => PortKind::DownstreamPort,
            other => PortKind::Other(other),
        };
        let capabilities = config.read32(function, offset + DEVICE_CAPABILITIES);
        // The second set of registers exists from version 2 on.
        let second = if flags & 0xf >= 2 {
            config.read16(function, offset + DEVICE_CAPABILITIES_2)
        } else {
            0
        };
        Ok(Self {
            function,
            offset,
            kind,
            function_reset: capabilities & HAS_FUNCTION_RESET != 0,
            ari_forwarding: second & ARI_FORWARDING != 0,
        })
    }

    /// The function.
    pub const fn function(&self) -> Bdf {
        self.function
    }

    /// Whether requests of the function are still without their completions.
    pub fn transactions_pending(&self, config: &impl PciConfig) -> bool {
        config.read16(self.function, self.offset + DEVICE_STATUS) & TRANSACTIONS_PENDING != 0
    }

    /// Lets a port forward requests to functions above 7, or not. Does nothing on a port that
    /// cannot.
    pub fn forward_ari(&self, config: &mut impl PciConfig, forward: bool) {
        if !self.ari_forwarding {
            return;
        }
        let at = self.offset + DEVICE_CONTROL_2;
        let control = config.read16(self.function, at) & !ARI_FORWARDING;
        let bit = if forward { ARI_FORWARDING } else { 0 };
        config.write_low16(self.function, at, control | bit);
    }

    pub(crate) fn initiate_reset(&self, config: &mut impl PciConfig) {
        let at = self.offset + DEVICE_CONTROL;
        let control = config.read16(self.function, at);
        config.write_low16(self.function, at, control | INITIATE_RESET);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake::{FakeConfig, FakeFunction};

    const AT: Bdf = Bdf(0xe0);

    fn port(flags: u16, second: u32) -> FakeConfig<1> {
        let mut function = FakeFunction::endpoint(0x1b36, 0x000c);
        function.capability(0x54, 0x10, 0, flags);
        function.set(0x58, 0x1000_8000);
        function.set(0x78, second);
        function.writable(0x7c, 0xffff);
        function.set(0x7c, 0x0001);
        let mut config = FakeConfig::new();
        config.add(AT, function);
        config
    }

    #[test]
    fn ports_forward_ari_if_they_can() {
        let mut config = port(0x0042, 0x20);
        let express = Express::read(&config, AT).unwrap();
        assert_eq!(express.kind, PortKind::RootPort);
        assert!(express.function_reset && express.ari_forwarding);
        express.forward_ari(&mut config, true);
        assert_eq!(config.read32(AT, 0x7c), 0x21);
        express.forward_ari(&mut config, false);
        assert_eq!(config.read32(AT, 0x7c), 0x01);

        for (flags, second) in [(0x0042, 0), (0x0041, 0x20)] {
            let mut config = port(flags, second);
            let express = Express::read(&config, AT).unwrap();
            express.forward_ari(&mut config, true);
            assert!(config.log().is_empty(), "{flags:#x} {second:#x}");
        }
    }

    #[test]
    fn every_kind_has_its_code() {
        for (flags, kind) in [
            (0x0002, PortKind::Endpoint),
            (0x0092, PortKind::IntegratedEndpoint),
            (0x0062, PortKind::DownstreamPort),
            (0x0072, PortKind::Other(7)),
        ] {
            assert_eq!(Express::read(&port(flags, 0), AT).unwrap().kind, kind);
        }
    }
}
