// SPDX-License-Identifier: BSD-2-Clause
//! Rights of a capability.

use crate::Word;

const WRITE: Word = 1 << 0;
const READ: Word = 1 << 1;
const GRANT: Word = 1 << 2;

/// What a copied or minted capability allows (`seL4_CapRights_t`).
///
/// This kernel has three rights: bit 0 write, bit 1 read, bit 2 grant. It has no separate right to
/// grant a reply: sending with a reply (`call`) needs grant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CapRights(Word);

impl CapRights {
    /// Rights one by one. `grant_reply` is implied by `grant` on this kernel and gives grant.
    pub const fn new(grant_reply: bool, grant: bool, read: bool, write: bool) -> Self {
        let mut word = 0;
        if write {
            word |= WRITE;
        }
        if read {
            word |= READ;
        }
        if grant || grant_reply {
            word |= GRANT;
        }
        Self(word)
    }

    /// No right.
    pub const fn none() -> Self {
        Self::new(false, false, false, false)
    }

    /// Every right.
    pub const fn all() -> Self {
        Self::new(true, true, true, true)
    }

    /// Read and write.
    pub const fn read_write() -> Self {
        Self::new(false, false, true, true)
    }

    /// Read.
    pub const fn read_only() -> Self {
        Self::new(false, false, true, false)
    }

    /// Write.
    pub const fn write_only() -> Self {
        Self::new(false, false, false, true)
    }

    /// The kernel's word.
    pub const fn into_inner(self) -> Word {
        self.0
    }
}

impl From<CapRightsBuilder> for CapRights {
    fn from(builder: CapRightsBuilder) -> Self {
        builder.build()
    }
}

/// Makes [`CapRights`] right by right.
#[derive(Debug, Copy, Clone, PartialEq, Eq, Default)]
pub struct CapRightsBuilder {
    grant_reply: bool,
    grant: bool,
    read: bool,
    write: bool,
}

impl CapRightsBuilder {
    /// Starts with no right.
    pub const fn none() -> Self {
        Self {
            grant_reply: false,
            grant: false,
            read: false,
            write: false,
        }
    }

    /// Starts with every right.
    pub const fn all() -> Self {
        Self {
            grant_reply: true,
            grant: true,
            read: true,
            write: true,
        }
    }

    /// The rights.
    pub const fn build(self) -> CapRights {
        CapRights::new(self.grant_reply, self.grant, self.read, self.write)
    }

    /// Allows a reply to be granted, or not.
    #[must_use]
    pub const fn grant_reply(mut self, can: bool) -> Self {
        self.grant_reply = can;
        self
    }

    /// Allows capabilities to be granted, or not.
    #[must_use]
    pub const fn grant(mut self, can: bool) -> Self {
        self.grant = can;
        self
    }

    /// Allows reading, or not.
    #[must_use]
    pub const fn read(mut self, can: bool) -> Self {
        self.read = can;
        self
    }

    /// Allows writing, or not.
    #[must_use]
    pub const fn write(mut self, can: bool) -> Self {
        self.write = can;
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words() {
        assert_eq!(CapRights::none().into_inner(), 0);
        assert_eq!(CapRights::write_only().into_inner(), 1);
        assert_eq!(CapRights::read_only().into_inner(), 2);
        assert_eq!(CapRights::read_write().into_inner(), 3);
        assert_eq!(CapRights::all().into_inner(), 7);
        assert_eq!(CapRights::new(true, false, false, false).into_inner(), 4);
    }

    #[test]
    fn builder() {
        assert_eq!(CapRightsBuilder::all().build(), CapRights::all());
        let no_grant = CapRightsBuilder::all().grant(false).grant_reply(false);
        assert_eq!(CapRights::from(no_grant), CapRights::read_write());
        assert_eq!(
            CapRightsBuilder::none().write(true).build(),
            CapRights::write_only()
        );
    }
}
