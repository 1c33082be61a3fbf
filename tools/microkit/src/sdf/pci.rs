// SPDX-License-Identifier: BSD-2-Clause
//! PCI addresses: `bus:device.function`, each in hexadecimal without `0x`.

use super::attrs::Attrs;
use super::context::{Context, Parsed};
use super::text::quote;
use crate::model::Bdf;

/// The device that attribute `name` names.
pub(super) fn attribute(
    context: &mut Context<'_>,
    attrs: &Attrs<'_>,
    name: &'static str,
) -> Parsed<Bdf> {
    let attr = attrs.text(context, name)?;
    parse(attr.value).map_err(|(reason, help)| {
        let about = attrs.element.describe();
        let value = quote(attr.value);
        context.error(
            attr.span,
            format!("{about}: '{name}' is {value}: {reason}"),
            help,
        )
    })
}

const FORM: &str =
    "write BUS:DEVICE.FUNCTION in hexadecimal without 0x, as lspci does, e.g. 00:1f.2";

/// The address, or what is wrong and what to do.
fn parse(text: &str) -> Result<Bdf, (String, &'static str)> {
    let malformed = || (String::from("it is no PCI address"), FORM);
    let (bus, rest) = text.split_once(':').ok_or_else(malformed)?;
    let (device, function) = rest.split_once('.').ok_or_else(malformed)?;
    let part = |what: &str, digits: &str, max: u8| {
        let magnitude = digits.strip_prefix('-').unwrap_or(digits);
        if magnitude.is_empty() || !magnitude.chars().all(|digit| digit.is_ascii_hexdigit()) {
            return Err((format!("the {what} is no hexadecimal number"), FORM));
        }
        // Of digits alone only what is negative or too large fails to parse.
        match u8::from_str_radix(digits, 16) {
            Ok(number) if number <= max => Ok(number),
            _ => Err((
                format!("the {what} must be 0 to {max:x}"),
                "the numbers are hexadecimal: bus 0 to ff, device 0 to 1f, function 0 to 7",
            )),
        }
    };
    Ok(Bdf {
        bus: part("bus", bus, 0xff)?,
        device: part("device", device, 0x1f)?,
        function: part("function", function, 7)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        for (text, expected) in [
            ("0:0.0", Ok((0, 0, 0))),
            ("ff:1f.7", Ok((0xff, 0x1f, 7))),
            ("0000000:3.0", Ok((0, 3, 0))),
            ("100:0.0", Err("the bus must be 0 to ff")),
            ("0:20.0", Err("the device must be 0 to 1f")),
            ("0:0.8", Err("the function must be 0 to 7")),
            ("-1:0.0", Err("the bus must be 0 to ff")),
            (
                "0:0.fffffffffffffffffff",
                Err("the function must be 0 to 7"),
            ),
            ("0:0:0", Err("it is no PCI address")),
            ("0000:00:1f.2", Err("the device is no hexadecimal number")),
            (":.", Err("the bus is no hexadecimal number")),
            ("0x1:0.0", Err("the bus is no hexadecimal number")),
            ("+1:0.0", Err("the bus is no hexadecimal number")),
            ("", Err("it is no PCI address")),
        ] {
            let got = parse(text)
                .map(|bdf| (bdf.bus, bdf.device, bdf.function))
                .map_err(|(reason, _)| reason);
            assert_eq!(got, expected.map_err(String::from), "{text}");
        }
    }
}
