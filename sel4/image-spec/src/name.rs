// SPDX-License-Identifier: BSD-2-Clause
//! Names in tables: UTF-8, filled up with zeros, cut to the length of their field.

/// Bytes of a name's field.
pub const NAME: usize = 48;

/// The field for a name.
pub fn field(name: &str) -> [u8; NAME] {
    let mut field = [0; NAME];
    let len = name.len().min(NAME);
    field[..len].copy_from_slice(&name.as_bytes()[..len]);
    field
}

/// The name in a field, as far as it fits. Bytes that are no UTF-8 end it.
pub fn text(field: &[u8; NAME]) -> &str {
    let used = field.iter().position(|&byte| byte == 0).unwrap_or(NAME);
    match core::str::from_utf8(&field[..used]) {
        Ok(name) => name,
        // A character cut in two at the end.
        Err(error) => core::str::from_utf8(&field[..error.valid_up_to()]).unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use super::*;

    #[test]
    fn a_name_comes_back() {
        for name in ["", "nic", "\u{fc}ber", &"a".repeat(NAME)] {
            assert_eq!(text(&field(name)), name);
        }
    }

    #[test]
    fn a_name_cut_inside_a_character_is_still_text() {
        let name = std::format!("{}\u{fc}", "a".repeat(NAME - 1));
        assert_eq!(text(&field(&name)), "a".repeat(NAME - 1));
        assert_eq!(text(&[0xff; NAME]), "");
    }
}
