// SPDX-License-Identifier: BSD-2-Clause
//! Segment registers of the guest.

use crate::field::{Field, Natural};

/// A segment register, in the order of the VMCS encodings.
#[allow(missing_docs)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Segment {
    Es,
    Cs,
    Ss,
    Ds,
    Fs,
    Gs,
    Ldtr,
    Tr,
}

impl Segment {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Es,
        Self::Cs,
        Self::Ss,
        Self::Ds,
        Self::Fs,
        Self::Gs,
        Self::Ldtr,
        Self::Tr,
    ];

    const fn step(self) -> u32 {
        2 * self as u32
    }

    /// The selector.
    pub const fn selector(self) -> Field<u16> {
        Field::guest(0x0800 + self.step())
    }

    /// The limit, in bytes.
    pub const fn limit(self) -> Field<u32> {
        Field::guest(0x4800 + self.step())
    }

    /// The access rights (SDM table "Format of Access Rights"); bit 16 means unusable.
    pub const fn access_rights(self) -> Field<u32> {
        Field::guest(0x4814 + self.step())
    }

    /// The base.
    pub const fn base(self) -> Field<Natural> {
        Field::guest(0x6806 + self.step())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::field::Readable;

    #[test]
    fn first_and_last_are_those_of_the_manual() {
        assert_eq!(Segment::Es.selector().encoding(), 0x800);
        assert_eq!(Segment::Tr.selector().encoding(), 0x80e);
        assert_eq!(Segment::Tr.limit().encoding(), 0x480e);
        assert_eq!(Segment::Cs.access_rights().encoding(), 0x4816);
        assert_eq!(Segment::Tr.base().encoding(), 0x6814);
    }

    #[test]
    fn all_have_fields_of_their_own() {
        let mut seen: Vec<u32> = Segment::ALL
            .iter()
            .flat_map(|s| [s.limit().encoding(), s.access_rights().encoding()])
            .collect();
        seen.dedup();
        assert_eq!(seen.len(), 16);
    }
}
