// SPDX-License-Identifier: BSD-2-Clause
//! I/O ports.

use crate::{Result, Word, cap, invoke, sys::invocation_label as label};

/// The badge by which the initial I/O port capability is minted to one for the ports `first` to
/// `last` only.
pub const fn io_port_badge(first: u16, last: u16) -> Word {
    (first as Word) << 16 | last as Word
}

macro_rules! methods {
    ($($bits:literal $ty:ty, $read:ident $read_label:ident, $write:ident $write_label:ident;)*) => {
        $(
            #[doc = concat!("Reads ", $bits, " bits from `port`.")]
            ///
            /// # Errors
            ///
            /// `IllegalOperation` for a port that this capability does not cover.
            pub fn $read(self, port: u16) -> Result<$ty> {
                let [value, ..] = invoke(self.cptr(), label::$read_label, &[], &[port.into()])?;
                Ok(value as $ty)
            }

            #[doc = concat!("Writes ", $bits, " bits to `port`; errors as the read.")]
            pub fn $write(self, port: u16, value: $ty) -> Result<()> {
                let args = [port.into(), value.into()];
                invoke(self.cptr(), label::$write_label, &[], &args)?;
                Ok(())
            }
        )*
    };
}

impl cap::IOPort {
    methods! {
        "8" u8, ioport_in8 X86IOPortIn8, ioport_out8 X86IOPortOut8;
        "16" u16, ioport_in16 X86IOPortIn16, ioport_out16 X86IOPortOut16;
        "32" u32, ioport_in32 X86IOPortIn32, ioport_out32 X86IOPortOut32;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn badges() {
        assert_eq!(io_port_badge(0x3f8, 0x3ff), 0x03f8_03ff);
        assert_eq!(io_port_badge(0, 0xffff), 0xffff);
        assert_eq!(Word::from(u16::MAX), io_port_badge(0, u16::MAX));
    }
}
