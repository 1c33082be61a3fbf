// SPDX-License-Identifier: BSD-2-Clause
//! The switch: carries Ethernet frames between protection domains.
//!
//! Every channel of this protection domain with an id below 16 is a port. The region that it shares
//! with the client of channel `n` is mapped at `links` + `n` * 0x40000; the client's name has an
//! address in the table.
#![no_std]
#![no_main]

use core::ptr::NonNull;

use console_interface::own_stream;
use sel4_microkit::{
    Channel, ChannelSet, Handler, Infallible, memory_region_symbol, protection_domain, var,
};
use switch_core::{MAX_PORTS, Port, Switch};
use switch_interface::{REGION_DISTANCE, Region, Table, table};

struct Ports(Switch<'static, Channel>);

#[protection_domain]
fn init() -> Ports {
    own_stream!();
    let mut switch = Switch::new();
    let links = memory_region_symbol!(links: *mut u8);
    let (at, size) = (
        *var!(switch_table: usize = 0),
        *var!(switch_table_size: usize = 0),
    );
    // SAFETY: the image tool wrote address and length of a region that nobody can write.
    match Table::parse(unsafe { table(at, size) }) {
        Ok(table) => connect(&mut switch, links, &table),
        Err(error) => log::error!("{error}; no frame goes anywhere"),
    }
    let mut ports = Ports(switch);
    ports.carry();
    ports
}

/// Makes a port of each channel whose client has an address.
fn connect(switch: &mut Switch<'static, Channel>, links: NonNull<u8>, table: &Table<'_>) {
    for number in 0..MAX_PORTS {
        let channel = Channel::new(number);
        let Some(name) = channel.peer_name() else {
            continue;
        };
        let Some(mac) = table.find(name) else {
            log::error!("'{name}' is not in the table of addresses; its frames go nowhere");
            continue;
        };
        let at = links.as_ptr().wrapping_add(number * REGION_DISTANCE).cast();
        let Some(at) = NonNull::new(at) else {
            continue;
        };
        // SAFETY: system.xml maps a region for each channel that has a peer, as this program's
        // documentation asks for; nothing else uses it.
        let region = unsafe { Region::from_ptr(at) };
        switch.add(number, Port::new(region, mac, channel));
        log::info!("port {number}: {mac} is '{name}'");
    }
}

impl Ports {
    /// Carries frames until none waits. In between, others of the same priority have their turn.
    fn carry(&mut self) {
        let report = |number, event| {
            let name = Channel::new(number).peer_name().unwrap_or_default();
            log::warn!("'{name}' sent {event}; dropped");
        };
        while self.0.pass(report) {
            sel4::r#yield();
        }
    }
}

impl Handler for Ports {
    type Error = Infallible;

    fn notified(&mut self, _: ChannelSet) -> Result<(), Infallible> {
        self.carry();
        Ok(())
    }
}
