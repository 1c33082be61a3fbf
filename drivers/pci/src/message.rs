// SPDX-License-Identifier: BSD-2-Clause
//! What a function must send so that an interrupt goes through an Intel IOMMU's remapping table
//! ('Intel Virtualization Technology for Directed I/O', revision 4.1, 5.1.2.2): the address and
//! data of its MSI or MSI-X entry.

/// Message address and data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Message {
    /// The address; its upper half is 0.
    pub address: u64,
    /// The data.
    pub data: u32,
}

const MESSAGE_RANGE: u64 = 0xfee0_0000;
const REMAPPABLE: u64 = 1 << 4;
const SUBHANDLE_VALID: u64 = 1 << 3;

impl Message {
    /// The message of entry `index`, alone: what a MSI-X vector takes.
    pub const fn single(index: u16) -> Self {
        Self {
            address: address(index),
            data: 0,
        }
    }

    /// The message of a block of entries from `first` on: MSI with several vectors puts the
    /// vector's number in the low bits of the data, which hardware adds to the index.
    pub const fn block(first: u16) -> Self {
        Self {
            address: address(first) | SUBHANDLE_VALID,
            data: 0,
        }
    }
}

const fn address(index: u16) -> u64 {
    let low = (index & 0x7fff) as u64;
    let top = (index >> 15) as u64;
    MESSAGE_RANGE | low << 5 | REMAPPABLE | top << 2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_carry_the_index_in_two_pieces() {
        for (index, address) in [
            (0, 0xfee0_0010),
            (1, 0xfee0_0030),
            (0x7fff, 0xfeef_fff0),
            (0x8000, 0xfee0_0014),
            (0xffff, 0xfeef_fff4),
        ] {
            assert_eq!(
                Message::single(index),
                Message { address, data: 0 },
                "{index:#x}"
            );
            assert_eq!(
                Message::block(index),
                Message {
                    address: address | 8,
                    data: 0
                }
            );
        }
    }
}
