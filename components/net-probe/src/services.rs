// SPDX-License-Identifier: BSD-2-Clause
//! What others may do with the probe: an echo on port 7 over TCP and UDP (RFC 862), and a drain on
//! port 9 over both (RFC 863), which answers a datagram that asks how many have come.

use alloc::vec;
use alloc::vec::Vec;
use smoltcp::iface::{SocketHandle, SocketSet};
use smoltcp::socket::{tcp, udp};
use smoltcp::time::Duration;

use crate::command::{DRAIN, ECHO};
use crate::measure::Sink;
use crate::{Moment, Report};

/// So many connections to the echo at once.
const ECHOES: usize = 4;
/// So many to the drain: a second one may begin while the last words of the first are exchanged.
const DRAINS: usize = 2;
/// TCP's buffer in each direction: 64 KiB minus one, which needs no scaled window.
const BUFFER: usize = 65_535;
/// UDP's buffers.
const DATAGRAMS: usize = 64;
const DATAGRAM_BYTES: usize = 1472;
/// A peer that says nothing for so long is gone.
const TIMEOUT: Duration = Duration::from_secs(60);

/// A TCP socket with buffers of its own.
pub fn tcp_socket() -> tcp::Socket<'static> {
    let buffer = || tcp::SocketBuffer::new(vec![0; BUFFER]);
    let mut socket = tcp::Socket::new(buffer(), buffer());
    socket.set_timeout(Some(TIMEOUT));
    socket.set_keep_alive(Some(TIMEOUT / 4));
    socket
}

/// A UDP socket with buffers of its own, on a port.
pub fn udp_socket(port: u16) -> udp::Socket<'static> {
    let buffer = || {
        udp::PacketBuffer::new(
            vec![udp::PacketMetadata::EMPTY; DATAGRAMS],
            vec![0; DATAGRAMS / 4 * DATAGRAM_BYTES],
        )
    };
    let mut socket = udp::Socket::new(buffer(), buffer());
    // Cannot fail: the socket is new, and the port is not 0.
    let _ = socket.bind(port);
    socket
}

/// A connection and what came through it.
#[derive(Debug)]
struct Served {
    socket: SocketHandle,
    bytes: u64,
    since: Option<Moment>,
    last: Moment,
}

impl Served {
    fn new(sockets: &mut SocketSet<'_>) -> Self {
        Self {
            socket: sockets.add(tcp_socket()),
            bytes: 0,
            since: None,
            last: Moment::default(),
        }
    }

    fn count(&mut self, bytes: usize, now: Moment) {
        self.bytes += bytes as u64;
        self.since.get_or_insert(now);
        self.last = now;
    }

    /// Listens if nobody is connected, and says so if somebody was.
    fn listen(&mut self, socket: &mut tcp::Socket<'_>, port: u16) -> Option<(u64, Moment)> {
        if socket.is_open() {
            return None;
        }
        // Cannot fail: the socket is closed, and the port is not 0.
        let _ = socket.listen(port);
        let since = self.since.take()?;
        let bytes = core::mem::take(&mut self.bytes);
        Some((bytes, self.last.since(since)))
    }
}

/// All services.
#[derive(Debug)]
pub struct Services {
    echoes: Vec<Served>,
    drains: Vec<Served>,
    datagrams: SocketHandle,
    drained: SocketHandle,
    sink: Sink,
    scratch: Vec<u8>,
}

impl Services {
    /// Services with sockets among these.
    pub fn new(sockets: &mut SocketSet<'_>) -> Self {
        Self {
            echoes: (0..ECHOES).map(|_| Served::new(sockets)).collect(),
            drains: (0..DRAINS).map(|_| Served::new(sockets)).collect(),
            datagrams: sockets.add(udp_socket(ECHO)),
            drained: sockets.add(udp_socket(DRAIN)),
            sink: Sink::default(),
            scratch: vec![0; 4096],
        }
    }

    /// Serves what has come.
    pub fn poll(&mut self, sockets: &mut SocketSet<'_>, now: Moment, say: &mut impl FnMut(Report)) {
        let datagrams = sockets.get_mut::<udp::Socket>(self.datagrams);
        while datagrams.can_send() {
            let Ok((len, from)) = datagrams.recv_slice(&mut self.scratch) else {
                break;
            };
            // What does not fit is lost, as datagrams are.
            let _ = datagrams.send_slice(&self.scratch[..len], from.endpoint);
        }
        let drained = sockets.get_mut::<udp::Socket>(self.drained);
        while drained.can_send() {
            let Ok((datagram, from)) = drained.recv() else {
                break;
            };
            let endpoint = from.endpoint;
            if let Some(answer) = self.sink.take(datagram) {
                // There is room.
                let _ = drained.send_slice(&answer, endpoint);
            }
        }
        for echo in &mut self.echoes {
            let socket = sockets.get_mut::<tcp::Socket>(echo.socket);
            while socket.can_recv() && socket.can_send() {
                let room = socket.send_capacity() - socket.send_queue();
                let room = room.min(self.scratch.len());
                let Ok(len @ 1..) = socket.recv_slice(&mut self.scratch[..room]) else {
                    break;
                };
                // There is room for as much.
                let _ = socket.send_slice(&self.scratch[..len]);
                echo.count(len, now);
            }
            if !socket.may_recv() && !socket.can_recv() && socket.may_send() {
                socket.close();
            }
            if let Some((bytes, _)) = echo.listen(socket, ECHO) {
                say(Report::Echoed(bytes));
            }
        }
        for drain in &mut self.drains {
            let socket = sockets.get_mut::<tcp::Socket>(drain.socket);
            while socket.can_recv() {
                let Ok(len @ 1..) = socket.recv(|bytes| (bytes.len(), bytes.len())) else {
                    break;
                };
                drain.count(len, now);
            }
            if !socket.may_recv() && socket.may_send() {
                socket.close();
            }
            if let Some((bytes, took)) = drain.listen(socket, DRAIN) {
                say(Report::Drained(bytes, took));
            }
        }
    }
}
