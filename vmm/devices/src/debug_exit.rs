// SPDX-License-Identifier: BSD-2-Clause
//! A port by which a test says how it ended. It is compatible with QEMU's `isa-debug-exit`.

use vmm_base::{PortDevice, Width};

/// The port. What is written last counts.
#[derive(Debug, Clone, Copy, Default)]
pub struct DebugExit {
    value: Option<u32>,
}

impl DebugExit {
    /// What the guest wrote, if it did.
    pub fn value(&self) -> Option<u32> {
        self.value
    }
}

impl PortDevice for DebugExit {
    fn read(&mut self, _offset: u16, width: Width) -> u32 {
        width.mask() as u32
    }

    fn write(&mut self, offset: u16, _width: Width, value: u32) {
        if offset == 0 {
            self.value = Some(value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_keeps_what_is_written() {
        let mut exit = DebugExit::default();
        exit.write(1, Width::Byte, 3);
        assert_eq!((exit.value(), exit.read(0, Width::Word)), (None, 0xffff));
        exit.write(0, Width::Byte, 0x10);
        assert_eq!(exit.value(), Some(0x10));
        exit.write(0, Width::Dword, 0xdead_beef);
        assert_eq!(exit.value(), Some(0xdead_beef));
    }
}
