// SPDX-License-Identifier: BSD-2-Clause
//! Lists of words in a sentence.

use core::fmt;

/// Writes the texts whose flag is set, separated by commas, or `none`.
pub(crate) fn write_set(f: &mut fmt::Formatter<'_>, items: &[(bool, &str)]) -> fmt::Result {
    let mut set = items.iter().filter(|(flag, _)| *flag).map(|(_, text)| text);
    let Some(first) = set.next() else {
        return f.write_str("none");
    };
    f.write_str(first)?;
    set.try_for_each(|text| write!(f, ", {text}"))
}
