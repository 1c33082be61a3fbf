// SPDX-License-Identifier: BSD-2-Clause
//! Round trips of ICMP echoes (RFC 792).

use std::net::{Ipv4Addr, SocketAddrV4};

use anyhow::{Context, Result, bail};
use rustix::net::sockopt::{Timeout, set_socket_timeout};
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketType, connect, ipproto, recv, send};

use crate::figure;

/// Bytes of a message.
const LENGTH: usize = 64;
/// Bytes of an IPv4 header without options, which a raw socket delivers with the message.
const HEADER: usize = 20;
const REQUEST: u8 = 8;
const REPLY: u8 = 0;

/// Measures `rounds` round trips. Needs the right to use raw sockets.
pub fn measure(name: &str, address: Ipv4Addr, rounds: u32) -> Result<()> {
    let socket = rustix::net::socket(AddressFamily::INET, SocketType::RAW, Some(ipproto::ICMP))
        .context("cannot open a raw socket")?;
    connect(&socket, &SocketAddrV4::new(address, 0)).context("cannot connect")?;
    set_socket_timeout(
        &socket,
        Timeout::Recv,
        Some(std::time::Duration::from_secs(5)),
    )?;
    let mut number = 0_u16;
    figure::rounds(name, rounds, || {
        number = number.wrapping_add(1);
        send(&socket, &request(number), SendFlags::empty()).context("cannot send")?;
        let mut received = [0; HEADER + LENGTH + 1];
        // What else comes, e.g. our own request, is not the reply.
        loop {
            let (_, length) =
                recv(&socket, &mut received, RecvFlags::empty()).context("no answer")?;
            match received[..length].get(HEADER) {
                Some(&REPLY) => {}
                Some(&REQUEST) => continue,
                other => bail!("ICMP message of kind {other:?}"),
            }
            if received[HEADER + 6..][..2] == number.to_be_bytes() {
                return Ok(());
            }
        }
    })
}

/// An echo request.
fn request(number: u16) -> [u8; LENGTH] {
    let mut message = [0x55; LENGTH];
    message[..6].copy_from_slice(&[REQUEST, 0, 0, 0, 0x50, 0x6f]);
    message[6..8].copy_from_slice(&number.to_be_bytes());
    let checksum = checksum(&message).to_be_bytes();
    message[2..4].copy_from_slice(&checksum);
    message
}

/// The internet checksum (RFC 1071) of an even number of bytes.
fn checksum(bytes: &[u8]) -> u16 {
    let words = bytes
        .chunks_exact(2)
        .map(|pair| u32::from(u16::from_be_bytes([pair[0], pair[1]])));
    let sum: u32 = words.sum();
    let folded = (sum & 0xffff) + (sum >> 16);
    !((folded + (folded >> 16)) as u16)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_with_its_checksum_sums_to_zero() {
        for number in [0, 1, 0x1234, 0xffff] {
            assert_eq!(checksum(&request(number)), 0, "{number}");
        }
    }

    #[test]
    fn the_example_of_rfc_1071_comes_out() {
        let bytes = [0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7];
        assert_eq!(checksum(&bytes), !0xddf2);
    }
}
