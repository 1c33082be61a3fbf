// SPDX-License-Identifier: BSD-2-Clause
//! A client on the host for an echo service in the machine: sends bytes that nobody can guess,
//! and compares what comes back.

use std::fmt;
use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpStream};
use std::time::{Duration, Instant};

/// How much is sent.
pub const BYTES: usize = 1 << 20;
/// How long all of it may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// Why an echo failed.
#[derive(Debug, PartialEq, Eq)]
pub enum Failure {
    /// There is no connection to the port that leads into the machine.
    Unreachable {
        /// The port of 127.0.0.1.
        port: u16,
        /// What the host's system says.
        why: String,
    },
    /// The connection broke.
    Connection {
        /// So many bytes had come back.
        after: usize,
        /// What the host's system says.
        why: String,
    },
    /// The other side closed after so many bytes.
    Closed(usize),
    /// After so many bytes no more came in time.
    Silence(usize),
    /// Another byte came back than was sent.
    Wrong {
        /// Its number, from 0.
        at: usize,
        /// What was sent.
        sent: u8,
        /// What came.
        came: u8,
    },
}

/// Sends [`BYTES`] to the port of 127.0.0.1 and compares what comes back; says how long it took.
///
/// # Errors
///
/// What came back is not all that was sent.
pub fn echo(port: u16) -> Result<Duration, Failure> {
    exchange(port, BYTES, PATIENCE)
}

fn exchange(port: u16, bytes: usize, patience: Duration) -> Result<Duration, Failure> {
    let begun = Instant::now();
    let broken = |after| {
        move |error: std::io::Error| Failure::Connection {
            after,
            why: error.to_string(),
        }
    };
    let unreachable = |error: std::io::Error| Failure::Unreachable {
        port,
        why: error.to_string(),
    };
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).map_err(unreachable)?;
    let mut sending = stream.try_clone().map_err(broken(0))?;
    let data = random(bytes);
    std::thread::scope(|scope| {
        // The service may stop reading before we read: sending waits on a thread of its own. Why
        // it fails shows in what comes back.
        scope.spawn(|| sending.write_all(&data));
        let result = compare(&mut stream, &data, begun + patience);
        // Ends the sending too.
        let _ = stream.shutdown(Shutdown::Both);
        result
    })?;
    Ok(begun.elapsed())
}

fn compare(stream: &mut TcpStream, data: &[u8], deadline: Instant) -> Result<(), Failure> {
    let mut buffer = [0; 16384];
    let mut after = 0;
    while after < data.len() {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(Failure::Silence(after));
        }
        let read = stream
            .set_read_timeout(Some(left))
            .and_then(|()| stream.read(&mut buffer));
        let count = match read {
            Ok(0) => return Err(Failure::Closed(after)),
            Ok(count) => count,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                return Err(Failure::Silence(after));
            }
            Err(error) => {
                let why = error.to_string();
                return Err(Failure::Connection { after, why });
            }
        };
        let pairs = buffer[..count].iter().zip(&data[after..]);
        if let Some((at, (came, sent))) = (after..).zip(pairs).find(|(_, (a, b))| a != b) {
            let (sent, came) = (*sent, *came);
            return Err(Failure::Wrong { at, sent, came });
        }
        after += count;
    }
    Ok(())
}

/// SplitMix64: every eight bytes differ from all others.
fn random(bytes: usize) -> Vec<u8> {
    let word = |n: u64| {
        let mut word = n.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        word = (word ^ word >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ word >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        (word ^ word >> 31).to_le_bytes()
    };
    (1..).flat_map(word).take(bytes).collect()
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreachable { port, why } => write!(
                f,
                "the host's client does not reach 127.0.0.1:{port}, which leads into the machine \
                 ({why}); is the loopback interface up?"
            ),
            Self::Connection { after, why } => write!(f, "after {after} bytes: {why}"),
            Self::Closed(after) => write!(f, "the other side closed after {after} bytes"),
            Self::Silence(after) => write!(f, "after {after} bytes no more came in time"),
            Self::Wrong { at, sent, came } => {
                write!(f, "byte {at} came back as {came:#04x}, not as {sent:#04x}")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    /// What comes of an exchange with a service that does this.
    fn with(service: impl FnOnce(TcpStream) + Send) -> Result<Duration, Failure> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        std::thread::scope(|scope| {
            scope.spawn(move || service(listener.accept().unwrap().0));
            exchange(port, BYTES, Duration::from_millis(1500))
        })
    }

    /// Sends back what comes, as `change` leaves it; that is told where in the stream it is.
    fn repeat(mut stream: TcpStream, change: impl Fn(usize, &mut [u8])) {
        let mut buffer = [0; 1000];
        let mut at = 0;
        while let Ok(count @ 1..) = stream.read(&mut buffer) {
            change(at, &mut buffer[..count]);
            if stream.write_all(&buffer[..count]).is_err() {
                return;
            }
            at += count;
        }
    }

    #[test]
    fn an_echo_is_one() {
        with(|stream| repeat(stream, |_, _| ())).unwrap();
    }

    #[test]
    fn a_service_that_reads_everything_first_is_one_too() {
        let patient = |mut stream: TcpStream| {
            let mut all = vec![0; BYTES];
            stream.read_exact(&mut all).unwrap();
            stream.write_all(&all).unwrap();
        };
        with(patient).unwrap();
    }

    #[test]
    fn each_failure_is_told_from_the_others() {
        let bytes = random(BYTES);
        let flipped = with(|stream| {
            repeat(stream, |at, bytes| {
                if (at..at + bytes.len()).contains(&777_777) {
                    bytes[777_777 - at] ^= 1;
                }
            });
        });
        let (sent, came) = (bytes[777_777], bytes[777_777] ^ 1);
        let at = 777_777;
        assert_eq!(flipped, Err(Failure::Wrong { at, sent, came }));
        let silent = with(|mut stream| {
            // Reads on, so that the end of the exchange is noticed.
            let mut rest = Vec::new();
            let _ = stream.read_to_end(&mut rest);
        });
        assert_eq!(silent, Err(Failure::Silence(0)));
        let closed = with(|mut stream| {
            let mut some = [0; 5000];
            stream.read_exact(&mut some).unwrap();
            stream.write_all(&some).unwrap();
            stream.shutdown(Shutdown::Write).unwrap();
            // What is left unread would end the connection at once.
            let mut rest = Vec::new();
            let _ = stream.read_to_end(&mut rest);
        });
        assert_eq!(closed, Err(Failure::Closed(5000)));
    }

    #[test]
    fn nobody_there_is_a_failure() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        drop(listener);
        let failure = exchange(port, 1, Duration::from_secs(1)).unwrap_err();
        let text = failure.to_string();
        let port = format!("127.0.0.1:{port}, which leads into the machine");
        assert!(text.contains(&port) && text.contains("refused"), "{text}");
    }
}
