// SPDX-License-Identifier: BSD-2-Clause
//! Bits with names, and lists of words in a sentence.

use core::fmt;

/// Declares a register of which single bits have names, by which they are asked for and shown.
macro_rules! flags {
    ($(#[$doc:meta])* $name:ident: $repr:ty { $($bit:literal $flag:ident $words:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct $name(pub $repr);

        impl $name {
            $(
                #[doc = concat!("Bit ", $bit, ": ", $words, ".")]
                pub const fn $flag(self) -> bool {
                    self.0 >> $bit & 1 != 0
                }
            )*

            /// Writes the names of the bits that are set.
            fn write_names(self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                crate::list::write_set(f, &[$((self.$flag(), $words),)*])
            }
        }
    };
}

pub(crate) use flags;

/// Writes the texts whose flag is set, separated by commas, or `none`.
pub(crate) fn write_set(f: &mut fmt::Formatter<'_>, items: &[(bool, &str)]) -> fmt::Result {
    let mut set = items.iter().filter(|(flag, _)| *flag).map(|(_, text)| text);
    let Some(first) = set.next() else {
        return f.write_str("none");
    };
    f.write_str(first)?;
    set.try_for_each(|text| write!(f, ", {text}"))
}
