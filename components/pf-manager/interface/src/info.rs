// SPDX-License-Identifier: BSD-2-Clause
//! Who a virtual function is and what it may use.

use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, transmute};

use crate::BODY_WORDS;

/// How many interrupts a virtual function can have.
pub const MAX_HANDLES: usize = 4;

const FLAG_MAC: u8 = 1;
const FLAG_LINK: u8 = 1 << 1;

/// What drives the physical function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Driver {
    /// A network card, Intel 82576.
    Igb = 1,
    /// An NVM Express controller.
    Nvme = 2,
}

impl Driver {
    /// The driver with this number.
    pub fn from_number(number: u8) -> Option<Self> {
        Some(match number {
            1 => Self::Igb,
            2 => Self::Nvme,
            _ => return None,
        })
    }
}

/// The link of a network function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Link {
    /// It carries nothing. Also what a function without network has.
    Down,
    /// It carries frames at this many megabits per second.
    Up(u16),
}

/// Who a virtual function is and what it may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Info {
    /// What drives its physical function.
    pub driver: Driver,
    /// Its number among the virtual functions of its physical function, from 0.
    pub vf: u8,
    /// Its requester id: bus in bits 15:8, device in 7:3, function in 2:0.
    pub requester: u16,
    /// Vendor and device id, which its own configuration space does not show.
    pub id: (u16, u16),
    /// Network: its address, if the system description gives it one.
    pub mac: Option<[u8; 6]>,
    /// Network: the VLAN that the device puts it in; 0 for none.
    pub vlan: u16,
    /// Network: the longest frame that it may receive in bytes, without VLAN tag.
    pub max_frame: u16,
    /// Network: the link.
    pub link: Link,
    /// NVMe: its namespace; 0 for none.
    pub namespace: u32,
    /// How many of `handles` there are.
    pub interrupts: u8,
    /// For each of its interrupts, in the order of the system description, the handle (index of
    /// the remapping table's entry) that its message has to carry.
    pub handles: [u16; MAX_HANDLES],
}

/// [`Info`] in a reply's body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C)]
pub struct WireInfo {
    /// A [`Driver`].
    pub driver: u8,
    /// Number of the virtual function.
    pub vf: u8,
    /// How many of `handles` are used.
    pub interrupts: u8,
    /// Bit 0: `mac` is valid. Bit 1: the link is up.
    pub flags: u8,
    /// Requester id.
    pub requester: u16,
    /// VLAN.
    pub vlan: u16,
    /// Address.
    pub mac: [u8; 6],
    /// Longest frame in bytes.
    pub max_frame: u16,
    /// Namespace.
    pub namespace: u32,
    /// Speed of the link in megabits per second; 0 if it is down.
    pub megabits: u16,
    /// Vendor id.
    pub vendor: u16,
    /// Handles.
    pub handles: [u16; MAX_HANDLES],
    /// Device id.
    pub device: u16,
    /// 0.
    pub reserved: [u16; 3],
    /// 0.
    pub rest: [u64; BODY_WORDS - 5],
}

impl WireInfo {
    /// As a reply's body.
    pub fn to_body(self) -> [u64; BODY_WORDS] {
        transmute!(self)
    }

    /// From a reply's body.
    pub fn from_body(body: [u64; BODY_WORDS]) -> Self {
        transmute!(body)
    }
}

impl From<Info> for WireInfo {
    fn from(info: Info) -> Self {
        let mac = info.mac.map_or(0, |_| FLAG_MAC);
        let (up, megabits) = match info.link {
            Link::Down => (0, 0),
            Link::Up(megabits) => (FLAG_LINK, megabits),
        };
        Self {
            driver: info.driver as u8,
            vf: info.vf,
            interrupts: info.interrupts,
            flags: mac | up,
            requester: info.requester,
            vlan: info.vlan,
            mac: info.mac.unwrap_or_default(),
            max_frame: info.max_frame,
            namespace: info.namespace,
            megabits,
            vendor: info.id.0,
            handles: info.handles,
            device: info.id.1,
            reserved: [0; 3],
            rest: [0; BODY_WORDS - 5],
        }
    }
}

impl Info {
    /// Checks what came. `None` if it is nothing that a PF manager says.
    pub fn from_wire(wire: WireInfo) -> Option<Self> {
        let known = wire.flags & !(FLAG_MAC | FLAG_LINK) == 0;
        if !known || usize::from(wire.interrupts) > MAX_HANDLES || wire.vlan > 4094 {
            return None;
        }
        let link = match wire.flags & FLAG_LINK {
            0 => Link::Down,
            _ => Link::Up(wire.megabits),
        };
        Some(Self {
            driver: Driver::from_number(wire.driver)?,
            vf: wire.vf,
            requester: wire.requester,
            id: (wire.vendor, wire.device),
            mac: (wire.flags & FLAG_MAC != 0).then_some(wire.mac),
            vlan: wire.vlan,
            max_frame: wire.max_frame,
            link,
            namespace: wire.namespace,
            interrupts: wire.interrupts,
            handles: wire.handles,
        })
    }

    /// The handles of its interrupts.
    pub fn handles(&self) -> &[u16] {
        self.handles
            .get(..self.interrupts.into())
            .unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use core::mem::{offset_of, size_of};

    use super::*;

    const INFO: Info = Info {
        driver: Driver::Igb,
        vf: 1,
        requester: 0x9a,
        id: (0x8086, 0x10ca),
        mac: Some([2, 0, 0, 0, 0, 0xb]),
        vlan: 7,
        max_frame: 1522,
        link: Link::Up(1000),
        namespace: 0,
        interrupts: 3,
        handles: [4, 5, 6, 0],
    };

    #[test]
    fn the_layout_is_fixed() {
        assert_eq!(size_of::<WireInfo>(), 8 * BODY_WORDS);
        for (offset, expected) in [
            (offset_of!(WireInfo, driver), 0),
            (offset_of!(WireInfo, vf), 1),
            (offset_of!(WireInfo, interrupts), 2),
            (offset_of!(WireInfo, flags), 3),
            (offset_of!(WireInfo, requester), 4),
            (offset_of!(WireInfo, vlan), 6),
            (offset_of!(WireInfo, mac), 8),
            (offset_of!(WireInfo, max_frame), 14),
            (offset_of!(WireInfo, namespace), 16),
            (offset_of!(WireInfo, megabits), 20),
            (offset_of!(WireInfo, vendor), 22),
            (offset_of!(WireInfo, handles), 24),
            (offset_of!(WireInfo, device), 32),
            (offset_of!(WireInfo, reserved), 34),
            (offset_of!(WireInfo, rest), 40),
        ] {
            assert_eq!(offset, expected);
        }
    }

    #[test]
    fn there_and_back() {
        let other = Info {
            driver: Driver::Nvme,
            mac: None,
            link: Link::Down,
            namespace: 2,
            interrupts: 4,
            ..INFO
        };
        for info in [INFO, other] {
            let body = WireInfo::from(info).to_body();
            assert_eq!(Info::from_wire(WireInfo::from_body(body)), Some(info));
            assert_eq!(body[5..], [0; 5]);
        }
        assert_eq!(INFO.handles(), [4, 5, 6]);
    }

    #[test]
    fn what_no_pf_manager_says_is_refused() {
        let good = WireInfo::from(INFO);
        for wire in [
            WireInfo { driver: 0, ..good },
            WireInfo { driver: 3, ..good },
            WireInfo {
                interrupts: 5,
                ..good
            },
            WireInfo { flags: 4, ..good },
            WireInfo { vlan: 4095, ..good },
        ] {
            assert_eq!(Info::from_wire(wire), None, "{wire:?}");
        }
    }
}
