// SPDX-License-Identifier: BSD-2-Clause

extern crate std;

use core::cell::Cell;
use std::boxed::Box;
use std::vec;
use std::vec::Vec;

use proptest::prelude::*;
use switch_interface::{Counters, Link, Region, SLOTS};

use super::*;

/// Counts how often it was notified.
#[derive(Debug, Clone, Copy)]
struct Bell(&'static Cell<u32>);

impl Bell {
    fn new() -> Self {
        Self(Box::leak(Box::default()))
    }
}

impl Notify for Bell {
    fn notify(&self) {
        self.0.set(self.0.get() + 1);
    }
}

const BROADCAST: [u8; 6] = [0xff; 6];

fn mac(port: u8) -> [u8; 6] {
    [2, 0, 0, 0, 0, port]
}

/// A switch and its clients.
struct Net {
    switch: Switch<'static, Bell>,
    clients: Vec<Link<'static, Bell>>,
    regions: Vec<&'static Region>,
    bells: Vec<Bell>,
    events: Vec<(usize, Event)>,
}

impl Net {
    fn new(clients: u8) -> Self {
        let mut net = Self {
            switch: Switch::new(),
            clients: vec![],
            regions: vec![],
            bells: vec![],
            events: vec![],
        };
        for number in 0..clients {
            let region: &Region = Box::leak(Box::default());
            let bell = Bell::new();
            net.clients.push(Link::new(region, Bell::new()));
            let port = Port::new(region, Mac(mac(number)), bell);
            assert!(net.switch.add(number.into(), port));
            net.regions.push(region);
            net.bells.push(bell);
        }
        net
    }

    fn pass(&mut self) -> bool {
        let events = &mut self.events;
        self.switch.pass(|port, event| events.push((port, event)))
    }

    fn settle(&mut self) {
        let passes = (0..100).take_while(|_| self.pass()).count();
        assert!(passes < 100, "the switch finds no end");
    }

    /// Sends a frame whose payload is `payload`.
    fn send(&mut self, from: u8, to: [u8; 6], source: [u8; 6], payload: &[u8]) -> bool {
        let frame = [&to[..], &source, &[8, 0], payload].concat();
        let link = &mut self.clients[usize::from(from)];
        let sent = link.send(&frame);
        link.flush();
        sent
    }

    /// The payloads that a client gets.
    fn payloads(&mut self, client: u8) -> Vec<Vec<u8>> {
        let mut frame = [0; LONGEST_FRAME];
        let link = &mut self.clients[usize::from(client)];
        std::iter::from_fn(|| {
            link.receive(&mut frame)
                .map(|length| frame[14..length].to_vec())
        })
        .collect()
    }

    fn counters(&self, client: u8) -> Counters {
        *self.switch.port(client.into()).expect("a port").counters()
    }
}

#[test]
fn a_frame_goes_where_it_belongs() {
    let mut net = Net::new(4);
    assert!(net.send(0, mac(2), mac(0), b"for 2"));
    assert!(net.send(1, BROADCAST, mac(1), b"for all"));
    assert!(net.send(2, [0x33, 0x33, 0, 0, 0, 1], mac(2), b"for several"));
    assert!(net.send(3, mac(9), mac(3), b"for nobody"));
    assert!(net.send(3, mac(3), mac(3), b"for itself"));
    net.settle();
    assert_eq!(net.payloads(0), [&b"for all"[..], b"for several"]);
    assert_eq!(net.payloads(1), [b"for several"]);
    assert_eq!(net.payloads(2), [&b"for 2"[..], b"for all"]);
    assert_eq!(net.payloads(3), [&b"for all"[..], b"for several"]);
    assert_eq!(
        net.bells
            .iter()
            .map(|bell| bell.0.get())
            .collect::<Vec<_>>(),
        [1; 4]
    );
    assert_eq!(net.counters(3).unknown, 2);
    let (first, third) = (net.counters(0), net.counters(2));
    assert_eq!(
        (first.sent, first.sent_bytes, first.received),
        (1, 14 + 5, 2)
    );
    assert_eq!((third.received, third.received_bytes), (2, 14 + 5 + 14 + 7));
    assert_eq!(net.clients[2].statistics(), third, "the client sees it");
    assert_eq!(net.events, []);
}

#[test]
fn nobody_passes_for_another() {
    let mut net = Net::new(3);
    for source in [mac(1), mac(2), mac(9), BROADCAST, [0; 6]] {
        assert!(net.send(0, mac(1), source, b"forged"));
    }
    assert!(net.send(0, mac(1), mac(0), b"honest"));
    net.settle();
    assert_eq!(net.payloads(1), [b"honest"]);
    assert_eq!(net.counters(0).foreign, 5);
    let told: Vec<_> = [mac(1), mac(2), mac(9)]
        .into_iter()
        .map(|mac| (0, Event::Foreign(Mac(mac))))
        .collect();
    assert_eq!(net.events, told, "three times, then no more");
}

#[test]
fn a_flood_leaves_room_for_others() {
    let mut net = Net::new(3);
    for round in 0..10 {
        for _ in 0..SLOTS {
            net.send(0, mac(1), mac(0), b"flood");
        }
        net.settle();
        assert!(net.send(2, mac(1), mac(2), b"a word"));
        net.settle();
        assert_eq!(net.counters(2).refused, 0, "{round}");
        if round == 0 {
            assert_eq!(net.counters(0).refused, SLOTS as u64 / 2);
        }
    }
    let got = net.payloads(1);
    assert_eq!(
        got.iter().filter(|payload| *payload == b"flood").count(),
        SLOTS / 2
    );
    assert_eq!(
        got.iter().filter(|payload| *payload == b"a word").count(),
        10
    );
}

#[test]
fn a_flood_for_all_takes_a_quarter() {
    let mut net = Net::new(3);
    for _ in 0..10 {
        for _ in 0..SLOTS {
            net.send(0, BROADCAST, mac(0), b"flood");
        }
        net.settle();
    }
    assert_eq!(net.payloads(1).len(), SLOTS / 4);
    assert_eq!(net.payloads(2).len(), SLOTS / 4);
    // What was taken makes room again.
    net.send(0, BROADCAST, mac(0), b"again");
    net.settle();
    assert_eq!(net.payloads(1), [b"again"]);
}

#[test]
fn a_pass_is_bounded_and_fair() {
    let mut net = Net::new(3);
    for _ in 0..SLOTS {
        assert!(net.send(0, mac(2), mac(0), b"0"));
    }
    assert!(net.send(1, mac(2), mac(1), b"1"));
    assert!(net.pass(), "there is more");
    assert_eq!(net.counters(0).sent, 32);
    assert_eq!(net.counters(1).sent, 1);
    assert!(!net.pass());
    assert_eq!(net.counters(0).sent, 64);
}

#[test]
fn a_port_is_one() {
    let region: &Region = Box::leak(Box::default());
    let mut switch = Switch::new();
    assert!(switch.add(15, Port::new(region, Mac(mac(1)), Bell::new())));
    assert!(!switch.add(15, Port::new(region, Mac(mac(1)), Bell::new())));
    assert!(!switch.add(16, Port::new(region, Mac(mac(1)), Bell::new())));
    assert!(!switch.pass(|_, _| {}));
}

proptest! {
    /// Every frame that an honest client gets was sent to it by who it says, whatever the others do.
    #[test]
    fn frames_are_what_they_say(
        sends in prop::collection::vec((0..4_u8, 0..6_u8, 0..5_u8, any::<u8>(), any::<bool>()), 0..300),
    ) {
        let mut net = Net::new(4);
        let mut sent = Vec::new();
        for (from, to, source, mark, pass) in sends {
            let to = if to == 5 { BROADCAST } else { mac(to) };
            let payload = [from, mark];
            net.send(from, to, mac(source), &payload);
            sent.push((from, to, source, mark));
            if pass {
                net.pass();
            }
            for client in 0..4 {
                for got in net.payloads(client) {
                    let [from, mark] = got[..] else { panic!("a payload of two bytes") };
                    let was_sent = sent.iter().any(|(sender, to, source, sent)| {
                        *sender == from && *source == from && *sent == mark
                            && (*to == mac(client) || *to == BROADCAST) && from != client
                    });
                    prop_assert!(was_sent);
                }
            }
        }
    }
}
