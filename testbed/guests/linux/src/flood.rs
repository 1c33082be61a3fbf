// SPDX-License-Identifier: BSD-2-Clause
//! How many small datagrams get through, by the protocol of net-probe's drain: every 32nd datagram
//! asks how many have come since the last that asked, and 64 are on their way at most.

use std::net::{Ipv4Addr, SocketAddrV4, UdpSocket};
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use crate::{clock, figure};

/// Bytes of a datagram: its number, whether it asks for an answer, and filling.
const LENGTH: usize = 64;
/// Where a datagram says whether it asks.
const ASKS: usize = 8;
/// Every so many datagrams one asks.
const STEP: u32 = 32;
/// So many are on their way at most.
const WINDOW: u32 = 2 * STEP;
/// An answer that is this late does not come any more.
const PATIENCE: Duration = Duration::from_secs(5);

/// Counts datagrams and answers those that ask, for ever.
pub fn serve(port: u16) -> Result<()> {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, port)).context("cannot bind")?;
    let mut buffer = [0; 2048];
    let mut come = 0_u64;
    loop {
        let (_, client) = socket.recv_from(&mut buffer)?;
        come += 1;
        if buffer[ASKS] == 1 {
            buffer[ASKS..2 * ASKS].copy_from_slice(&come.to_le_bytes());
            socket.send_to(&buffer[..2 * ASKS], client)?;
            come = 0;
        }
    }
}

/// Sends `count` datagrams, a multiple of 32 of them, and prints how many come in a second.
pub fn measure(name: &str, server: SocketAddrV4, count: u32) -> Result<()> {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).context("cannot bind")?;
    socket.connect(server).context("cannot connect")?;
    socket.set_read_timeout(Some(PATIENCE))?;
    flood(&socket, STEP)?;
    let count = count.next_multiple_of(STEP);
    let started = clock::now();
    let arrived = flood(&socket, count)?;
    let nanoseconds = clock::now().saturating_sub(started).max(1);
    ensure!(arrived == u64::from(count), "{arrived} of {count} arrived");
    let rate = arrived as f64 * 1e9 / nanoseconds as f64;
    figure::print(&format!("{name}-rate"), rate, "per-second");
    Ok(())
}

/// Returns how many of `count`, a multiple of 32, have come.
fn flood(socket: &UdpSocket, count: u32) -> Result<u64> {
    let (mut settled, mut arrived) = (0, 0);
    let mut answer = [0; 2 * ASKS];
    for sent in 1..=count {
        let mut datagram = [0x5a; LENGTH];
        datagram[..ASKS].copy_from_slice(&u64::from(sent).to_le_bytes());
        datagram[ASKS] = u8::from(sent.is_multiple_of(STEP));
        socket.send(&datagram).context("cannot send")?;
        let allowed = if sent < count { WINDOW - 1 } else { 0 };
        while sent - settled > allowed {
            socket.recv(&mut answer).context("no answer")?;
            let come = answer.last_chunk().copied().unwrap_or_default();
            arrived += u64::from_le_bytes(come);
            settled += STEP;
        }
    }
    Ok(arrived)
}
