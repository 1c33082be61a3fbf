// SPDX-License-Identifier: BSD-2-Clause
//! The stack and everything that is done with it.

use core::time::Duration;

use alloc::vec::Vec;
use smoltcp::iface::{Interface, PollIngressSingleResult, PollResult, SocketHandle, SocketSet};
use smoltcp::phy::Device;
use smoltcp::socket::dhcpv4;
use smoltcp::time::Instant;
use smoltcp::wire::{EthernetAddress, HardwareAddress, IpCidr, Ipv4Address, Ipv4Cidr};

use crate::measure::Measure;
use crate::pinger::Pinger;
use crate::services::Services;
use crate::{Command, Moment, Report, Target};

/// What a probe has to know.
#[derive(Clone, Copy, Debug)]
pub struct Config {
    /// Its Ethernet address.
    pub mac: [u8; 6],
    /// The number of its virtual function: it makes the fixed address, and tells which function is
    /// its neighbour: 0 and 1 belong together, 2 and 3, and so on.
    pub vf: u8,
    /// Anything unforeseeable.
    pub seed: u64,
}

impl Config {
    /// The fixed address. Networks outside of the card do not have it.
    pub fn address(&self) -> Ipv4Cidr {
        Ipv4Cidr::new(address(self.vf), 24)
    }

    fn peer(&self) -> Ipv4Address {
        address(self.vf ^ 1)
    }
}

const fn address(vf: u8) -> Ipv4Address {
    Ipv4Address::new(10, 99, 0, vf.saturating_add(1))
}

/// The stack.
pub struct Probe {
    interface: Interface,
    sockets: SocketSet<'static>,
    dhcp: SocketHandle,
    gateway: Pinger,
    peer: Pinger,
    services: Services,
    measure: Measure,
    config: Config,
}

impl Probe {
    /// A stack on this device, which has its fixed address and asks for another one.
    pub fn new(device: &mut impl Device, config: Config, now: Moment) -> Self {
        let hardware = HardwareAddress::Ethernet(EthernetAddress(config.mac));
        let mut settings = smoltcp::iface::Config::new(hardware);
        settings.random_seed = config.seed;
        let interface = Interface::new(settings, device, instant(now.time));
        let mut sockets = SocketSet::new(Vec::new());
        let services = Services::new(&mut sockets);
        let measure = Measure::new(&mut sockets);
        let mut probe = Self {
            interface,
            dhcp: sockets.add(dhcp_socket()),
            gateway: Pinger::new(Target::Gateway, &mut sockets),
            peer: Pinger::new(Target::Peer, &mut sockets),
            services,
            measure,
            sockets,
            config,
        };
        probe.set_address(None);
        probe.peer.set(Some(config.peer()), now.time);
        probe
    }

    /// The link has come: addresses are asked for at once.
    pub fn link_up(&mut self) {
        self.sockets.get_mut::<dhcpv4::Socket>(self.dhcp).reset();
    }

    /// Begins a measurement; other commands are nothing to it.
    pub fn command(&mut self, command: Command, now: Moment, say: &mut impl FnMut(Report)) {
        let context = self.interface.context();
        self.measure
            .begin(command, context, &mut self.sockets, now, say);
    }

    /// A pass: takes what has come, does what is due, and sends. Returns when the next is due, if no
    /// packet comes.
    pub fn poll(
        &mut self,
        device: &mut impl Device,
        now: Moment,
        say: &mut impl FnMut(Report),
    ) -> Option<Duration> {
        let at = instant(now.time);
        let Self {
            interface, sockets, ..
        } = self;
        interface.poll_maintenance(at);
        // The device ends this, not the network.
        while interface.poll_ingress_single(at, device, sockets) != PollIngressSingleResult::None {}
        self.configure(now, say);
        self.gateway.poll(&mut self.sockets, now.time, say);
        self.peer.poll(&mut self.sockets, now.time, say);
        self.services.poll(&mut self.sockets, now, say);
        self.measure.poll(&mut self.sockets, now, say);
        let Self {
            interface, sockets, ..
        } = self;
        while interface.poll_egress(at, device, sockets) != PollResult::None {}
        let stack = interface.poll_at(at, sockets).map(duration);
        let own = [self.gateway.next(), self.peer.next(), self.measure.next()];
        own.into_iter().flatten().chain(stack).min()
    }

    /// Takes over what DHCP has found out.
    fn configure(&mut self, now: Moment, say: &mut impl FnMut(Report)) {
        let dhcp = self.sockets.get_mut::<dhcpv4::Socket>(self.dhcp);
        match dhcp.poll() {
            None => {}
            Some(dhcpv4::Event::Configured(found)) => {
                let address = found.address;
                let router = found.router.filter(is_station);
                self.set_address(Some((address, router)));
                self.gateway.set(router, now.time);
                say(Report::Address(address));
            }
            Some(dhcpv4::Event::Deconfigured) => {
                if self.interface.ip_addrs().len() > 1 {
                    say(Report::AddressLost);
                }
                self.set_address(None);
                self.gateway.set(None, now.time);
            }
        }
    }

    fn set_address(&mut self, found: Option<(Ipv4Cidr, Option<Ipv4Address>)>) {
        let fixed = self.config.address();
        self.interface.update_ip_addrs(|addresses| {
            addresses.clear();
            // There is room for two, which the stack's build fixes.
            let found = found.map(|(address, _)| address);
            for address in found.into_iter().chain([fixed]) {
                let _ = addresses.push(IpCidr::Ipv4(address));
            }
        });
        let routes = self.interface.routes_mut();
        routes.remove_default_ipv4_route();
        if let Some(router) = found.and_then(|(_, router)| router) {
            // There is room for two.
            let _ = routes.add_default_ipv4_route(router);
        }
    }
}

fn dhcp_socket() -> dhcpv4::Socket<'static> {
    let mut socket = dhcpv4::Socket::new();
    // Somebody is watching a screen.
    let mut retry = dhcpv4::RetryConfig::default();
    retry.discover_timeout = smoltcp::time::Duration::from_secs(2);
    retry.initial_request_timeout = smoltcp::time::Duration::from_secs(1);
    socket.set_retry_config(retry);
    socket
}

/// Whether an address is that of one station.
fn is_station(address: &Ipv4Address) -> bool {
    !address.is_multicast() && !address.is_broadcast() && !address.is_unspecified()
}

/// The stack's time, in microseconds.
fn instant(time: Duration) -> Instant {
    Instant::from_micros(i64::try_from(time.as_micros()).unwrap_or(i64::MAX))
}

fn duration(instant: Instant) -> Duration {
    Duration::from_micros(u64::try_from(instant.total_micros()).unwrap_or_default())
}
