// SPDX-License-Identifier: BSD-2-Clause
//! The physical function against virtual functions that behave like `igbvf`, and against others.

mod hostile;

use std::vec::Vec;

use super::*;
use crate::{Mac, Refusal};
use igb_model::{Card, ms};

fn mac(last: u8) -> Mac {
    Mac::new([0x52, 0x54, 0, 0xbb, 0, last]).unwrap()
}

fn policy(last: u8) -> Policy {
    Policy::new(Some(mac(last)))
}

/// Two of eight virtual functions are somebody's.
fn system() -> (Card, Pf) {
    let (mut card, mut pf) = (Card::new(), Pf::new(8, Limits::default()));
    card.set(0x3500, 1 << 31);
    assert!(pf.allow(&mut card, 0, policy(0), 1000));
    assert!(pf.allow(&mut card, 1, policy(1), 1000));
    assert!(!pf.allow(&mut card, 8, policy(8), 1000));
    (card, pf)
}

fn ask(card: &mut Card, pf: &mut Pf, vf: usize, words: &[u32]) -> [u32; 3] {
    card.ask(vf, words, |card| {
        pf.poll(card, ms(0), |_| {});
    })
}

#[test]
fn an_interrupt_that_was_taken_note_of_can_come_again() {
    let (mut card, mut pf) = system();
    card.set(0xc0, 1 << 8);
    card.vf_send(1, &[1]);
    card.set(0x1580, 1 << 2);
    pf.acknowledge(&mut card, 2);
    assert_eq!(card.get(0xc0), 0, "reading clears the cause");
    assert_eq!(card.get(0x1580), 0, "and so does writing one");
    pf.poll(&mut card, ms(0), |_| {});
    assert!(card.vf_answer(1).is_some(), "the message is still there");
}

#[test]
fn causes_that_virtual_functions_mask_for_now_stay_pending() {
    let (mut card, mut pf) = system();
    for vf in 0..8 {
        for vector in 0..3 {
            card.vf_cause(vf, vector);
        }
    }
    card.set(0x1580, card.get(0x1580) | 1);
    pf.acknowledge(&mut card, 0);
    pf.poll(&mut card, ms(0), |_| {});
    for vf in 0..8 {
        assert_eq!(card.vf_causes(vf), 0b111, "virtual function {vf}");
    }
    assert_eq!(card.get(0x1580) & 1, 0);
}

#[test]
fn igbvf_comes_up() {
    let (mut card, mut pf) = system();
    let [low, high] = mac(1).words();
    // At probe and when the interface is brought up, word for word.
    for (words, answer) in [
        (&[0x0000_0001][..], [0x8000_0001, low, high]),
        (&[0x0000_0001], [0x8000_0001, low, high]),
        (&[0x0000_0002, low, high], [0xa000_0002, low, high]),
        (&[0x0001_0003, 0x0800], [0xa001_0003, 0x0800, high]),
        (&[0x0001_0002, 0, 0], [0xa001_0002, 0, 0]),
        (&[0x0002_0002, low, high], [0x6002_0002, low, high]),
        (&[0x0000_0005, 0x5f2, 0], [0xa000_0005, 0x5f2, 0]),
        (&[0x0001_0004, 0, 0], [0xa001_0004, 0, 0]),
        (&[0x0001_0004, 7, 0], [0x6001_0004, 7, 0]),
        (&[0x0000_0006, 0, 0], [0xa000_0006, 0, 0]),
        (&[0x0002_0006, 0, 0], [0x6002_0006, 0, 0]),
        (
            &[0x0000_0002, low, high + 0x100],
            [0x6000_0002, low, high + 0x100],
        ),
    ] {
        assert_eq!(ask(&mut card, &mut pf, 1, words), answer, "{words:x?}");
    }
    assert_eq!((card.get(0xc8c), card.get(0xc90)), (2, 2));
    assert_eq!(card.get(0x5204 - 4 + 0x100), 1, "multicast hash 0x800");
    // Untagged, broadcasts, multicast table, CRC stripped, frames up to 1522.
    assert_eq!(card.get(0x5ad4), 0x8b01_05f2);
    assert_eq!(card.get(0x3500), 0x8000_0303);
    assert_eq!(card.get(0x54e4 + 6 * 8), 1 << 31 | 1 << 19 | 0x0100);
}

#[test]
fn nothing_is_given_before_a_reset_or_without_an_owner() {
    let (mut card, mut pf) = system();
    assert_eq!(ask(&mut card, &mut pf, 0, &[5, 0x5f2])[0], 0x4000_0005);
    assert_eq!(ask(&mut card, &mut pf, 5, &[1]), [0x4000_0001, 0, 0]);
    assert_eq!(card.get(0xc8c) | card.get(0xc90), 0);
    // Without an address it is told so, and may still start.
    assert!(pf.allow(
        &mut card,
        5,
        Policy {
            may_change_mac: true,
            ..Policy::new(None)
        },
        1000
    ));
    assert_eq!(ask(&mut card, &mut pf, 5, &[1]), [0x4000_0001, 0, 0]);
    assert_eq!(card.get(0xc8c), 1 << 5);
    let [low, high] = mac(0).words();
    assert_eq!(ask(&mut card, &mut pf, 0, &[1])[0], 0x8000_0001);
    assert_eq!(
        ask(&mut card, &mut pf, 5, &[2, low, high])[0],
        0x6000_0002,
        "taken"
    );
    assert_eq!(
        ask(&mut card, &mut pf, 5, &[2, low, high + 0x100])[0],
        0xa000_0002
    );
}

#[test]
fn a_reset_takes_everything_back() {
    let (mut card, mut pf) = system();
    ask(&mut card, &mut pf, 0, &[1]);
    ask(&mut card, &mut pf, 0, &[0x0001_0003, 0x0800]);
    ask(&mut card, &mut pf, 1, &[1]);
    assert!(card.vf_lock(0), "and it dies with the mailbox locked");
    card.reset_vf(0);
    let mut events = Vec::new();
    pf.poll(&mut card, ms(1), |event| events.push(event));
    assert_eq!(events, [Event::Reset(0)]);
    assert_eq!((card.get(0xc88), card.get(0xc8c)), (0, 2));
    assert_eq!((card.get(0x54e4 + 7 * 8), card.get(0x5300)), (0, 0));
    assert_eq!(ask(&mut card, &mut pf, 0, &[5, 0x5f2])[0], 0x4000_0005);
    assert_eq!(ask(&mut card, &mut pf, 0, &[1])[0], 0x8000_0001);
    assert_eq!(card.get(0xc8c), 3);

    pf.forbid(&mut card, 0);
    assert!(!pf.allowed(0) && pf.allowed(1));
    assert_eq!((card.get(0xc8c), card.get(0xc90)), (2, 2));
    assert_eq!(card.get(0x5ad0), 0);
    assert_eq!(ask(&mut card, &mut pf, 0, &[1])[0], 0x4000_0001);
    pf.silence(&mut card, 1);
    assert_eq!(card.get(0xc8c) | card.get(0xc90), 0);
}

#[test]
fn a_message_right_after_a_reset_is_not_forgotten() {
    let (mut card, mut pf) = system();
    ask(&mut card, &mut pf, 0, &[1]);
    card.reset_vf(0);
    card.vf_send(0, &[1]);
    let mut events = Vec::new();
    assert_eq!(pf.poll(&mut card, ms(1), |event| events.push(event)), None);
    let answered = Event::Answered(0, Answer::Granted);
    assert_eq!(events, [Event::Reset(0), answered]);
    assert_eq!((card.get(0xc8c), card.get(0xc90)), (1, 1));
    assert_eq!(card.vf_answer(0).unwrap()[0], 0x8000_0001);
}

#[test]
fn a_default_vlan_is_not_the_virtual_functions_business() {
    let (mut card, mut pf) = system();
    assert!(pf.allow(
        &mut card,
        0,
        Policy {
            vlan: 42,
            max_vlans: 9,
            ..policy(0)
        },
        1000
    ));
    ask(&mut card, &mut pf, 0, &[1]);
    assert_eq!(card.get(0x3700), 1 << 30 | 42);
    assert_eq!(
        card.get(0x5ad0) & (1 << 30 | 1 << 24),
        1 << 30,
        "stripped; untagged refused"
    );
    assert_eq!(card.get(0x5d00), 1 << 31 | 1 << 12 | 42);
    assert_eq!(
        ask(&mut card, &mut pf, 0, &[0x0001_0004, 7])[0],
        0x6001_0004
    );
    assert_eq!(
        ask(&mut card, &mut pf, 0, &[0x0000_0004, 42])[0],
        0x6000_0004
    );

    assert!(pf.allow(
        &mut card,
        1,
        Policy {
            max_vlans: 1,
            ..policy(1)
        },
        1000
    ));
    ask(&mut card, &mut pf, 1, &[1]);
    assert_eq!(
        ask(&mut card, &mut pf, 1, &[0x0001_0004, 7])[0],
        0xa001_0004
    );
    assert_eq!(
        ask(&mut card, &mut pf, 1, &[0x0001_0004, 7])[0],
        0xa001_0004
    );
    assert_eq!(
        ask(&mut card, &mut pf, 1, &[0x0001_0004, 8])[0],
        0x6001_0004
    );
    assert_eq!(
        ask(&mut card, &mut pf, 1, &[0x0000_0004, 7])[0],
        0xa000_0004
    );
    assert_eq!(
        ask(&mut card, &mut pf, 1, &[0x0001_0004, 8])[0],
        0xa001_0004
    );
}

#[test]
fn frame_sizes_and_promiscuity_follow_the_policy() {
    let (mut card, mut pf) = system();
    let allowed = Policy {
        may_be_promiscuous: true,
        max_frame: 9728,
        max_multicast: 1,
        ..policy(0)
    };
    assert!(pf.allow(&mut card, 0, allowed, 1000));
    ask(&mut card, &mut pf, 0, &[1]);
    for (bytes, accepted) in [
        (9728, true),
        (9729, false),
        (63, false),
        (64, true),
        (!0, false),
    ] {
        let answer = ask(&mut card, &mut pf, 0, &[5, bytes])[0];
        assert_eq!(
            answer,
            if accepted { 0xa000_0005 } else { 0x6000_0005 },
            "{bytes}"
        );
    }
    assert_eq!(ask(&mut card, &mut pf, 0, &[0x0002_0006])[0], 0xa002_0006);
    assert_eq!(card.get(0x5ad0) & 1 << 28, 1 << 28);
    assert_eq!(ask(&mut card, &mut pf, 0, &[0x0000_0006])[0], 0xa000_0006);
    assert_eq!(card.get(0x5ad0) & 1 << 28, 0);
    assert_eq!(
        ask(&mut card, &mut pf, 0, &[0x0002_0003, 0])[0],
        0x6002_0003
    );
}

#[test]
fn rates_are_fractions_of_the_link() {
    for (rate, megabits, factor) in [
        (0, 1000, 0),
        (1000, 1000, 0),
        (2000, 1000, 0),
        (500, 1000, 1 << 31 | 2 << 14),
        (300, 1000, 1 << 31 | 3 << 14 | 5461),
        (1, 1000, 1 << 31 | 1000 << 14),
    ] {
        let (mut card, mut pf) = system();
        assert!(pf.allow(&mut card, 6, Policy { rate, ..policy(6) }, megabits));
        assert_eq!((card.get(0x3604), card.get(0x36b0)), (6, factor), "{rate}");
        // The second queue of the virtual function has 1 Mbit/s if the first has a limit.
        let second = card
            .log
            .iter()
            .position(|write| *write == (0x3604, 14))
            .unwrap();
        let crawl = if rate == 0 { 0 } else { 1 << 31 | 1000 << 14 };
        assert_eq!(card.log[second + 2], (0x36b0, crawl), "{rate}");
    }
}

#[test]
fn an_answer_waits_until_it_can_be_given() {
    let (mut card, mut pf) = system();
    card.vf_send(0, &[1]);
    assert!(card.vf_lock(0));
    assert_eq!(pf.poll(&mut card, ms(0), |_| {}), Some(ms(1)));
    assert_eq!(card.vf_answer(0), None);
    card.vf_unlock(0);
    let mut events = Vec::new();
    assert_eq!(pf.poll(&mut card, ms(1), |event| events.push(event)), None);
    assert_eq!(events, [Event::Answered(0, Answer::Granted)]);
    assert_eq!(card.vf_answer(0).unwrap()[0], 0x8000_0001);
    card.set(0x3554, 1 << 1 | 1 << 9);
    events.clear();
    pf.poll(&mut card, ms(2), |event| events.push(event));
    assert_eq!(events, [Event::Spoofed(1)]);
    card.vf_send(0, &[5, 1]);
    events.clear();
    pf.poll(&mut card, ms(3), |event| events.push(event));
    let refused = Answer::Refused(Refusal::FrameSize);
    assert_eq!(events, [Event::Answered(0, refused)]);
}
