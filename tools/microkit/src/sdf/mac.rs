// SPDX-License-Identifier: BSD-2-Clause
//! Ethernet addresses of stations: six pairs of hexadecimal digits with colons between them.

use super::attrs::{Attr, Attrs};
use super::context::{Context, Parsed};
use super::text::quote;

const FORM: &str = "write six pairs of hexadecimal digits, e.g. 02:00:00:00:00:0a";

/// The address in an attribute.
pub(super) fn parse(
    context: &mut Context<'_>,
    attrs: &Attrs<'_>,
    attr: &Attr<'_>,
) -> Parsed<[u8; 6]> {
    address(attr.value).map_err(|(reason, help)| {
        let about = attrs.element.describe();
        let message = format!("{about}: 'mac' is {}: {reason}", quote(attr.value));
        context.error(attr.span.clone(), message, help)
    })
}

/// The address, or what is wrong and what to do.
fn address(text: &str) -> Result<[u8; 6], (&'static str, &'static str)> {
    let malformed = ("it is no Ethernet address", FORM);
    let mut mac = [0; 6];
    let mut parts = text.split(':');
    for byte in &mut mac {
        let part = parts.next().ok_or(malformed)?;
        if part.len() != 2 || !part.chars().all(|digit| digit.is_ascii_hexdigit()) {
            return Err(malformed);
        }
        *byte = u8::from_str_radix(part, 16).map_err(|_| malformed)?;
    }
    if parts.next().is_some() {
        return Err(malformed);
    }
    if mac[0] & 1 != 0 {
        let help = "a station's first byte is even; 02 starts those that are given out locally";
        return Err(("it is the address of a group", help));
    }
    if mac == [0; 6] {
        return Err((
            "it is nobody's address",
            "leave it away if it is to have none",
        ));
    }
    Ok(mac)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        for (text, expected) in [
            ("02:00:00:00:00:0a", Ok([2, 0, 0, 0, 0, 10])),
            (
                "fE:dc:BA:98:76:54",
                Ok([0xfe, 0xdc, 0xba, 0x98, 0x76, 0x54]),
            ),
            ("03:00:00:00:00:00", Err("it is the address of a group")),
            ("00:00:00:00:00:00", Err("it is nobody's address")),
            ("02:00:00:00:00", Err("it is no Ethernet address")),
            ("02:00:00:00:00:00:", Err("it is no Ethernet address")),
            ("2:0:0:0:0:a", Err("it is no Ethernet address")),
            ("+2:00:00:00:00:00", Err("it is no Ethernet address")),
            ("02-00-00-00-00-00", Err("it is no Ethernet address")),
            ("", Err("it is no Ethernet address")),
        ] {
            assert_eq!(
                address(text).map_err(|(reason, _)| reason),
                expected,
                "{text}"
            );
        }
    }
}
