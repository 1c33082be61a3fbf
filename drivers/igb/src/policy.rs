// SPDX-License-Identifier: BSD-2-Clause
//! What one virtual function may do.

use crate::Mac;

/// The rules for one virtual function. The default is the strictest that still works: an own
/// address that it may not change, no VLANs, no promiscuity, frames of the usual size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Its address; without one it is told that none is assigned.
    pub mac: Option<Mac>,
    /// It may choose another address for itself, if nobody else has it.
    pub may_change_mac: bool,
    /// The VLAN that all its frames are in, tagged by the device without its knowledge; 0 for
    /// none. Then it may not join any by itself.
    pub vlan: u16,
    /// How many VLANs it may join by itself.
    pub max_vlans: u8,
    /// How many multicast hashes it may have, up to [`MULTICAST_HASHES`](crate::MULTICAST_HASHES).
    pub max_multicast: u8,
    /// It may receive every multicast frame.
    pub may_be_promiscuous: bool,
    /// The device drops its frames with foreign source addresses or VLANs.
    pub anti_spoof: bool,
    /// The longest frame that it may receive, in bytes, up to 9,728.
    pub max_frame: u16,
    /// How many megabits it may send per second; 0 for no limit.
    pub rate: u16,
}

impl Policy {
    /// The strictest policy that still works, for a virtual function with this address.
    pub const fn new(mac: Option<Mac>) -> Self {
        Self {
            mac,
            may_change_mac: false,
            vlan: 0,
            max_vlans: 0,
            max_multicast: 30,
            may_be_promiscuous: false,
            anti_spoof: true,
            max_frame: 1522,
            rate: 0,
        }
    }
}
