// SPDX-License-Identifier: BSD-2-Clause
//! Stations on a card, with a network around them.

use core::time::Duration;
use std::vec::Vec;

use igbvf::Failure;
use proptest::prelude::*;
use smoltcp::wire::{IpAddress, IpEndpoint, Ipv4Address};

use crate::Command;
use crate::testing::Lan;

const FIRST: Ipv4Address = Ipv4Address::new(10, 0, 2, 15);

fn at(a: u8, b: u8, c: u8, d: u8, port: u16) -> IpEndpoint {
    IpEndpoint::new(IpAddress::v4(a, b, c, d), port)
}

/// Measures round trips with the neighbour's echo.
fn echoes(count: usize, bytes: usize) -> Command {
    let with = at(10, 99, 0, 2, 7);
    Command::Echo { with, count, bytes }
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[test]
fn everybody_gets_an_address_and_finds_everybody() {
    let mut lan = Lan::started();
    for (vf, lines) in [
        (
            0,
            [
                "ready with 02:00:00:00:00:0a, 10.99.0.1/24",
                "link up",
                "address 10.0.2.15/24 by DHCP",
                "gateway 10.0.2.2 answers (",
                "peer 10.99.0.2 answers (",
            ],
        ),
        (
            1,
            [
                "ready with 02:00:00:00:00:0b, 10.99.0.2/24",
                "link up",
                "address 10.0.2.16/24 by DHCP",
                "gateway 10.0.2.2 answers (",
                "peer 10.99.0.1 answers (",
            ],
        ),
    ] {
        for line in lines {
            lan.until(vf, line);
        }
    }
    assert!(lan.now < seconds(5), "it takes {:?}", lan.now);
    let said = lan.said.len();
    lan.run(seconds(600));
    assert_eq!(lan.said.len(), said, "{:#?}", &lan.said[said..]);
}

/// A network where everybody knows everybody. A new address makes stations forget whom they know,
/// and then they ask once in a second.
fn settled() -> Lan {
    let mut lan = Lan::started();
    for (vf, peer) in [(0, "peer 10.99.0.2 answers"), (1, "peer 10.99.0.1 answers")] {
        lan.until(vf, "gateway 10.0.2.2 answers");
        lan.until(vf, peer);
    }
    lan.run(seconds(2));
    lan
}

/// Sends `bytes` to the echo over all of its connections at once; what comes back must be the same.
fn echo(lan: &mut Lan, bytes: usize, connections: usize, limit: Duration) {
    let data: Vec<u8> = (0..bytes).map(|n| (n ^ n >> 8 ^ n >> 16) as u8).collect();
    let mut clients: Vec<_> = (0..connections)
        .map(|_| (lan.host.connect(FIRST, 7), 0, 0))
        .collect();
    let end = lan.now + limit;
    while clients.iter().any(|(_, _, received)| *received < bytes) {
        assert!(lan.now < end, "{clients:?}");
        lan.run(Duration::from_micros(200));
        for (handle, sent, received) in &mut clients {
            let socket = lan.host.tcp(*handle);
            if socket.can_send() && *sent < bytes {
                *sent += socket.send_slice(&data[*sent..]).unwrap();
            }
            while socket.can_recv() {
                let expected = &data[*received..];
                *received += socket
                    .recv(|bytes| {
                        assert_eq!(bytes, &expected[..bytes.len()]);
                        (bytes.len(), bytes.len())
                    })
                    .unwrap();
            }
        }
    }
    for (handle, _, _) in &clients {
        lan.host.tcp(*handle).close();
    }
    lan.run(seconds(5));
    for (handle, _, _) in &clients {
        assert!(!lan.host.tcp(*handle).is_active());
    }
}

#[test]
fn the_echo_gives_back_what_it_got() {
    let mut lan = Lan::started();
    lan.until(0, "address");
    for _ in 0..3 {
        echo(&mut lan, 300_000, 4, seconds(20));
    }
    let ended = lan
        .said
        .iter()
        .filter(|(vf, line)| *vf == 0 && line == "echo: 300000 bytes on port 7");
    assert_eq!(ended.count(), 12);
}

#[test]
fn what_is_lost_is_sent_again() {
    let mut lan = Lan::started();
    lan.lose = |frame| frame % 13 == 7;
    lan.until(0, "address");
    echo(&mut lan, 100_000, 2, seconds(100));
    lan.until(0, "echo: 100000 bytes on port 7");
}

#[test]
fn neighbours_measure() {
    let mut lan = settled();
    lan.command(0, echoes(1000, 64));
    let line = "round trips with 10.99.0.2:7: 1000 of 64 bytes, 0 lost, \
                minimum 20000 ns, median 20000 ns";
    lan.until(0, line);
    lan.command(
        0,
        Command::Ping {
            with: at(10, 0, 2, 2, 0),
            count: 50,
            bytes: 64,
        },
    );
    let line = "round trips with 10.0.2.2: 50 of 64 bytes, 0 lost, \
                minimum 20000 ns, median 20000 ns";
    lan.until(0, line);
    let send = Command::Send {
        to: at(10, 99, 0, 2, 9),
        bytes: 3 << 20,
    };
    // Each as soon as the one before has ended.
    for _ in 0..5 {
        lan.said.clear();
        lan.command(0, send);
        lan.command(0, send);
        lan.until(0, "a measurement is under way");
        lan.until(0, "sent to 10.99.0.2:9: 3145728 bytes in ");
        lan.until(1, "drain: 3145728 bytes on port 9 in ");
    }
    // Nobody there; nobody who listens.
    for command in [
        Command::Flood {
            to: at(10, 99, 0, 77, 9),
            count: 100,
        },
        Command::Echo {
            with: at(10, 99, 0, 77, 7),
            count: 10,
            bytes: 64,
        },
        Command::Send {
            to: at(10, 0, 2, 2, 12_345),
            bytes: 1,
        },
    ] {
        lan.said.clear();
        lan.command(0, command);
        lan.until(0, "no measurement: 10.");
    }
}

/// The number behind a word of a line.
fn number(line: &str, after: &str) -> usize {
    let rest = &line[line.find(after).unwrap() + after.len()..];
    rest.split(' ').next().unwrap().parse().unwrap()
}

#[test]
fn floods_arrive_and_what_is_lost_of_them_is_counted() {
    let flood = |count| Command::Flood {
        to: at(10, 99, 0, 2, 9),
        count,
    };
    let mut lan = settled();
    for count in [1, 31, 32, 33, 10_000] {
        lan.said.clear();
        lan.command(0, flood(count));
        lan.until(0, "flooded 10.99.0.2:9: ");
        let (_, line) = lan.said.last().unwrap();
        let all = std::format!("{count} of {count} datagrams of 64 bytes in ");
        assert!(line.contains(&all), "{line}");
    }
    assert!(number(&lan.said.last().unwrap().1, "ms, ") > 100_000);

    lan.lose = |frame| frame % 10 == 0;
    lan.said.clear();
    lan.command(0, flood(1000));
    lan.until(0, "flooded");
    let (_, line) = lan.said.last().unwrap();
    assert!((800..950).contains(&number(line, "9: ")), "{line}");
}

#[test]
fn lost_echoes_are_counted() {
    let mut lan = settled();
    lan.lose = |frame| frame % 10 == 0;
    lan.command(0, echoes(100, 8));
    lan.until(0, "round trips with");
    let (_, line) = lan.said.last().unwrap();
    let (came, lost) = (number(line, "7: "), number(line, "bytes, "));
    assert_eq!(came + lost, 100, "{line}");
    assert!((10..30).contains(&lost), "{line}");
}

#[test]
fn a_gateway_that_falls_silent_is_missed() {
    let mut lan = Lan::started();
    lan.until(0, "gateway 10.0.2.2 answers");
    lan.lose = |_| true;
    lan.until(0, "gateway 10.0.2.2 does not answer");
    lan.until(0, "peer 10.99.0.2 does not answer");
    lan.run(seconds(100));
    let silent = |lan: &Lan| {
        let lines = lan.said.iter();
        lines
            .filter(|(_, line)| line.contains("does not answer"))
            .count()
    };
    assert_eq!(silent(&lan), 4, "each says it once about each");
    lan.said.clear();
    lan.lose = |_| false;
    lan.until(0, "gateway 10.0.2.2 answers");
    lan.until(0, "peer 10.99.0.2 answers");
}

#[test]
fn dhcp_is_asked_until_it_answers() {
    let mut lan = Lan::new();
    lan.host.serves = false;
    lan.grant(0);
    lan.run(seconds(30));
    assert!(!lan.has_said(0, "DHCP"));
    lan.host.serves = true;
    lan.until(0, "address 10.0.2.15/24 by DHCP");
}

#[test]
fn an_address_that_is_not_prolonged_is_given_up() {
    let mut lan = Lan::new();
    lan.host.lease = 60;
    lan.grant(0);
    lan.until(0, "gateway 10.0.2.2 answers");
    lan.run(seconds(300));
    assert!(!lan.has_said(0, "lost"), "it was prolonged");
    lan.host.refuses = true;
    lan.until(0, "the address by DHCP is lost");
    lan.said.clear();
    lan.host.refuses = false;
    lan.until(0, "address 10.0.2.15/24 by DHCP");
    lan.until(0, "gateway 10.0.2.2 answers");
}

#[test]
fn a_link_that_goes_and_comes() {
    let mut lan = Lan::started();
    lan.until(0, "gateway 10.0.2.2 answers");
    lan.card.set_link(false);
    lan.until(0, "link down");
    lan.said.clear();
    lan.card.set_link(true);
    lan.until(0, "link up");
    lan.until(0, "address 10.0.2.15/24 by DHCP");
}

#[test]
fn a_function_that_is_lost_and_granted_again_goes_on() {
    let mut lan = Lan::started();
    lan.until(0, "gateway 10.0.2.2 answers");
    for round in 0..20u64 {
        lan.stations[0].lost();
        lan.card.reset(0);
        lan.run(Duration::from_millis(7 * round));
        lan.said.clear();
        lan.grant(0);
        for line in [
            "ready with",
            "address 10.0.2.15/24",
            "gateway 10.0.2.2 answers",
            "peer",
        ] {
            lan.until(0, line);
        }
    }
    echo(&mut lan, 10_000, 4, seconds(5));
}

#[test]
fn a_measurement_waits_for_the_function() {
    let mut lan = settled();
    lan.stations[0].lost();
    lan.command(0, echoes(3, 64));
    lan.run(seconds(1));
    assert!(!lan.has_said(0, "round trips"));
    lan.card.reset(0);
    lan.card.set_link(false);
    lan.grant(0);
    lan.run(seconds(3));
    assert!(!lan.has_said(0, "round trips"));
    lan.card.set_link(true);
    lan.until(0, "round trips with 10.99.0.2:7: ");
}

#[test]
fn a_failed_driver_is_started_again() {
    let mut lan = Lan::started();
    lan.until(0, "gateway 10.0.2.2 answers");
    lan.card.set_absent(0, true);
    lan.until(
        0,
        "the virtual function does not answer: is its memory decoded?; starting again",
    );
    lan.run(seconds(10));
    lan.said.clear();
    lan.card.set_absent(0, false);
    lan.until(0, "gateway 10.0.2.2 answers");

    lan.card.begin_pf_reset();
    lan.card.end_pf_reset();
    let line = std::format!("{}; starting again", Failure::Forgotten);
    lan.until(0, &line);
    lan.said.clear();
    lan.until(0, "gateway 10.0.2.2 answers");
}

#[test]
fn without_a_device_that_checks_checksums_they_are_checked() {
    let mut lan = Lan::new();
    lan.card.set_checks(0, false);
    lan.grant(0);
    lan.until(0, "address");
    echo(&mut lan, 50_000, 1, seconds(10));
    let (counters, dropped, damaged) = lan.stations[0].counts();
    assert_eq!((counters.sent, dropped, damaged), (0, 0, 0));
}

#[test]
fn frames_with_wrong_checksums_are_dropped() {
    for checks in [false, true] {
        let mut lan = Lan::started();
        lan.card.set_checks(0, checks);
        lan.until(0, "address");
        // An echo over UDP with a wrong checksum, from nobody.
        let mut frame = std::vec![0u8; 64];
        frame[..6].copy_from_slice(&crate::testing::mac(0).bytes());
        frame[6..14].copy_from_slice(&[2, 0, 0, 0, 0, 0x99, 8, 0]);
        frame[14..24].copy_from_slice(&[0x45, 0, 0, 50, 0, 0, 0, 0, 64, 17]);
        frame[26..34].copy_from_slice(&[10, 0, 2, 9, 10, 0, 2, 15]);
        frame[34..42].copy_from_slice(&[0xc3, 0x50, 0, 7, 0, 30, 0x12, 0x34]);
        for damaged in 1..10 {
            assert!(lan.card.deliver(0, &frame));
            lan.run(Duration::from_millis(1));
            assert_eq!(lan.stations[0].counts().2, damaged);
        }
    }
}

#[test]
fn a_network_that_is_never_quiet_leaves_time_for_others() {
    let mut lan = settled();
    let mut frame = std::vec![0xffu8; 6];
    frame.extend_from_slice(&[2, 0, 0, 0, 0, 0x99, 8, 6]);
    frame.resize(60, 0);
    for _ in 0..50 {
        while lan.card.deliver(0, &frame) {}
        lan.run(Duration::from_micros(20));
    }
    // All of them were taken, though each pass takes only so many.
    lan.run(Duration::from_millis(1));
    assert!(lan.card.deliver(0, &frame));
    lan.said.clear();
    lan.command(0, echoes(10, 64));
    lan.until(0, "round trips");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    /// Frames that begin like real ones and go on with noise.
    #[test]
    fn noise_from_the_network_does_no_harm(
        frames in prop::collection::vec(
            (0usize..3, 0usize..4, prop::collection::vec(any::<u8>(), 0..200)), 1..60)
    ) {
        let mut lan = settled();
        for (to, kind, noise) in frames {
            let mut frame = match to {
                0 => crate::testing::mac(0).bytes().to_vec(),
                1 => std::vec![0xff; 6],
                _ => std::vec![1, 0, 0x5e, 0, 0, 1],
            };
            frame.extend_from_slice(&[2, 0, 0, 0, 0, 0x99]);
            let start: &[u8] = match kind {
                0 => &[8, 6, 0, 1, 8, 0, 6, 4, 0, 1],
                1 => &[8, 0, 0x45, 0],
                2 => &[8, 0, 0x45, 0, 0, 60, 0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 2, 2, 10, 0, 2, 15, 0, 67, 0, 68],
                _ => &[],
            };
            frame.extend_from_slice(start);
            frame.extend_from_slice(&noise);
            frame.resize(frame.len().max(14), 0);
            lan.card.deliver(0, &frame);
            lan.run(Duration::from_micros(50));
        }
        lan.said.clear();
        lan.command(0, echoes(10, 64));
        lan.until(0, "round trips with 10.99.0.2:7: ");
    }
}
