// SPDX-License-Identifier: BSD-2-Clause
//! Which protection domain has which address: a text in `system.xml` that the switch and its clients
//! read, and nobody can write.

use core::fmt;

use crate::Mac;

/// Entries `NAME=ADDRESS` with white space between them.
#[derive(Debug, Clone, Copy)]
pub struct Table<'a>(&'a str);

/// What is wrong with a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TableError<'a> {
    /// It is no text.
    NoText,
    /// This is no entry.
    Entry(&'a str),
    /// This entry has an address that no adapter can have.
    Address(&'a str),
    /// Two entries have this name, or the same address as the one of this name.
    Twice(&'a str),
}

impl fmt::Display for TableError<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoText => f.write_str("the table of addresses is no text"),
            Self::Entry(entry) => write!(f, "'{entry}' is not NAME=xx:xx:xx:xx:xx:xx"),
            Self::Address(entry) => write!(f, "'{entry}': no adapter can have this address"),
            Self::Twice(name) => write!(f, "'{name}' or its address is there twice"),
        }
    }
}

impl core::error::Error for TableError<'_> {}

impl<'a> Table<'a> {
    /// The table in these bytes, up to the first that is 0.
    ///
    /// # Errors
    ///
    /// If any of it is wrong.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, TableError<'a>> {
        let text = bytes.split(|byte| *byte == 0).next().unwrap_or_default();
        let table = Self(core::str::from_utf8(text).map_err(|_| TableError::NoText)?);
        for (place, entry) in table.entries().enumerate() {
            let (name, mac) = entry?;
            // All entries before this one are right.
            let mut before = table.entries().take(place).flatten();
            if before.any(|(other, taken)| other == name || taken == mac) {
                return Err(TableError::Twice(name));
            }
        }
        Ok(table)
    }

    /// The address of the protection domain of this name.
    pub fn find(&self, name: &str) -> Option<Mac> {
        let mut entries = self.entries().flatten();
        entries.find_map(|(entry, mac)| (entry == name).then_some(mac))
    }

    fn entries(self) -> impl Iterator<Item = Result<(&'a str, Mac), TableError<'a>>> {
        self.0.split_whitespace().map(|entry| {
            let parts = entry.split_once('=').filter(|(name, _)| !name.is_empty());
            let (name, mac) = parts.ok_or(TableError::Entry(entry))?;
            let mac = Mac::parse(mac).ok_or(TableError::Entry(entry))?;
            if mac.is_adapter() {
                Ok((name, mac))
            } else {
                Err(TableError::Address(entry))
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_addresses() {
        let text = b"linux-a=02:00:00:00:00:0a\n  linux-b=02:00:00:00:00:0b\0\xff garbage";
        let table = Table::parse(text).expect("right");
        assert_eq!(table.find("linux-a"), Some(Mac([2, 0, 0, 0, 0, 0x0a])));
        assert_eq!(table.find("linux-b"), Some(Mac([2, 0, 0, 0, 0, 0x0b])));
        assert_eq!(table.find("linux-c"), None);
        assert_eq!(Table::parse(b"").expect("empty").find(""), None);
    }

    #[test]
    fn what_is_wrong_is_told() {
        for (text, error) in [
            (&b"\xff"[..], TableError::NoText),
            (b"a", TableError::Entry("a")),
            (
                b"=02:00:00:00:00:01",
                TableError::Entry("=02:00:00:00:00:01"),
            ),
            (b"a=02:00", TableError::Entry("a=02:00")),
            (
                b"a=ff:ff:ff:ff:ff:ff",
                TableError::Address("a=ff:ff:ff:ff:ff:ff"),
            ),
            (
                b"a=02:00:00:00:00:01 b=02:00:00:00:00:01",
                TableError::Twice("b"),
            ),
            (
                b"a=02:00:00:00:00:01 a=02:00:00:00:00:02",
                TableError::Twice("a"),
            ),
        ] {
            assert_eq!(Table::parse(text).err(), Some(error));
        }
    }
}
