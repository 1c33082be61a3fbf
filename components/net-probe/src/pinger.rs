// SPDX-License-Identifier: BSD-2-Clause
//! Pings a target for as long as it is known, and notices when it begins or ceases to answer.

use core::time::Duration;

use alloc::vec;
use smoltcp::iface::{SocketHandle, SocketSet};
use smoltcp::phy::ChecksumCapabilities;
use smoltcp::socket::icmp::{Endpoint, PacketBuffer, PacketMetadata, Socket};
use smoltcp::wire::{Icmpv4Packet, Icmpv4Repr, IpAddress, Ipv4Address};

use crate::{Report, Target};

/// What marks our pings.
const IDENT: u16 = 0x706e;
/// The data of a ping: as much as an Ethernet frame has to carry anyway.
const DATA: [u8; 18] = *b"postern net-probe\n";
/// The time for an answer to come, and between pings as long as there is none.
const IMPATIENT: Duration = Duration::from_secs(1);
/// The time between pings of a target that answers, or has not answered for long.
const PATIENT: Duration = Duration::from_secs(10);
/// So many pings without answer are a silence.
const SILENCE: u32 = 3;

/// A socket for one ping.
fn socket(ident: u16) -> Socket<'static> {
    let buffer = || PacketBuffer::new(vec![PacketMetadata::EMPTY; 2], vec![0; 128]);
    let mut socket = Socket::new(buffer(), buffer());
    // Cannot fail: the socket is new, and the number is not 0.
    let _ = socket.bind(Endpoint::Ident(ident));
    socket
}

/// One target.
#[derive(Clone, Copy, Debug)]
struct Pinged {
    address: Ipv4Address,
    sequence: u16,
    sent: Duration,
    waiting: bool,
    /// Pings in a row that nobody answered.
    lost: u32,
    answers: Option<bool>,
    next: Duration,
}

/// Pings one target.
#[derive(Debug)]
pub struct Pinger {
    target: Target,
    socket: SocketHandle,
    ident: u16,
    pinged: Option<Pinged>,
}

impl Pinger {
    /// One that pings nobody yet, with a socket among these.
    pub fn new(target: Target, sockets: &mut SocketSet<'_>) -> Self {
        let ident = match target {
            Target::Gateway => IDENT,
            Target::Peer => IDENT + 1,
        };
        Self {
            target,
            socket: sockets.add(socket(ident)),
            ident,
            pinged: None,
        }
    }

    /// Pings this address from now on, or nobody. The same address as before changes nothing.
    pub fn set(&mut self, address: Option<Ipv4Address>, now: Duration) {
        if self.pinged.map(|pinged| pinged.address) != address {
            self.pinged = address.map(|address| Pinged {
                address,
                sequence: 0,
                sent: now,
                waiting: false,
                lost: 0,
                answers: None,
                next: now,
            });
        }
    }

    /// When it has something to do.
    pub fn next(&self) -> Option<Duration> {
        self.pinged.map(|pinged| pinged.next)
    }

    /// Takes the answer and sends what is due.
    pub fn poll(
        &mut self,
        sockets: &mut SocketSet<'_>,
        now: Duration,
        say: &mut impl FnMut(Report),
    ) {
        let Some(pinged) = self.pinged.as_mut() else {
            return;
        };
        let socket = sockets.get_mut::<Socket>(self.socket);
        while let Ok((packet, from)) = socket.recv() {
            if pinged.is_answered(packet, from) {
                pinged.waiting = false;
                pinged.lost = 0;
                pinged.next = pinged.sent.saturating_add(PATIENT);
                if pinged.answers != Some(true) {
                    pinged.answers = Some(true);
                    let time = now.saturating_sub(pinged.sent);
                    say(Report::Answers(self.target, pinged.address, time));
                }
            }
        }
        if now < pinged.next {
            return;
        }
        if pinged.waiting {
            // It may still be in the socket, because nobody tells the Ethernet address of its target.
            // There it would keep the stack asking, at the cost of others who want to ask.
            *socket = self::socket(self.ident);
            pinged.waiting = false;
            pinged.lost += 1;
            if pinged.lost == SILENCE {
                pinged.answers = Some(false);
                say(Report::Silent(self.target, pinged.address));
            }
            if pinged.lost >= SILENCE {
                pinged.next = now.saturating_add(PATIENT);
                return;
            }
        }
        pinged.sequence = pinged.sequence.wrapping_add(1);
        pinged.sent = now;
        pinged.waiting = true;
        pinged.next = now.saturating_add(IMPATIENT);
        send(socket, pinged.address, self.ident, pinged.sequence);
    }
}

impl Pinged {
    fn is_answered(&self, packet: &[u8], from: IpAddress) -> bool {
        let Ok(packet) = Icmpv4Packet::new_checked(packet) else {
            return false;
        };
        // The stack has looked at the checksum and at the mark.
        let parsed = Icmpv4Repr::parse(&packet, &ChecksumCapabilities::ignored());
        let Ok(Icmpv4Repr::EchoReply { seq_no, data, .. }) = parsed else {
            return false;
        };
        let expected = self.waiting && self.sequence == seq_no && data == DATA;
        expected && from == IpAddress::Ipv4(self.address)
    }
}

fn send(socket: &mut Socket<'_>, to: Ipv4Address, ident: u16, seq_no: u16) {
    let request = Icmpv4Repr::EchoRequest {
        ident,
        seq_no,
        data: &DATA,
    };
    // A socket without room loses it, like the network might.
    if let Ok(bytes) = socket.send(request.buffer_len(), IpAddress::Ipv4(to)) {
        let mut packet = Icmpv4Packet::new_unchecked(bytes);
        request.emit(&mut packet, &ChecksumCapabilities::default());
    }
}
