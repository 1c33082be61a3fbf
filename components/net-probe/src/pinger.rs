// SPDX-License-Identifier: BSD-2-Clause
//! Pings a target for as long as it is known, and notices when it begins or ceases to answer.

use core::time::Duration;

use smoltcp::iface::{SocketHandle, SocketSet};
use smoltcp::socket::icmp::Socket;
use smoltcp::wire::{IpAddress, Ipv4Address};

use crate::{Report, Target, icmp};

/// What marks our pings.
const IDENT: u16 = 0x706e;
/// The data of a ping: as much as an Ethernet frame has to carry anyway.
const DATA: [u8; 18] = *b"postern net-probe\n";
/// Bytes of a ping with its header.
const BYTES: usize = 8 + DATA.len();
/// The time for an answer to come, and between pings as long as there is none.
const IMPATIENT: Duration = Duration::from_secs(1);
/// The time between pings of a target that answers, or has not answered for long.
const PATIENT: Duration = Duration::from_secs(10);
/// So many pings without answer are a silence.
const SILENCE: u32 = 3;

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
            socket: sockets.add(icmp::socket(ident, BYTES)),
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
            *socket = icmp::socket(self.ident, BYTES);
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
        let to = IpAddress::Ipv4(pinged.address);
        icmp::request(socket, to, self.ident, pinged.sequence, &DATA);
    }
}

impl Pinged {
    fn is_answered(&self, packet: &[u8], from: IpAddress) -> bool {
        let Some((number, data)) = icmp::reply(packet) else {
            return false;
        };
        let expected = self.waiting && self.sequence == number && data == DATA;
        expected && from == IpAddress::Ipv4(self.address)
    }
}
