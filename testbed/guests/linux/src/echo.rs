// SPDX-License-Identifier: BSD-2-Clause
//! Round trips of datagrams.

use std::net::{Ipv4Addr, SocketAddrV4, UdpSocket};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::figure;

/// Bytes of a datagram.
const LENGTH: usize = 64;
/// A datagram that is this late is lost.
const PATIENCE: Duration = Duration::from_secs(5);

/// Sends every datagram back, for ever.
pub fn serve(port: u16) -> Result<()> {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, port)).context("cannot bind")?;
    let mut buffer = [0; 2048];
    loop {
        let (length, client) = socket.recv_from(&mut buffer)?;
        socket.send_to(&buffer[..length], client)?;
    }
}

/// Measures `rounds` round trips.
pub fn measure(name: &str, server: SocketAddrV4, rounds: u32) -> Result<()> {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).context("cannot bind")?;
    socket.connect(server).context("cannot connect")?;
    socket.set_read_timeout(Some(PATIENCE))?;
    let mut number = 0_u32;
    figure::rounds(name, rounds, || {
        number += 1;
        let mut sent = [0x55; LENGTH];
        sent[..4].copy_from_slice(&number.to_le_bytes());
        socket.send(&sent).context("cannot send")?;
        let mut received = [0; LENGTH + 1];
        let length = socket.recv(&mut received).context("no answer")?;
        if received[..length] != sent {
            bail!("answer {number} is not what was sent");
        }
        Ok(())
    })
}
