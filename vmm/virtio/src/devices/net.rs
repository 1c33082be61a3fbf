// SPDX-License-Identifier: BSD-2-Clause
//! The network device: virtio 1.2 §5.1.
//!
//! One pair of queues, no offloads: a frame is what it is on the wire. A receive buffer takes one
//! frame, as it must without VIRTIO_NET_F_MRG_RXBUF (§5.1.6.3); a merged one would save memory of
//! the guest only with frames much longer than these.

use vmm_base::GuestRam;

use crate::Violation;
use crate::device::{Device, Kind, drain, fill};
use crate::devices::byte;
use crate::queue::{Chain, Queue};

/// VIRTIO_NET_F_MTU: the configuration has the MTU.
const F_MTU: u64 = 1 << 3;
/// VIRTIO_NET_F_MAC: the configuration has the address.
const F_MAC: u64 = 1 << 5;
/// VIRTIO_NET_F_STATUS: the configuration has the state of the link.
const F_STATUS: u64 = 1 << 16;

const LINK_UP: u8 = 1;

/// Bytes of the header before each frame.
const HEADER: usize = 12;
/// The header of a frame with no offloads that is in one buffer.
const RECEIVED: [u8; HEADER] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0];

/// The longest frame in bytes: 1500, a header, a tag of a virtual network.
pub const LONGEST_FRAME: usize = 1518;
/// The shortest: a header.
const SHORTEST_FRAME: usize = 14;
const MTU: u16 = 1500;

const RECEIVE: usize = 0;
/// Frames at a time.
const BATCH: usize = 64;

/// The network that a guest is connected to.
pub trait Network {
    /// Sends a frame, or loses it if the network is busy: a guest does not wait.
    fn send(&mut self, frame: &[u8]);

    /// The frames sent so far are to go out.
    fn flush(&mut self);

    /// Takes the oldest frame that came, and returns its length.
    fn receive(&mut self, into: &mut [u8; LONGEST_FRAME]) -> Option<usize>;
}

/// A network adapter.
#[derive(Debug)]
pub struct Net<N> {
    config: [u8; 12],
    network: N,
}

impl<N: Network> Net<N> {
    /// An adapter with this address.
    pub fn new(mac: [u8; 6], network: N) -> Self {
        let [a, b, c, d, e, f] = mac;
        let [mtu, mtu_high] = MTU.to_le_bytes();
        Self {
            config: [a, b, c, d, e, f, LINK_UP, 0, 1, 0, mtu, mtu_high],
            network,
        }
    }

    /// The network.
    pub const fn network(&self) -> &N {
        &self.network
    }

    /// The network, to be changed.
    pub const fn network_mut(&mut self) -> &mut N {
        &mut self.network
    }

    fn send(&mut self, ram: &GuestRam<'_>, chain: &mut Chain) -> Result<u32, Violation> {
        let length = chain.readable();
        let needed = HEADER + SHORTEST_FRAME;
        if length < needed {
            return Err(Violation::BufferLength { length, needed });
        }
        // No offload was negotiated, so nothing in it matters.
        chain.read(ram, &mut [0; HEADER])?;
        let mut frame = [0; LONGEST_FRAME];
        if chain.readable() <= LONGEST_FRAME {
            let length = chain.read(ram, &mut frame)?;
            self.network.send(&frame[..length]);
        }
        Ok(0)
    }
}

/// Puts the oldest frame into a chain.
fn receive<N: Network>(
    network: &mut N,
    ram: &GuestRam<'_>,
    chain: &mut Chain,
) -> Result<Option<u32>, Violation> {
    let mut frame = [0; LONGEST_FRAME];
    let Some(count) = network.receive(&mut frame) else {
        return Ok(None);
    };
    let frame = &frame[..count.min(LONGEST_FRAME)];
    let (length, needed) = (chain.writable(), HEADER + frame.len());
    if length < needed {
        return Err(Violation::BufferLength { length, needed });
    }
    chain.write(ram, &RECEIVED)?;
    chain.write(ram, frame)?;
    Ok(Some(chain.written()))
}

impl<N: Network> Device for Net<N> {
    const KIND: Kind = Kind {
        id: 1,
        class: 0x02_00_00,
        queues: &[256, 256],
    };

    fn features(&self) -> u64 {
        F_MAC | F_MTU | F_STATUS
    }

    fn config(&self, offset: usize) -> u8 {
        byte(&self.config, offset)
    }

    fn serve(
        &mut self,
        index: usize,
        queue: &mut Queue,
        ram: &GuestRam<'_>,
        chain: &mut Chain,
    ) -> Result<bool, Violation> {
        if index == RECEIVE {
            return fill(queue, ram, chain, BATCH, |chain| {
                receive(&mut self.network, ram, chain)
            });
        }
        let more = drain(queue, ram, chain, BATCH, |chain| self.send(ram, chain));
        self.network.flush();
        more
    }
}
