// SPDX-License-Identifier: BSD-2-Clause
//! Frames in both directions, and what they cost.

use igbvf::Checksums;
use proptest::prelude::*;

use super::*;

/// An IPv4 frame with a protocol's header and 31 bytes; its checksum field has the sum of the pseudo
/// header. Then the same frame as it has to go out.
fn datagram(protocol: u8) -> (Vec<u8>, Vec<u8>) {
    let header = if protocol == 6 { 20 } else { 8 };
    let field = 34 + if protocol == 6 { 16 } else { 6 };
    let mut frame = vec![0x11; 34 + header + 31];
    frame[12..14].copy_from_slice(&[8, 0]);
    frame[14..24].copy_from_slice(&[0x45, 0, 0, 51 + header as u8, 0, 0, 0x40, 0, 64, protocol]);
    let sum = |bytes: &[u8]| {
        let words = bytes.chunks(2).map(|pair| {
            u32::from(pair[0]) << 8 | u32::from(pair.get(1).copied().unwrap_or_default())
        });
        let sum: u32 = words.sum();
        sum % 0xffff
    };
    let pseudo = (sum(&frame[26..34]) + u32::from(protocol) + header as u32 + 31) % 0xffff;
    frame[field..field + 2].copy_from_slice(&(pseudo as u16).to_be_bytes());
    let mut whole = frame.clone();
    let value = !(sum(&frame[34..]) as u16);
    whole[field..field + 2].copy_from_slice(&value.to_be_bytes());
    (frame, whole)
}

#[test]
fn checksums_are_left_to_the_device() {
    let mut bench = Bench::running();
    for round in 0..600 {
        for (protocol, offload) in [(6, Offload::Tcp), (17, Offload::Udp)] {
            let (part, whole) = datagram(protocol);
            assert!(bench.send(&part, offload));
            bench.driver.flush();
            assert_eq!(bench.card.sent(0), Some(whole.clone()), "round {round}");
            assert!(bench.card.deliver(0, &whole));
            let (received, bytes) = bench.receive().unwrap();
            assert_eq!(
                (received.checksums, bytes),
                (Checksums::Good, whole.clone())
            );

            let mut wrong = whole.clone();
            wrong[40] ^= 1;
            assert!(bench.card.deliver(0, &wrong));
            assert_eq!(bench.receive().unwrap().0.checksums, Checksums::Bad);
        }
    }
    bench.card.set_checks(0, false);
    assert!(bench.card.deliver(0, &datagram(6).1));
    assert_eq!(bench.receive().unwrap().0.checksums, Checksums::Unknown);
}

#[test]
fn short_frames_are_filled_up_with_zeroes() {
    let mut bench = Bench::running();
    for number in 0..300 {
        assert!(bench.send(&frame(100, number), Offload::None));
    }
    bench.driver.flush();
    while bench.card.sent(0).is_some() {}
    for number in 0..300 {
        let short = frame(18 + number as usize % 42, number);
        assert!(bench.send(&short, Offload::None));
        bench.driver.flush();
        let mut expected = short;
        expected.resize(60, 0);
        assert_eq!(
            bench.card.sent(0),
            Some(expected),
            "nothing of earlier frames"
        );
    }
}

#[test]
fn a_full_ring_has_no_place_until_the_device_has_sent() {
    let mut bench = Bench::running();
    bench.card.set_stalled(0, true);
    for round in 0..5 {
        let mut count = 0;
        while bench.send(&frame(60, count), Offload::None) {
            count += 1;
        }
        assert!((220..=255).contains(&count), "{count} in round {round}");
        bench.driver.flush();
        bench.card.set_stalled(0, false);
        bench.card.set_stalled(0, true);
        for number in 0..count {
            assert_eq!(bench.card.sent(0), Some(frame(60, number)));
        }
        assert_eq!(bench.card.sent(0), None);
    }
}

#[test]
fn one_write_announces_many_frames_and_returns_many_buffers() {
    let mut bench = Bench::running();
    bench.card.accesses(0);
    for number in 0..64 {
        assert!(bench.send(&frame(60, number), Offload::None));
    }
    bench.driver.flush();
    assert_eq!(bench.card.accesses(0), (0, 1));
    for number in 0..64 {
        assert!(bench.card.deliver(0, &frame(60, number)));
    }
    assert_eq!(
        bench.card.interrupts(0),
        64,
        "as the device is set, not more"
    );
    for number in 0..64 {
        assert_eq!(bench.receive().unwrap().1, frame(60, number));
    }
    assert_eq!(bench.card.accesses(0), (0, 2));
    bench.driver.flush();
    assert_eq!(bench.card.accesses(0), (0, 1), "it interrupts less now");
    assert_eq!(bench.card.peek(0, 0x1680), 200);
    // A single frame and its answer: one write in all, and interrupts without delay again.
    for (number, writes) in [(0, 2), (1, 1), (2, 1)] {
        assert!(bench.card.deliver(0, &frame(60, number)));
        assert!(bench.receive().is_some());
        assert!(bench.send(&frame(60, number), Offload::None));
        bench.driver.flush();
        assert_eq!(bench.card.accesses(0), (0, writes));
    }
    assert_eq!(bench.card.peek(0, 0x1680), 0);
}

#[test]
fn the_device_always_has_buffers_while_the_driver_takes_frames() {
    let mut bench = Bench::running();
    for number in 0..2_000 {
        assert!(bench.card.deliver(0, &frame(60, number)), "{number}");
        assert_eq!(bench.receive().unwrap().1, frame(60, number));
    }
    // All of them at once: a gap of one, and what was not given back yet.
    let mut count = 0;
    while bench.card.deliver(0, &frame(1514, count)) {
        count += 1;
    }
    assert!((224..=255).contains(&count), "{count}");
    for number in 0..count {
        assert_eq!(bench.receive().unwrap().1, frame(1514, number));
    }
    assert_eq!(bench.receive(), None);
    assert!(bench.card.deliver(0, &frame(60, 0)));
}

#[test]
#[should_panic(expected = "a frame of 1515 bytes")]
fn a_longer_frame_is_a_mistake() {
    Bench::running().send(&frame(1515, 0), Offload::None);
}

proptest! {
    #[test]
    fn frames_stay_whole_and_in_order(
        steps in prop::collection::vec((0u8..4, 1usize..100, 18usize..=1514), 1..60)
    ) {
        let mut bench = Bench::running();
        let (mut sent, mut seen, mut delivered, mut received) = (0, 0, 0, 0);
        let whole = |len: usize, number| {
            let mut whole = frame(len, number);
            whole.resize(len.max(60), 0);
            whole
        };
        let mut lengths = [Vec::new(), Vec::new()];
        for (what, count, len) in steps {
            match what {
                0 => for _ in 0..count {
                    if bench.send(&frame(len, sent), Offload::None) {
                        lengths[0].push(len);
                        sent += 1;
                    }
                },
                1 => {
                    bench.driver.flush();
                    while let Some(bytes) = bench.card.sent(0) {
                        prop_assert_eq!(bytes, whole(lengths[0][seen as usize], seen));
                        seen += 1;
                    }
                    prop_assert_eq!(seen, sent);
                }
                2 => for _ in 0..count {
                    if bench.card.deliver(0, &frame(len, delivered)) {
                        lengths[1].push(len);
                        delivered += 1;
                    }
                },
                _ => for _ in 0..count {
                    let Some((_, bytes)) = bench.receive() else {
                        prop_assert_eq!(received, delivered);
                        break;
                    };
                    prop_assert_eq!(bytes, whole(lengths[1][received as usize], received));
                    received += 1;
                },
            }
        }
    }
}
