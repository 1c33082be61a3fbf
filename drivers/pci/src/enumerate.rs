// SPDX-License-Identifier: BSD-2-Clause
//! Which functions answer on a range of buses.

use core::ops::RangeInclusive;

use crate::{Bdf, Header, PciConfig, next_ari_function};

/// Calls `found` for each function that answers on `buses`, in the order of routing ids.
///
/// Functions 1 to 7 are looked for only on devices that say that they have several. Functions
/// above 7 are found through their ARI chain where device 0 has one and no other device answers
/// on the bus, as behind a port. Virtual functions do not answer: their physical function knows
/// them.
pub fn enumerate(
    config: &impl PciConfig,
    buses: RangeInclusive<u8>,
    mut found: impl FnMut(Bdf, Header),
) {
    for bus in buses {
        let mut last = Bdf(u16::from(bus) << 8);
        for device in 0..32 {
            for function in 0..8 {
                let at = Bdf(u16::from(bus) << 8 | device << 3 | function);
                let Some(header) = Header::read(config, at) else {
                    if function == 0 {
                        break;
                    }
                    continue;
                };
                last = at;
                found(at, header);
                if function == 0 && !header.multifunction {
                    break;
                }
            }
        }
        if last.devfn() > 7 {
            continue;
        }
        // Strictly forward, so at most 255 steps.
        while let Some(next) = next_ari_function(config, last) {
            let Some(header) = Header::read(config, next) else {
                break;
            };
            last = next;
            found(next, header);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use super::*;
    use crate::capability::id;
    use crate::fake::{FakeConfig, FakeFunction};

    fn config(functions: &[(u16, bool)]) -> FakeConfig<8> {
        let mut config = FakeConfig::new();
        for &(at, multifunction) in functions {
            let mut function = FakeFunction::endpoint(0x8086, at);
            function.set(0x0c, u32::from(multifunction) << 23);
            config.add(Bdf(at), function);
        }
        config
    }

    fn list(config: &impl PciConfig, buses: RangeInclusive<u8>) -> Vec<u16> {
        let mut seen = Vec::new();
        enumerate(config, buses, |at, header| {
            assert_eq!(header.device, at.0);
            seen.push(at.0);
        });
        seen
    }

    #[test]
    fn functions_are_looked_for_where_they_can_be() {
        let config = config(&[
            (0x00, false),
            (0x01, false), // of a device that says it has one function
            (0x18, true),
            (0x1b, false),
            (0x29, false), // of a device without function 0
            (0xf8, false),
            (0x100, false),
            (0x300, false),
        ]);
        assert_eq!(list(&config, 0..=2), [0x00, 0x18, 0x1b, 0xf8, 0x100]);
        assert_eq!(list(&config, 3..=3), [0x300]);
        assert_eq!(list(&config, 0xff..=0xff), []);
    }

    #[test]
    fn functions_above_seven_are_found_through_their_chain() {
        let mut config = config(&[(0x100, false), (0x109, false), (0x1fe, false)]);
        for (at, next) in [(0x100, 9), (0x109, 0xfe), (0x1fe, 9)] {
            let function = config.function(Bdf(at)).unwrap();
            function.extended(0x100, id::ARI, 0);
            function.set(0x104, next << 8);
        }
        config.remove(Bdf(0x1fe));
        assert_eq!(list(&config, 1..=1), [0x100, 0x109]);
    }
}
