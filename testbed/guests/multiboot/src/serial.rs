// SPDX-License-Identifier: BSD-2-Clause
//! The first serial port, used as the firmware left it: output only, by polling.

use core::fmt::{self, Write};

use crate::port;

const DATA: u16 = 0x3f8;
const LINE_STATUS: u16 = 0x3fd;
const HOLDING_REGISTER_EMPTY: u8 = 1 << 5;

/// Prints text.
pub fn print(text: &str) {
    for byte in text.bytes() {
        put(byte);
    }
}

/// Prints a line.
pub fn line(text: fmt::Arguments<'_>) {
    // Does not fail.
    let _ = writeln!(Serial, "{text}");
}

/// Prints a byte.
pub fn put(byte: u8) {
    // A port that is never ready is none, and there is nobody to tell.
    for _ in 0..100_000 {
        if port::read8(LINE_STATUS) & HOLDING_REGISTER_EMPTY != 0 {
            break;
        }
    }
    port::write8(DATA, byte);
}

struct Serial;

impl Write for Serial {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        print(text);
        Ok(())
    }
}
