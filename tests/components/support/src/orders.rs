// SPDX-License-Identifier: BSD-2-Clause
//! What one protection domain tells another to do, as a word in a page that both see.

/// Defines the enum `Order`, documented by the attributes in front of the list, and
/// `Order::from_word`, which reads one back. A word that is no order is the first of the list.
#[macro_export]
macro_rules! orders {
    ($(#[$about:meta])*; $($(#[$doc:meta])* $name:ident),+ $(,)?) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u64)]
        pub enum Order { $($(#[$doc])* $name),+ }

        impl Order {
            /// The order with that number; the first if there is none.
            pub fn from_word(word: u64) -> Self {
                const ALL: &[Order] = &[$(Order::$name),+];
                usize::try_from(word)
                    .ok()
                    .and_then(|number| ALL.get(number))
                    .copied()
                    .unwrap_or(ALL[0])
            }
        }
    };
}
