// SPDX-License-Identifier: BSD-2-Clause
//! Echo requests and replies of ICMP (RFC 792).

use alloc::vec;
use smoltcp::phy::ChecksumCapabilities;
use smoltcp::socket::icmp::{Endpoint, PacketBuffer, PacketMetadata, Socket};
use smoltcp::wire::{Icmpv4Packet, Icmpv4Repr, IpAddress};

/// A socket for one request at a time of at most `bytes` with its header.
pub fn socket(ident: u16, bytes: usize) -> Socket<'static> {
    let buffer = || PacketBuffer::new(vec![PacketMetadata::EMPTY; 2], vec![0; 2 * bytes]);
    let mut socket = Socket::new(buffer(), buffer());
    // Cannot fail: the socket is new, and the number is not 0.
    let _ = socket.bind(Endpoint::Ident(ident));
    socket
}

/// Sends a request. A socket without room loses it, like the network might.
pub fn request(socket: &mut Socket<'_>, to: IpAddress, ident: u16, seq_no: u16, data: &[u8]) {
    let request = Icmpv4Repr::EchoRequest {
        ident,
        seq_no,
        data,
    };
    if let Ok(bytes) = socket.send(request.buffer_len(), to) {
        let mut packet = Icmpv4Packet::new_unchecked(bytes);
        request.emit(&mut packet, &ChecksumCapabilities::default());
    }
}

/// Number and data of a reply; `None` for other messages. The stack has looked at the checksum and
/// at the socket's mark.
pub fn reply(packet: &[u8]) -> Option<(u16, &[u8])> {
    let packet = Icmpv4Packet::new_checked(packet).ok()?;
    match Icmpv4Repr::parse(&packet, &ChecksumCapabilities::ignored()) {
        Ok(Icmpv4Repr::EchoReply { seq_no, data, .. }) => Some((seq_no, data)),
        _ => None,
    }
}
