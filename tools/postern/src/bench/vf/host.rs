// SPDX-License-Identifier: BSD-2-Clause
//! A client on the host that uses the echo service in a system, through QEMU's user network and a
//! virtual function.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, ensure};

use super::super::figure::median;
use super::column::Column;
use crate::run::echo::{self, echo};

/// How often [`echo::BYTES`] are sent.
const STREAMS: usize = 5;
/// How many messages are measured.
const ROUNDS: usize = 200;
/// Messages before them, for the caches of all that is between.
const WARM_UP: usize = 20;
/// Bytes of a message.
const MESSAGE: usize = 64;
/// A message that is this late is lost.
const PATIENCE: Duration = Duration::from_secs(10);

/// Adds to `column` what the service at this port of 127.0.0.1 achieves.
pub fn measure(port: u16, column: &mut Column) -> Result<()> {
    let stream = |_| echo(port).map_err(|failure| anyhow!("echo: {failure}"));
    let took = (0..STREAMS).map(stream).collect::<Result<Vec<_>>>()?;
    let rate = |took: &Duration| echo::BYTES as f64 / took.as_secs_f64() / 1e6;
    column.add(
        "host-tcp-rate",
        median(&took.iter().map(rate).collect::<Vec<_>>()),
    );
    let round_trips = round_trips(port)?;
    column.add("host-tcp-median", median(&round_trips));
    Ok(())
}

/// Durations of round trips in nanoseconds.
fn round_trips(port: u16) -> Result<Vec<f64>> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).context("cannot connect")?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let mut durations = Vec::with_capacity(ROUNDS);
    for round in 0..WARM_UP + ROUNDS {
        let sent = [u8::try_from(round % 251)?; MESSAGE];
        let started = Instant::now();
        stream.write_all(&sent).context("cannot send")?;
        let mut received = [0; MESSAGE];
        stream.read_exact(&mut received).context("no answer")?;
        ensure!(received == sent, "message {round} came back as another");
        if round >= WARM_UP {
            durations.push(started.elapsed().as_nanos() as f64);
        }
    }
    Ok(durations)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    #[test]
    fn an_echo_service_is_measured() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        std::thread::spawn(move || {
            for stream in listener.incoming().take(STREAMS + 1) {
                let mut stream = stream.unwrap();
                let mut copy = stream.try_clone().unwrap();
                // The client may leave at any time.
                let _ = std::io::copy(&mut stream, &mut copy);
            }
        });
        let mut column = Column::default();
        measure(port, &mut column).unwrap();
        for name in ["host-tcp-rate", "host-tcp-median"] {
            assert!(column.value(name).unwrap() > 0.0, "{name}");
        }
    }
}
