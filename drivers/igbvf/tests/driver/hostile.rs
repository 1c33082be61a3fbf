// SPDX-License-Identifier: BSD-2-Clause
//! A device that writes whatever it likes, and a physical function that says whatever it likes.

use proptest::prelude::*;

use super::*;

/// Writes what the device says about receive descriptor `index`.
fn forge(bench: &Bench, index: usize, word: u64) {
    bench.card.poke_shared(0, index * 16 + 8, word);
}

#[test]
fn frames_that_make_no_sense_are_dropped_and_counted() {
    let mut bench = Bench::running();
    let good = 60 << 32 | 3u64;
    for (index, (word, dropped)) in [
        (13 << 32 | 3, 1),     // shorter than a header
        (3, 2),                // empty
        (2049 << 32 | 3, 3),   // longer than the buffer
        (0xffff << 32 | 3, 4), // much longer
        (u64::MAX, 5),         // damaged
        (2048 << 32 | 1, 6),   // in three pieces,
        (2048 << 32 | 1, 6),   // counted as one
        (100 << 32 | 3, 6),    // until it ends
        (good, 6),
    ]
    .into_iter()
    .enumerate()
    {
        forge(&bench, index, word);
        assert_eq!(bench.receive().is_some(), word == good, "{word:#x}");
        assert_eq!(bench.driver.dropped(), dropped, "{word:#x}");
    }
}

#[test]
fn a_ring_full_of_nonsense_takes_a_bounded_time() {
    let mut bench = Bench::running();
    for index in 0..256 {
        forge(&bench, index, u64::MAX);
    }
    bench.card.accesses(0);
    assert_eq!(bench.receive(), None);
    assert_eq!(bench.driver.dropped(), 256);
    assert_eq!(bench.card.accesses(0).1, 8);
}

#[test]
fn reports_that_come_too_early_do_no_harm() {
    let mut bench = Bench::running();
    bench.card.set_stalled(0, true);
    // All ones, again and again: the driver believes that everything was sent.
    for number in 0..5_000 {
        for index in 0..256 {
            bench.card.poke_shared(0, 4096 + index * 16 + 8, u64::MAX);
        }
        assert!(bench.send(&frame(60, number), Offload::None));
    }
}

#[test]
#[should_panic(expected = "60 bytes at 0x2deadbeef are not granted")]
fn who_wants_to_overstep_can() {
    Bench::running().driver.send_from(0x2_dead_beef);
}

#[test]
#[should_panic(expected = "2048 bytes at 0x2deadbeef are not granted")]
fn in_both_directions() {
    let mut bench = Bench::running();
    assert!(bench.driver.receive_to(0x2_dead_beef));
    bench.card.deliver(0, &frame(60, 0));
}

#[test]
fn answers_that_nobody_asked_for_are_not_taken() {
    for (first, failure) in [
        (0x8000_0001u32, None),
        (0x4000_0001, Some(Failure::Refused)),
        (0xc000_0001, Some(Failure::Refused)),
        (0x0000_0001, Some(Failure::Refused)),
        (0x8000_0002, Some(Failure::Silent)),
        (0xffff_ffff, Some(Failure::Silent)),
        (0, Some(Failure::Silent)),
    ] {
        let mut bench = Bench::new();
        bench.driver.start(ms(0)).unwrap();
        let failed = loop {
            bench.now += ms(1);
            match bench.driver.poll(bench.now) {
                Err(failure) => break Some(failure),
                Ok(_) if bench.driver.mac().is_some() => break None,
                Ok(_) => {}
            }
            let pf = &mut bench.card.pf();
            let [low, high] = mac(9).words();
            for (offset, value) in [
                (0xc00, 8),
                (0x800, first),
                (0x804, low),
                (0x808, high),
                (0xc00, 1),
            ] {
                mmio::Mmio::write32(pf, offset, value);
            }
        };
        assert_eq!(failed, failure, "{first:#x}");
    }
    // An address of a group is none.
    let mut bench = Bench::new();
    bench.driver.start(ms(0)).unwrap();
    bench.driver.poll(ms(1)).unwrap();
    for (offset, value) in [
        (0xc00, 8),
        (0x800, 0x8000_0001),
        (0x804, 1),
        (0x808, 0),
        (0xc00, 1),
    ] {
        mmio::Mmio::write32(&mut bench.card.pf(), offset, value);
    }
    assert_eq!(bench.driver.poll(ms(2)), Err(Failure::Refused));
}

#[test]
fn a_mailbox_that_is_never_free_is_given_up() {
    let mut bench = Bench::new();
    // The physical function keeps the buffer for itself.
    mmio::Mmio::write32(&mut bench.card.pf(), 0xc00, 8);
    bench.driver.start(ms(0)).unwrap();
    let failure = loop {
        bench.now += ms(1);
        if let Err(failure) = bench.driver.poll(bench.now) {
            break failure;
        }
    };
    assert_eq!((failure, bench.now), (Failure::Silent, ms(2001)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Noise in all memory and registers: no panic, no frame longer than its buffer, and a bounded
    /// number of accesses to registers for each call.
    #[test]
    fn noise_does_no_harm(
        noise in prop::collection::vec((0u8..6, any::<u64>(), 0usize..4096), 1..200)
    ) {
        let mut bench = Bench::running();
        bench.card.set_stalled(0, true);
        for (what, word, place) in noise {
            bench.card.accesses(0);
            match what {
                0 => bench.card.poke_shared(0, place % 512 * 16 + 8, word),
                1 => bench.card.poke(0, 0xc40, word as u32),
                2 => bench.card.poke(0, 0x800 + place % 16 * 4, word as u32),
                3 => if let Some((received, _)) = bench.receive() {
                    prop_assert!((14..=BUFFER_BYTES).contains(&received.len));
                },
                4 => {
                    bench.send(&frame(60 + place % 1400, 0), Offload::None);
                    bench.driver.flush();
                }
                _ => {
                    bench.now += ms(place as u64);
                    if bench.driver.poll(bench.now).is_err() {
                        bench.driver.start(bench.now).unwrap();
                    }
                }
            }
            let (reads, writes) = bench.card.accesses(0);
            prop_assert!(reads + writes < 100, "{} and {}", reads, writes);
        }
    }
}
