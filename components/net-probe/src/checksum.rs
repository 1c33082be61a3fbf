// SPDX-License-Identifier: BSD-2-Clause
//! The checksums of TCP and UDP, as far as the device does not deal with them.

use igbvf::{MIN_OFFLOAD, Offload};
use smoltcp::wire::{
    EthernetFrame, EthernetProtocol, IpAddress, IpProtocol, Ipv4Packet, TcpPacket, UdpPacket,
};

/// Where things are in an Ethernet frame with IPv4 without options.
mod at {
    pub const ETHERTYPE: usize = 12;
    pub const VERSION: usize = 14;
    pub const LENGTH: usize = 16;
    pub const FRAGMENT: usize = 20;
    pub const PROTOCOL: usize = 23;
    pub const ADDRESSES: usize = 26;
    pub const PAYLOAD: usize = 34;
}

const IPV4: [u8; 2] = [8, 0];
/// Version 4, and a header of five words.
const NO_OPTIONS: u8 = 0x45;
const TCP: u8 = 6;
const UDP: u8 = 17;

/// Prepares a frame that the stack has written, without these checksums: puts the sum of the pseudo
/// header into the field, and says what the device is to do. The stack writes neither options of
/// IPv4 nor fragments. Frames that are too short for the device's help are finished here.
pub fn prepare(frame: &mut [u8]) -> Offload {
    if frame.len() < at::PAYLOAD
        || frame[at::ETHERTYPE..at::VERSION] != IPV4
        || frame[at::VERSION] != NO_OPTIONS
        || word(frame, at::FRAGMENT) & 0x3fff != 0
    {
        return Offload::None;
    }
    let (offload, field) = match frame[at::PROTOCOL] {
        TCP => (Offload::Tcp, at::PAYLOAD + 16),
        UDP => (Offload::Udp, at::PAYLOAD + 6),
        _ => return Offload::None,
    };
    if frame.len() < field + 2 {
        return Offload::None;
    }
    let header = (at::PAYLOAD - at::VERSION) as u32;
    let addresses: u32 = (0..4).map(|n| word(frame, at::ADDRESSES + 2 * n)).sum();
    let length = word(frame, at::LENGTH).saturating_sub(header);
    let pseudo = fold(addresses + u32::from(frame[at::PROTOCOL]) + length);
    frame[field..field + 2].copy_from_slice(&pseudo.to_be_bytes());
    if frame.len() >= MIN_OFFLOAD {
        return offload;
    }
    // There are a dozen words at most, the pseudo header's sum among them.
    let pairs = frame[at::PAYLOAD..].chunks(2);
    let words = pairs.map(|pair| {
        let low = pair.get(1).copied().unwrap_or_default();
        u32::from(u16::from_be_bytes([pair[0], low]))
    });
    let checksum = match !fold(words.sum()) {
        // UDP knows a 0 as no checksum at all; to TCP both are the same.
        0 => 0xffff,
        checksum => checksum,
    };
    frame[field..field + 2].copy_from_slice(&checksum.to_be_bytes());
    Offload::None
}

/// The sum of words with its carries added, of not more than 65,536 words.
fn fold(sum: u32) -> u16 {
    let sum = (sum & 0xffff) + (sum >> 16);
    ((sum & 0xffff) + (sum >> 16)) as u16
}

fn word(frame: &[u8], offset: usize) -> u32 {
    u32::from(u16::from_be_bytes([frame[offset], frame[offset + 1]]))
}

/// Whether the checksum of TCP or UDP is right, of a frame that the device did not look at. Frames
/// without one pass: the stack looks at the others itself, and at the header of IPv4.
pub fn verify(frame: &[u8]) -> bool {
    let Ok(frame) = EthernetFrame::new_checked(frame) else {
        return false;
    };
    if frame.ethertype() != EthernetProtocol::Ipv4 {
        return true;
    }
    let Ok(packet) = Ipv4Packet::new_checked(frame.payload()) else {
        return false;
    };
    let from = IpAddress::Ipv4(packet.src_addr());
    let to = IpAddress::Ipv4(packet.dst_addr());
    match packet.next_header() {
        IpProtocol::Tcp => TcpPacket::new_checked(packet.payload())
            .is_ok_and(|tcp| tcp.verify_checksum(&from, &to)),
        IpProtocol::Udp => UdpPacket::new_checked(packet.payload())
            .is_ok_and(|udp| udp.verify_checksum(&from, &to)),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use std::vec::Vec;

    use super::*;

    fn frame(protocol: u8, payload: &[u8]) -> Vec<u8> {
        let mut frame = std::vec![0; at::PAYLOAD];
        frame[at::ETHERTYPE..at::VERSION].copy_from_slice(&IPV4);
        frame[at::VERSION] = NO_OPTIONS;
        let length = (20 + payload.len()) as u16;
        frame[at::LENGTH..at::LENGTH + 2].copy_from_slice(&length.to_be_bytes());
        frame[at::PROTOCOL] = protocol;
        frame[at::ADDRESSES..at::PAYLOAD].copy_from_slice(&[10, 99, 0, 1, 10, 99, 0, 2]);
        frame.extend_from_slice(payload);
        frame
    }

    fn udp(data: &[u8]) -> Vec<u8> {
        let mut bytes = std::vec![0xc3, 0x50, 0, 7, 0, 0, 0, 0];
        let length = (8 + data.len()) as u16;
        bytes[4..6].copy_from_slice(&length.to_be_bytes());
        bytes.extend_from_slice(data);
        bytes
    }

    #[test]
    fn frames_that_the_device_cannot_deal_with_are_left_alone() {
        let mut options = frame(TCP, &[0; 40]);
        options[at::VERSION] = 0x46;
        let mut fragment = frame(UDP, &udp(b"data"));
        fragment[at::FRAGMENT] = 0x20;
        let mut later_fragment = frame(UDP, &udp(b"data"));
        later_fragment[at::FRAGMENT + 1] = 8;
        let mut arp = frame(TCP, &[0; 40]);
        arp[at::ETHERTYPE + 1] = 6;
        for other in [
            options,
            fragment,
            later_fragment,
            arp,
            frame(1, &[0; 40]),
            frame(TCP, &[0; 17]),
            frame(UDP, &[0; 7]),
            std::vec![0; 20],
            Vec::new(),
        ] {
            let mut prepared = other.clone();
            assert_eq!(prepare(&mut prepared), Offload::None);
            assert_eq!(prepared, other);
        }
    }

    proptest! {
        /// With what the device adds, the stack finds the checksum right.
        #[test]
        fn the_pseudo_header_and_the_device_make_a_checksum(
            protocol in prop::sample::select(std::vec![TCP, UDP]),
            data in prop_oneof![
                prop::collection::vec(any::<u8>(), 0..20),
                prop::collection::vec(any::<u8>(), 0..1400),
            ],
            at in any::<prop::sample::Index>(),
        ) {
            let (payload, field) = match protocol {
                UDP => (udp(&data), 6),
                _ => {
                    let mut tcp = std::vec![0; 20];
                    tcp[12] = 0x50;
                    tcp.extend_from_slice(&data);
                    (tcp, 16)
                }
            };
            let mut frame = frame(protocol, &payload);
            let expected = match protocol {
                _ if frame.len() < 60 => Offload::None,
                TCP => Offload::Tcp,
                _ => Offload::Udp,
            };
            prop_assert_eq!(prepare(&mut frame), expected);
            if expected != Offload::None {
                // The device: the sum of all words, the field included.
                let sum = frame[at::PAYLOAD..].chunks(2).map(|pair| {
                    u64::from(pair[0]) << 8 | u64::from(pair.get(1).copied().unwrap_or_default())
                }).sum::<u64>();
                let value = match !((sum % 0xffff) as u16) {
                    0 => 0xffff,
                    value => value,
                };
                frame[at::PAYLOAD + field..][..2].copy_from_slice(&value.to_be_bytes());
            }
            prop_assert!(verify(&frame));
            let at = at::PAYLOAD + at.index(frame.len() - at::PAYLOAD);
            frame[at] ^= 1;
            // Another length in the header of UDP is wrong in another way, but wrong.
            prop_assert!(!verify(&frame));
        }

        #[test]
        fn any_bytes_are_judged(mut bytes in prop::collection::vec(any::<u8>(), 0..100)) {
            let _ = verify(&bytes);
            let _ = prepare(&mut bytes);
        }
    }
}
