// SPDX-License-Identifier: BSD-2-Clause
//! Power-off and reset of a machine with hardware-reduced ACPI: ACPI 6.5, 4.8.3.7 and 4.8.3.6.

use vmm_base::{PortDevice, Width};

/// What the guest wants to become of its machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Request {
    /// To be turned off.
    PowerOff,
    /// To start anew.
    Reset,
}

/// Three ports: sleep control, sleep status, reset.
#[derive(Debug, Clone, Copy, Default)]
pub struct Power {
    request: Option<Request>,
}

impl Power {
    /// Offset of SLEEP_CONTROL_REG.
    pub const SLEEP_CONTROL: u16 = 0;
    /// Offset of SLEEP_STATUS_REG, which always reads as 0: nothing wakes this machine.
    pub const SLEEP_STATUS: u16 = 1;
    /// Offset of RESET_REG.
    pub const RESET: u16 = 2;
    /// What has to be written into RESET_REG.
    pub const RESET_VALUE: u8 = 1;
    /// SLP_TYP of S5, the only sleeping state that there is: what `\_S5` has to say.
    pub const SLEEP_TYPE_OFF: u8 = 5;

    /// What the guest asked for first, until it is taken.
    pub fn take_request(&mut self) -> Option<Request> {
        self.request.take()
    }

    fn request(&mut self, request: Request) {
        self.request.get_or_insert(request);
    }
}

/// SLP_EN of the sleep control register.
const ENABLE: u32 = 1 << 5;
/// SLP_TYP.
const TYPE_SHIFT: u32 = 2;
const TYPE_MASK: u32 = 0b111;

impl PortDevice for Power {
    fn read(&mut self, offset: u16, width: Width) -> u32 {
        match (offset, width) {
            (..=Self::RESET, Width::Byte) => 0,
            _ => width.mask() as u32,
        }
    }

    fn write(&mut self, offset: u16, width: Width, value: u32) {
        let sleep_type = value >> TYPE_SHIFT & TYPE_MASK;
        let is_off = value & ENABLE != 0 && sleep_type == Self::SLEEP_TYPE_OFF.into();
        match (offset, width) {
            (Self::SLEEP_CONTROL, Width::Byte) if is_off => self.request(Request::PowerOff),
            (Self::RESET, Width::Byte) if value == Self::RESET_VALUE.into() => {
                self.request(Request::Reset);
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use vmm_base::Width::{Byte, Dword, Word};

    #[test]
    fn requests() {
        for (offset, width, value, request) in [
            (0, Byte, 0x34, Some(Request::PowerOff)),
            (0, Byte, 0x14, None),
            (0, Byte, 0x20, None),
            (0, Byte, 0x30, None),
            (0, Word, 0x34, None),
            (1, Byte, 0x34, None),
            (1, Byte, 0x80, None),
            (2, Byte, 1, Some(Request::Reset)),
            (2, Byte, 0, None),
            (2, Byte, 0x34, None),
            (2, Dword, 1, None),
            (3, Byte, 1, None),
        ] {
            let mut power = Power::default();
            power.write(offset, width, value);
            assert_eq!(
                power.take_request(),
                request,
                "{offset} {width:?} {value:#x}"
            );
            assert_eq!(power.take_request(), None);
        }
    }

    #[test]
    fn the_first_request_counts() {
        let mut power = Power::default();
        power.write(0, Byte, 0x34);
        power.write(2, Byte, 1);
        assert_eq!(power.take_request(), Some(Request::PowerOff));
        assert_eq!(power.take_request(), None);
    }

    #[test]
    fn status_says_nothing() {
        let mut power = Power::default();
        for offset in 0..3 {
            assert_eq!(power.read(offset, Byte), 0);
            assert_eq!(power.read(offset, Word), 0xffff);
        }
        assert_eq!(power.read(3, Byte), 0xff);
    }
}
