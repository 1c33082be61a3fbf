// SPDX-License-Identifier: BSD-2-Clause
//! Guest-physical addresses.

use core::fmt;

/// A guest-physical address: what a guest, or a device that was granted to it, takes for physical.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Gpa(pub u64);

impl Gpa {
    /// The address `bytes` further on, if there is one.
    pub const fn checked_add(self, bytes: u64) -> Option<Self> {
        match self.0.checked_add(bytes) {
            Some(address) => Some(Self(address)),
            None => None,
        }
    }
}

impl fmt::Debug for Gpa {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#x}", self.0)
    }
}

impl fmt::Display for Gpa {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::format;

    #[test]
    fn there_is_nothing_behind_the_end() {
        assert_eq!(Gpa(0xfff).checked_add(1), Some(Gpa(0x1000)));
        assert_eq!(Gpa(u64::MAX).checked_add(1), None);
        assert_eq!(format!("{}", Gpa(0xfee0_0000)), "0xfee00000");
    }
}
