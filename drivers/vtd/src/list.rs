// SPDX-License-Identifier: BSD-2-Clause
//! Bits with names, and lists of words in a sentence.

use core::fmt;

/// Declares a register of which single bits have names, by which they are asked for and shown.
/// (`bitflags` would drag the standard library into a protection domain as soon as some host
/// program of the workspace is built with it.)
macro_rules! flags {
    ($(#[$doc:meta])* $name:ident: $repr:ty { $($bit:literal $flag:ident $words:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct $name(pub $repr);

        impl $name {
            $(
                #[doc = concat!("Bit ", $bit, ": ", $words, ".")]
                pub const $flag: Self = Self(1 << $bit);
            )*

            /// Whether a bit is set.
            pub const fn has(self, flag: Self) -> bool {
                self.0 & flag.0 != 0
            }
        }

        /// The names of the bits that are set.
        impl core::fmt::Display for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                let names = [$(($name::$flag, $words),)*].into_iter();
                let set = names.filter(|(flag, _)| self.has(*flag));
                crate::list::write_list(f, set.map(|(_, words)| words))
            }
        }
    };
}

pub(crate) use flags;

/// Writes items separated by commas, or `none`.
pub(crate) fn write_list(
    f: &mut fmt::Formatter<'_>,
    mut items: impl Iterator<Item: fmt::Display>,
) -> fmt::Result {
    let Some(first) = items.next() else {
        return f.write_str("none");
    };
    write!(f, "{first}")?;
    items.try_for_each(|item| write!(f, ", {item}"))
}
