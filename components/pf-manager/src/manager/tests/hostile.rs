// SPDX-License-Identifier: BSD-2-Clause
//! Clients and virtual functions that do what they should not.

use pf_manager_interface::{Operation, Request, VERSION};
use proptest::prelude::*;

use super::*;
use crate::testing::Running;

const STRANGER: usize = 30;

fn status(reply: [u64; pf_manager_interface::REPLY_WORDS]) -> Option<Status> {
    Status::from_number((reply[0] >> 16) as u16)
}

#[test]
fn malformed_requests_are_refused_with_a_reason() {
    let world = World::new();
    let running = world.run();
    let good = Request::new(Operation::Query);
    for (request, expected) in [
        (good, Status::Ok),
        (
            Request {
                version: VERSION + 1,
                ..good
            },
            Status::Version,
        ),
        (Request { version: 0, ..good }, Status::Version),
        (
            Request {
                operation: 9,
                ..good
            },
            Status::Operation,
        ),
        (
            Request {
                operation: u16::MAX,
                ..good
            },
            Status::Operation,
        ),
        (Request { offset: 4, ..good }, Status::Operation),
        (
            Request {
                reserved: 1,
                ..good
            },
            Status::Operation,
        ),
        (Request { value: 1, ..good }, Status::Operation),
    ] {
        let reply = running.call(NET_A, &request.to_words());
        assert_eq!(status(reply), Some(expected), "{request:?}");
    }
    let wide = Request {
        value: 1 << 32,
        ..Request::new(Operation::WriteConfig)
    };
    let reply = running.call(NET_A, &wide.to_words());
    assert_eq!(status(reply), Some(Status::Operation));
    for words in [&[][..], &[0], &[0, 0, 0], &[u64::MAX; 64]] {
        assert_eq!(status(running.call(NET_A, words)), Some(Status::Version));
    }
}

#[test]
fn a_channel_without_a_function_gets_nothing() {
    let world = World::new();
    let running = world.run();
    running.client(NET_A).claim().unwrap();
    running.log();
    for operation in 0..=8 {
        let operation = Operation::from_number(operation).unwrap();
        for channel in [STRANGER, 61, 62, usize::MAX] {
            let reply = running.call(channel, &Request::new(operation).to_words());
            assert_eq!(status(reply), Some(Status::Function));
            assert_eq!(reply[2..], [0; 10]);
        }
    }
    assert!(running.log().is_empty());
}

#[test]
fn a_flood_of_messages_ends_in_quarantine() {
    let world = World::new();
    let running = world.run();
    let (a, b) = (running.client(NET_A), running.client(NET_B));
    a.claim().unwrap();
    b.claim().unwrap();
    let mut served = 0;
    // Ten times as many as it may, for less than two seconds.
    for _ in 0..1800 {
        for _ in 0..7 {
            let mut card = world.card.borrow_mut();
            if card.vf_lock(0) {
                card.vf_unlock(0);
                card.vf_send(0, &[1]);
            }
            drop(card);
            running.poll();
            served += usize::from(world.card.borrow_mut().vf_answer(0).is_some());
        }
        running.wait(ms(1));
        if a.query().unwrap().state == State::Quarantined {
            break;
        }
    }
    let query = a.query().unwrap();
    assert_eq!(
        (query.state, query.reason),
        (State::Quarantined, Reason::Misbehaviour)
    );
    assert!(served < 1000, "{served} messages were answered");
    assert_eq!(b.query().unwrap().state, State::Granted);
    a.release().unwrap();
    running.wait(ms(200));
    assert_eq!(a.query().unwrap().state, State::Granted);
}

#[test]
fn faults_without_end_leave_time_for_others() {
    let world = World::new();
    let running = world.run();
    let client = running.client(NET_B);
    client.claim().unwrap();
    for _ in 0..1000 {
        world.iommu.fault(VF_A, 0, 0x1000);
    }
    let now = *running.now.borrow();
    assert_eq!(running.poll(), Some(now + ms(1)), "the rest is for later");
    assert_eq!(world.iommu.0.borrow().faults.len(), 1000 - 32);
    running.wait(ms(40));
    assert!(world.iommu.0.borrow().faults.is_empty());
    assert_eq!(running.client(NET_A).query().unwrap().faults, 1000);
    assert_eq!(client.query().unwrap().state, State::Granted);
    world.iommu.0.borrow_mut().again_ms = 7;
    let now = *running.now.borrow();
    assert_eq!(
        running.poll(),
        Some(now + ms(7)),
        "when the IOMMU manager wants to be asked"
    );
}

/// What may be true of a function only in some states.
fn check(world: &World, running: &Running<'_>) -> Result<(), TestCaseError> {
    use pci::PciConfig;
    for (channel, at, handles) in [
        (NET_A, VF_A, &[10, 11][..]),
        (NET_B, VF_B, &[12, 13]),
        (BLOCK, VF_BLOCK, &[20]),
    ] {
        let state = running.client(channel).query().unwrap().state;
        let (attached, bound) = world.iommu.reach(at);
        let master = world.config.read32(at, 4) & 4 != 0;
        prop_assert!(
            !master || state == State::Granted,
            "{at} is bus master, {state}"
        );
        match state {
            State::Absent | State::Configured | State::Quarantined => {
                prop_assert!(
                    !attached && bound.is_empty(),
                    "{at} reaches something, {state}"
                );
            }
            State::Granted => prop_assert!(attached && bound.iter().eq(handles)),
            State::Resetting | State::Revoking => {}
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn no_sequence_of_events_gives_more_than_was_granted(
        events in prop::collection::vec((0u8..14, 0usize..3, 0u64..130, any::<[u64; 2]>()), 1..80),
    ) {
        let world = World::new();
        let running = world.run();
        let channels = [NET_A, NET_B, BLOCK];
        for (event, who, pause, words) in events {
            let (channel, at) = (channels[who], [VF_A, VF_B, VF_BLOCK][who]);
            let client = running.client(channel);
            match event {
                0..=2 => drop(client.claim()),
                3 => drop(client.give_up()),
                4 => drop(client.reset()),
                5 => drop(client.release()),
                6 => world.iommu.fault(at, (words[0] % 4) as u8, words[1]),
                7 => drop(running.call(channel, &words)),
                8 => drop(client.write_config(words[0] as u16, words[1] as u32 & !4)),
                9 if who < 2 => {
                    let mut card = world.card.borrow_mut();
                    if card.vf_lock(who) {
                        card.vf_unlock(who);
                        card.vf_send(who, &[words[0] as u32 % 8, words[1] as u32]);
                    }
                }
                _ => {}
            }
            running.poll();
            check(&world, &running)?;
            running.wait(ms(pause));
            check(&world, &running)?;
        }
        // However it went, everybody can have theirs.
        running.wait(ms(500));
        for channel in channels {
            let client = running.client(channel);
            let _ = client.release();
            running.wait(ms(200));
            let _ = client.claim();
            running.wait(ms(200));
            prop_assert_eq!(client.query().unwrap().state, State::Granted);
        }
    }
}
