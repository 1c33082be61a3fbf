// SPDX-License-Identifier: BSD-2-Clause
//! Virtual functions that write whatever they like, as often as they like.

use proptest::prelude::*;

use super::*;

/// What of the device belongs to virtual function 1 or to everybody, and so must not change
/// whatever virtual function 0 does.
fn foreign(card: &Card) -> Vec<u32> {
    let vlvf = (0..32).map(|n| card.get(0x5d00 + 4 * n) & !(1 << 12));
    let fixed = [0xc8c, 0xc90].map(|offset| card.get(offset) & !1);
    let others = [
        0x54e0 + 6 * 8,
        0x54e4 + 6 * 8,
        0x5ad4,
        0x3704,
        0x3500,
        0x0,
        0x18,
        0x100,
        0x400,
        0x1514,
        0x2408,
        0x5818,
        0x581c,
        0x800 + 64,
        0xc04,
        0xc44,
    ];
    let others = others.map(|offset| card.get(offset));
    // The multicast table is shared; the hash of the other one must stay.
    let hash = [card.get(0x5200 + 4 * 5) & 1];
    let used = vlvf.map(|entry| if entry & 0xff000 == 0 { 0 } else { entry });
    fixed
        .into_iter()
        .chain(others)
        .chain(hash)
        .chain(used.filter(|e| *e != 0))
        .collect()
}

fn peaceful() -> (Card, Pf) {
    let (mut card, mut pf) = system();
    assert!(pf.allow(
        &mut card,
        1,
        Policy {
            max_vlans: 2,
            ..policy(1)
        },
        1000
    ));
    ask(&mut card, &mut pf, 1, &[1]);
    ask(&mut card, &mut pf, 1, &[0x0001_0003, 5 << 5]);
    ask(&mut card, &mut pf, 1, &[0x0001_0004, 77]);
    (card, pf)
}

/// Words near those that mean something, and any others.
fn word() -> impl Strategy<Value = u32> {
    prop_oneof![
        any::<u32>(),
        (0u32..8, 0u32..34, 0u32..8).prop_map(|(kind, n, top)| kind | n << 16 | top << 29),
        Just(77),
        prop::sample::select(mac(1).words().to_vec()),
        prop::sample::select(mac(0).words().to_vec()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]
    #[test]
    fn no_words_change_what_is_anothers(
        generous: bool,
        messages in prop::collection::vec((0u8..10, prop::collection::vec(word(), 1..16)), 1..60),
    ) {
        let (mut card, mut pf) = peaceful();
        if generous {
            let all = Policy {
                may_change_mac: true, max_vlans: 255, max_multicast: 255, anti_spoof: true,
                may_be_promiscuous: true, max_frame: u16::MAX, ..policy(0)
            };
            prop_assert!(pf.allow(&mut card, 0, all, 1000));
        }
        let before = foreign(&card);
        let mut now = ms(0);
        for (what, words) in messages {
            now += ms(7);
            match what {
                0 => card.reset_vf(0),
                1 => { card.vf_lock(0); }
                2 => card.vf_unlock(0),
                3 => card.set(0xc40, words[0]),
                _ => if card.vf_lock(0) { card.vf_send(0, &words) },
            }
            pf.poll(&mut card, now, |event| match event {
                Event::Reset(vf) | Event::Answered(vf, _) | Event::Flooding(vf)
                | Event::Spoofed(vf) => assert_eq!(vf, 0),
            });
            prop_assert_eq!(&foreign(&card), &before);
            // Nobody keeps the buffer, and no frame can be longer than the device can take.
            prop_assert_eq!(card.get(0xc00) & 8, 0);
            prop_assert!(card.get(0x5ad0) & 0x3fff <= 9728);
        }
        // The other one is served all the while.
        let answer = ask(&mut card, &mut pf, 1, &[5, 0x5f2]);
        prop_assert_eq!(answer[0], 0xa000_0005);
    }
}

#[test]
fn a_flood_costs_a_bounded_time_and_delays_nobody() {
    let limits = Limits {
        messages: 8,
        window: ms(100),
    };
    let (mut card, mut pf) = (Card::new(), Pf::new(8, limits));
    for vf in 0..8 {
        assert!(pf.allow(&mut card, vf, policy(vf), 1000));
    }
    let (mut answered, mut floods) = ([0; 8], 0);
    let mut served_at_once = 0;
    for tick in 0..1000 {
        let now = ms(tick);
        // Seven of them send whenever they can, or reset themselves.
        for vf in 0..7 {
            if vf % 2 == 0 && card.vf_lock(vf) {
                card.vf_send(vf, &[1]);
            } else {
                card.reset_vf(vf);
            }
        }
        let polite = tick % 50 == 0;
        if polite {
            card.vf_send(7, &[1]);
        }
        let next = pf.poll(&mut card, now, |event| match event {
            Event::Answered(vf, _) | Event::Reset(vf) => answered[usize::from(vf)] += 1,
            Event::Flooding(_) => floods += 1,
            Event::Spoofed(_) => unreachable!(),
        });
        if polite {
            served_at_once += usize::from(card.vf_answer(7).is_some());
        }
        assert!(next.is_none_or(|next| next > now && next <= now + ms(100)));
    }
    assert_eq!(answered[..7], [80; 7]);
    assert_eq!((answered[7], served_at_once), (20, 20));
    assert_eq!(floods, 7 * 10);
    // Those that flood raise no interrupts until they are listened to again.
    assert!(card.log.contains(&(0xc84, 0x80)));
}

#[test]
fn a_mailbox_that_is_never_given_back_is_looked_at_a_bounded_number_of_times() {
    let (mut card, mut pf) = system();
    card.vf_send(0, &[1]);
    assert!(card.vf_lock(0));
    let (mut now, mut polls) = (ms(0), 0);
    while now < ms(1000) {
        polls += 1;
        let next = pf.poll(&mut card, now, |_| {});
        now = next.expect("something is left to do").max(now + ms(1));
    }
    assert!(polls <= 10 * 66, "{polls}");
    assert!(card.locks <= 10 * 64, "{}", card.locks);
}

#[test]
fn a_device_that_is_gone_is_left_alone() {
    let (_, mut pf) = system();
    let mut gone = mmio::FakeMmio::<0x20000>::absent();
    assert_eq!(pf.poll(&mut gone, ms(0), |_| {}), None);
    assert!(gone.log().is_empty());
}
