// SPDX-License-Identifier: BSD-2-Clause
//! Message-signalled interrupts of a guest's devices.

/// What a device writes to raise an interrupt, as the guest's driver told it: SDM vol. 3A 12.11.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Message {
    /// Where it writes; an interrupt if that is 0xfeexxxxx.
    pub address: u64,
    /// What it writes.
    pub data: u32,
}

impl Message {
    /// Does it go to the interrupt controllers at all?
    pub const fn is_interrupt(self) -> bool {
        self.address >> 20 == 0xfee
    }

    /// The vector.
    pub const fn vector(self) -> u8 {
        self.data as u8
    }

    /// The destination, an APIC id or a set of logical ids.
    pub const fn destination(self) -> u8 {
        (self.address >> 12) as u8
    }

    /// Is the destination a set of logical ids?
    pub const fn is_logical(self) -> bool {
        self.address & 1 << 2 != 0
    }

    /// The delivery mode: 0 fixed, 1 lowest priority, 2 SMI, 4 NMI, 5 INIT, 7 ExtINT.
    pub const fn delivery_mode(self) -> u8 {
        (self.data >> 8 & 7) as u8
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields() {
        let message = Message {
            address: 0xfee0_3004,
            data: 0x0000_0141,
        };
        assert!(message.is_interrupt() && message.is_logical());
        assert_eq!((message.destination(), message.vector()), (3, 0x41));
        assert_eq!(message.delivery_mode(), 1);
        for address in [0, 0xfed0_0000, 0xfef0_0000, 0x1_fee0_0000] {
            assert!(!Message { address, data: 0 }.is_interrupt());
        }
    }
}
