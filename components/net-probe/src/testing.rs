// SPDX-License-Identifier: BSD-2-Clause
//! A card with two stations, its switch, and a host outside that gives out addresses; all in a time
//! of its own. A station is only called when its virtual function interrupts or when it wanted to be.

use core::time::Duration;
use std::collections::VecDeque;
use std::string::{String, ToString};
use std::vec::Vec;

use igb::{Limits, Pf, Policy};
use igbvf::{Igbvf, Mac};
use igbvf_model::{Card, ModelOutgoing, ModelShared, VfRegisters};
use smoltcp::iface::{Interface, SocketHandle, SocketSet};
use smoltcp::phy::{Device, DeviceCapabilities, Medium, RxToken, TxToken};
use smoltcp::socket::{tcp, udp};
use smoltcp::time::Instant;
use smoltcp::wire::{
    DhcpMessageType, DhcpPacket, DhcpRepr, EthernetAddress, HardwareAddress, IpAddress, IpCidr,
    Ipv4Address,
};

use crate::services::{tcp_socket, udp_socket};
use crate::{Command, Moment, Station};

const HOST: [u8; 6] = [0x52, 0x55, 10, 0, 2, 2];
const VFS: usize = 2;
/// Cycles of a microsecond.
const CYCLES: u64 = 1000;
/// How long a frame is on its way.
const FLIGHT: Duration = Duration::from_micros(10);

pub fn mac(vf: usize) -> Mac {
    Mac::new([2, 0, 0, 0, 0, 0xa + vf as u8]).unwrap()
}

pub struct Lan {
    pub card: Card,
    pf: Pf,
    pub stations: Vec<Station<VfRegisters, ModelShared, ModelOutgoing>>,
    pub host: Host,
    pub now: Duration,
    /// What the stations have said.
    pub said: Vec<(usize, String)>,
    due: [Option<Duration>; VFS],
    /// Whether to lose the frame of this number.
    pub lose: fn(u64) -> bool,
    frames: u64,
}

impl Lan {
    pub fn new() -> Self {
        let card = Card::new(VFS);
        let mut pf = Pf::new(VFS as u8, Limits::default());
        let mut stations = Vec::new();
        for vf in 0..VFS {
            assert!(pf.allow(&mut card.pf(), vf as u8, Policy::new(Some(mac(vf))), 1000));
            let (shared, outgoing) = (card.shared(vf), card.outgoing(vf));
            let driver = Igbvf::new(card.registers(vf), shared, outgoing).unwrap();
            stations.push(Station::new(driver));
        }
        Self {
            card,
            pf,
            stations,
            host: Host::new(),
            now: Duration::from_millis(5),
            said: Vec::new(),
            due: [Some(Duration::ZERO); VFS],
            lose: |_| false,
            frames: 0,
        }
    }

    /// One whose stations were granted what they need.
    pub fn started() -> Self {
        let mut lan = Self::new();
        for vf in 0..VFS {
            lan.grant(vf);
        }
        lan
    }

    pub fn grant(&mut self, vf: usize) {
        let now = self.moment();
        self.stations[vf].granted(vf as u8, now);
        self.due[vf] = Some(self.now);
    }

    pub fn moment(&self) -> Moment {
        Moment {
            time: self.now,
            cycles: self.now.as_micros() as u64 * CYCLES,
        }
    }

    pub fn command(&mut self, vf: usize, command: Command) {
        let now = self.moment();
        let said = &mut self.said;
        self.stations[vf].command(command, now, &mut |report| {
            said.push((vf, report.to_string()));
        });
        self.due[vf] = Some(self.now);
    }

    /// Lets time pass.
    pub fn run(&mut self, time: Duration) {
        let end = self.now + time;
        while self.now < end {
            let busy = self.step();
            let wanted = self.due.into_iter().flatten().chain([self.host.due]).min();
            self.now = if busy {
                self.now + FLIGHT
            } else {
                wanted.unwrap_or(end).clamp(self.now + FLIGHT, end)
            };
        }
    }

    /// Lets time pass until a station has said something that contains `text`.
    pub fn until(&mut self, vf: usize, text: &str) {
        let end = self.now + Duration::from_secs(120);
        while !self.has_said(vf, text) {
            assert!(self.now < end, "nobody says {text:?}: {:#?}", self.said);
            self.run(Duration::from_millis(1));
        }
    }

    pub fn has_said(&self, vf: usize, text: &str) -> bool {
        let said = |(by, line): &(usize, String)| *by == vf && line.contains(text);
        self.said.iter().any(said)
    }

    /// `true` if there was something to do.
    fn step(&mut self) -> bool {
        self.pf.poll(&mut self.card.pf(), self.now, |_| {});
        let mut busy = false;
        for vf in 0..VFS {
            let interrupted = self.card.interrupts(vf) > 0;
            if interrupted || self.due[vf].is_some_and(|due| self.now >= due) {
                let now = self.moment();
                let said = &mut self.said;
                self.due[vf] = self.stations[vf].poll(now, &mut |report| {
                    said.push((vf, report.to_string()));
                });
                busy |= interrupted;
            }
        }
        self.host.poll(self.now);
        for vf in 0..VFS {
            while let Some(frame) = self.card.sent(vf) {
                busy = true;
                self.switch(&frame);
            }
        }
        while let Some(frame) = self.host.wire.sent.pop_front() {
            busy = true;
            self.switch(&frame);
        }
        busy
    }

    /// As the card of QEMU: a station receives its own broadcasts too.
    fn switch(&mut self, frame: &[u8]) {
        self.frames += 1;
        if (self.lose)(self.frames) {
            return;
        }
        let to = &frame[..6];
        let broadcast = to == [0xff; 6];
        let mut known = false;
        for vf in 0..VFS {
            if broadcast || to == mac(vf).bytes() {
                known = !broadcast;
                self.card.deliver(vf, frame);
            }
        }
        if !known && frame[6..12] != HOST {
            self.host.wire.received.push_back(frame.to_vec());
            self.host.due = self.now;
        }
    }
}

/// Frames on their way from and to the host.
#[derive(Default)]
pub struct Wire {
    sent: VecDeque<Vec<u8>>,
    received: VecDeque<Vec<u8>>,
}

pub struct Received(Vec<u8>);

impl RxToken for Received {
    fn consume<T, F: FnOnce(&[u8]) -> T>(self, f: F) -> T {
        f(&self.0)
    }
}

pub struct Sent<'a>(&'a mut VecDeque<Vec<u8>>);

impl TxToken for Sent<'_> {
    fn consume<T, F: FnOnce(&mut [u8]) -> T>(self, len: usize, f: F) -> T {
        let mut frame = std::vec![0; len];
        let result = f(&mut frame);
        self.0.push_back(frame);
        result
    }
}

impl Device for Wire {
    type RxToken<'a> = Received;
    type TxToken<'a> = Sent<'a>;

    fn receive(&mut self, _: Instant) -> Option<(Received, Sent<'_>)> {
        let frame = self.received.pop_front()?;
        Some((Received(frame), Sent(&mut self.sent)))
    }

    fn transmit(&mut self, _: Instant) -> Option<Sent<'_>> {
        Some(Sent(&mut self.sent))
    }

    fn capabilities(&self) -> DeviceCapabilities {
        let mut capabilities = DeviceCapabilities::default();
        capabilities.medium = Medium::Ethernet;
        capabilities.max_transmission_unit = 1514;
        capabilities
    }
}

/// The host outside: 10.0.2.2, with a DHCP server. It computes and verifies all checksums itself.
pub struct Host {
    wire: Wire,
    interface: Interface,
    sockets: SocketSet<'static>,
    dhcp: SocketHandle,
    due: Duration,
    /// It answers to DHCP.
    pub serves: bool,
    /// It refuses to prolong.
    pub refuses: bool,
    /// Seconds for which addresses are given.
    pub lease: u32,
    ports: u16,
}

fn instant(now: Duration) -> Instant {
    Instant::from_micros(now.as_micros() as i64)
}

impl Host {
    fn new() -> Self {
        let mut wire = Wire::default();
        let config = smoltcp::iface::Config::new(HardwareAddress::Ethernet(EthernetAddress(HOST)));
        let mut interface = Interface::new(config, &mut wire, Instant::ZERO);
        interface.update_ip_addrs(|addresses| {
            let address = IpCidr::new(IpAddress::v4(10, 0, 2, 2), 24);
            addresses.push(address).unwrap();
        });
        let mut sockets = SocketSet::new(Vec::new());
        let dhcp = sockets.add(udp_socket(67));
        Self {
            wire,
            interface,
            sockets,
            dhcp,
            due: Duration::ZERO,
            serves: true,
            refuses: false,
            lease: 86_400,
            ports: 40_000,
        }
    }

    /// Connects to a port of the station with this address.
    pub fn connect(&mut self, address: Ipv4Address, port: u16) -> SocketHandle {
        let mut socket = tcp_socket();
        self.ports += 1;
        socket
            .connect(
                self.interface.context(),
                (IpAddress::Ipv4(address), port),
                self.ports,
            )
            .unwrap();
        self.due = Duration::ZERO;
        self.sockets.add(socket)
    }

    pub fn tcp(&mut self, handle: SocketHandle) -> &mut tcp::Socket<'static> {
        self.due = Duration::ZERO;
        self.sockets.get_mut(handle)
    }

    fn poll(&mut self, now: Duration) {
        let at = instant(now);
        self.interface.poll(at, &mut self.wire, &mut self.sockets);
        self.serve();
        self.interface.poll(at, &mut self.wire, &mut self.sockets);
        let next = self.interface.poll_at(at, &self.sockets);
        self.due = next.map_or(now + Duration::from_secs(1), |next| {
            Duration::from_micros(next.total_micros() as u64)
        });
    }

    fn serve(&mut self) {
        let socket = self.sockets.get_mut::<udp::Socket>(self.dhcp);
        while let Ok((data, _)) = socket.recv() {
            let packet = DhcpPacket::new_checked(data).unwrap();
            let request = DhcpRepr::parse(&packet).unwrap();
            let last = request.client_hardware_address.0[5];
            let message_type = match request.message_type {
                DhcpMessageType::Discover => DhcpMessageType::Offer,
                _ if self.refuses => DhcpMessageType::Nak,
                _ => DhcpMessageType::Ack,
            };
            if !self.serves {
                continue;
            }
            let server = Ipv4Address::new(10, 0, 2, 2);
            let reply = DhcpRepr {
                message_type,
                your_ip: Ipv4Address::new(10, 0, 2, 15 + last - mac(0).bytes()[5]),
                server_ip: server,
                router: Some(server),
                subnet_mask: Some(Ipv4Address::new(255, 255, 255, 0)),
                server_identifier: Some(server),
                lease_duration: Some(self.lease),
                requested_ip: None,
                client_identifier: None,
                parameter_request_list: None,
                max_size: None,
                ..request
            };
            let mut bytes = std::vec![0; reply.buffer_len()];
            reply
                .emit(&mut DhcpPacket::new_unchecked(&mut bytes))
                .unwrap();
            socket
                .send_slice(&bytes, (IpAddress::v4(255, 255, 255, 255), 68))
                .unwrap();
        }
    }
}
