// SPDX-License-Identifier: BSD-2-Clause
//! Streams over TCP.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddrV4, TcpListener, TcpStream};

use anyhow::{Context, Result, ensure};

use crate::{clock, figure, interrupts};

/// Bytes that a program writes or reads at a time.
const PORTION: usize = 64 << 10;
/// Stream before the part that counts, so that the window is open.
const WARM_UP_MEBIBYTES: u32 = 1;
/// How many streams are measured.
const STREAMS: usize = 5;

/// Serves one connection after the other, for ever, and says when it begins.
pub fn serve(port: u16, sink: bool) -> Result<()> {
    let listener = TcpListener::bind((Ipv4Addr::UNSPECIFIED, port)).context("cannot bind")?;
    println!("serving TCP port {port}");
    loop {
        let (stream, _) = listener.accept().context("cannot accept")?;
        // A client that breaks off is no reason to leave the next one alone.
        if let Err(error) = serve_one(stream, sink) {
            eprintln!("port {port}: {error:#}");
        }
    }
}

fn serve_one(mut stream: TcpStream, sink: bool) -> Result<()> {
    stream.set_nodelay(true)?;
    let mut buffer = vec![0; PORTION];
    let mut length = 0_u64;
    loop {
        let count = stream.read(&mut buffer)?;
        if count == 0 {
            break;
        }
        length += count as u64;
        if !sink {
            stream.write_all(&buffer[..count])?;
        }
    }
    if sink {
        stream.write_all(&length.to_le_bytes())?;
    }
    Ok(())
}

/// Measures several streams, each from its first byte until the sink has confirmed its last. The
/// median of their rates does not mind that one of them lost a packet.
pub fn measure(name: &str, server: SocketAddrV4, mebibytes: u32) -> Result<()> {
    send(server, WARM_UP_MEBIBYTES)?;
    let bytes = f64::from(mebibytes) * f64::from(1 << 20);
    let before = interrupts::of_devices()?;
    let mut rates = Vec::with_capacity(STREAMS);
    for _ in 0..STREAMS {
        let started = clock::now();
        send(server, mebibytes)?;
        let nanoseconds = clock::now().saturating_sub(started).max(1);
        rates.push(bytes * 1000.0 / nanoseconds as f64);
    }
    let interrupts = interrupts::of_devices()?.saturating_sub(before);
    rates.sort_by(f64::total_cmp);
    let median = rates.get(STREAMS / 2).copied().unwrap_or(0.0);
    figure::print(&format!("{name}-rate"), median, "MB/s");
    let per_megabyte = interrupts as f64 * 1e6 / (bytes * STREAMS as f64);
    figure::print(&format!("{name}-interrupts"), per_megabyte, "per-MB");
    Ok(())
}

fn send(server: SocketAddrV4, mebibytes: u32) -> Result<()> {
    let mut stream = TcpStream::connect(server).context("cannot connect")?;
    let portion = vec![0x55; PORTION];
    let total = u64::from(mebibytes) << 20;
    for _ in 0..total / PORTION as u64 {
        stream.write_all(&portion).context("cannot send")?;
    }
    stream.shutdown(Shutdown::Write)?;
    let mut confirmed = [0; 8];
    stream.read_exact(&mut confirmed).context("no answer")?;
    let confirmed = u64::from_le_bytes(confirmed);
    ensure!(confirmed == total, "{confirmed} of {total} bytes arrived");
    Ok(())
}
