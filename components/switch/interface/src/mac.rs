// SPDX-License-Identifier: BSD-2-Clause
//! Addresses of Ethernet.

use core::fmt;

/// An address, in the order of the wire.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Mac(pub [u8; 6]);

impl Mac {
    /// Is it for several, or for all?
    pub const fn is_multicast(self) -> bool {
        self.0[0] & 1 != 0
    }

    /// Can it be the address of one adapter?
    pub fn is_adapter(self) -> bool {
        !self.is_multicast() && self != Self([0; 6])
    }

    /// The address that a text like `02:00:00:00:00:0a` means.
    pub fn parse(text: &str) -> Option<Self> {
        let mut bytes = [0; 6];
        let mut parts = text.split(':');
        for byte in &mut bytes {
            let part = parts.next().filter(|part| part.len() == 2)?;
            // It would take a sign, too.
            if !part.bytes().all(|digit| digit.is_ascii_hexdigit()) {
                return None;
            }
            *byte = u8::from_str_radix(part, 16).ok()?;
        }
        parts.next().is_none().then_some(Self(bytes))
    }
}

impl fmt::Display for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, e, g] = self.0;
        write!(f, "{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{g:02x}")
    }
}

impl fmt::Debug for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use std::string::ToString;

    use super::*;

    #[test]
    fn texts() {
        let mac = Mac([2, 0, 0, 0xab, 0xcd, 0x0a]);
        assert_eq!(Mac::parse("02:00:00:ab:CD:0a"), Some(mac));
        assert_eq!(mac.to_string(), "02:00:00:ab:cd:0a");
        for wrong in [
            "",
            "02:00:00:ab:cd",
            "02:00:00:ab:cd:0a:00",
            "2:0:0:ab:cd:0a",
            "+2:00:00:ab:cd:0a",
            "02-00-00-ab-cd-0a",
            "0g:00:00:ab:cd:0a",
        ] {
            assert_eq!(Mac::parse(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn kinds() {
        for (mac, adapter, multicast) in [
            ([2, 0, 0, 0, 0, 1], true, false),
            ([0; 6], false, false),
            ([0xff; 6], false, true),
            ([0x33, 0x33, 0, 0, 0, 1], false, true),
        ] {
            let mac = Mac(mac);
            assert_eq!(
                (mac.is_adapter(), mac.is_multicast()),
                (adapter, multicast),
                "{mac}"
            );
        }
    }
}
