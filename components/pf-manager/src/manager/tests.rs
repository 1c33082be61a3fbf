// SPDX-License-Identifier: BSD-2-Clause
//! The whole manager on a machine without hardware.

mod hostile;
mod start;

use std::string::String;
use std::vec::Vec;

use pf_manager_interface::{
    Access, Claim, Driver, Error, Fault, Info, Link, Query, Reason, State, Status,
};

use crate::testing::{BLOCK, NET_A, NET_B, VF_A, VF_B, VF_BLOCK, World, ms};

fn words(log: &[String]) -> Vec<&str> {
    log.iter().map(String::as_str).collect()
}

pub fn refused(status: Status, state: State) -> Error {
    Error::Refused {
        status,
        detail: 0,
        state,
    }
}

#[test]
fn a_function_is_granted_only_after_everything_else() {
    let world = World::new();
    let running = world.run();
    let client = running.client(NET_A);
    assert_eq!(world.iommu.reach(VF_A), (false, [].into()));
    assert_eq!(client.claim(), Ok(Claim::Granted));
    let expected = [
        "attach 00:13.0",
        "bind 00:13.0",
        "bind 00:13.0",
        "master 00:13.0",
    ];
    assert_eq!(words(&running.log()), expected);
    assert_eq!(world.iommu.reach(VF_A), (true, [10, 11].into()));
    assert_eq!(world.iommu.reach(VF_B), (false, [].into()));
    assert_eq!(running.notified(), [], "the reply told it");
    assert_eq!(client.claim(), Ok(Claim::Granted), "again");
    assert!(running.log().is_empty());
    // The driver of the virtual function can start.
    let mut card = world.card.borrow_mut();
    card.vf_send(0, &[1]);
    drop(card);
    running.poll();
    let answer = world.card.borrow_mut().vf_answer(0);
    assert_eq!(answer, Some([0x8000_0001, 0x0000_0002, 0x0a00]));
}

#[test]
fn a_function_that_nobody_has_gets_nothing() {
    let world = World::new();
    let running = world.run();
    world.card.borrow_mut().vf_send(1, &[1]);
    running.poll();
    let [first, ..] = world.card.borrow_mut().vf_answer(1).unwrap();
    assert_eq!(first, 0x4000_0001, "its reset is refused");
    assert_eq!(world.card.borrow().get(0xc8c), 0, "nobody receives");
    for result in [
        running.client(NET_B).reset(),
        running.client(NET_B).release(),
    ] {
        assert_eq!(result, Err(refused(Status::State, State::Configured)));
    }
}

#[test]
fn owners_learn_who_they_are() {
    let world = World::new();
    let running = world.run();
    let expected = Info {
        driver: Driver::Igb,
        vf: 1,
        requester: 0x9a,
        id: (0x8086, 0x10ca),
        mac: Some([2, 0, 0, 0, 0, 0xb]),
        vlan: 0,
        max_frame: 1522,
        link: Link::Up(1000),
        namespace: 0,
        interrupts: 2,
        handles: [12, 13, 0, 0],
    };
    assert_eq!(running.client(NET_B).info(), Ok(expected));
    let info = running.client(BLOCK).info().unwrap();
    assert_eq!((info.driver, info.requester), (Driver::Nvme, 0x21));
    assert_eq!((info.namespace, info.handles()), (1, &[20][..]));
    assert_eq!(
        (info.id, info.mac, info.link),
        ((0x1b36, 0x10), None, Link::Down)
    );
}

#[test]
fn giving_up_is_one_ordered_sequence() {
    for (channel, at) in [(NET_A, VF_A), (BLOCK, VF_BLOCK)] {
        let world = World::new();
        let running = world.run();
        let client = running.client(channel);
        client.claim().unwrap();
        running.log();
        assert_eq!(client.give_up(), Ok(State::Revoking));
        running.wait(ms(99));
        assert_eq!(client.query().unwrap().state, State::Revoking);
        assert!(world.iommu.reach(at).0, "not before the reset is over");
        assert_eq!(client.claim(), Ok(Claim::Pending), "once it is free");
        assert_eq!(client.give_up(), Ok(State::Revoking), "or not");
        running.wait(ms(1));
        let expected = ["stop", "reset", "detach"].map(|what| std::format!("{what} {at}"));
        assert_eq!(running.log(), expected);
        assert_eq!(world.iommu.reach(at), (false, [].into()));
        assert_eq!(client.query().unwrap().state, State::Configured);
        assert_eq!(running.notified(), [channel]);
        let nothing = Err(refused(Status::State, State::Configured));
        assert_eq!(client.give_up(), nothing);
        assert_eq!(client.claim(), Ok(Claim::Granted), "again");
    }
}

#[test]
fn a_claim_waits_for_the_end_of_a_revocation() {
    let world = World::new();
    let running = world.run();
    let client = running.client(NET_A);
    client.claim().unwrap();
    client.give_up().unwrap();
    assert_eq!(client.claim(), Ok(Claim::Pending));
    running.wait(ms(100));
    assert_eq!(running.notified(), [NET_A]);
    assert_eq!(client.claim(), Ok(Claim::Granted));
    assert!(world.iommu.reach(VF_A).0);
}

#[test]
fn a_reset_ends_with_the_same_owner() {
    let world = World::new();
    let running = world.run();
    let client = running.client(NET_A);
    client.claim().unwrap();
    running.log();
    assert_eq!(client.reset(), Ok(State::Resetting));
    let busy = Err(refused(Status::State, State::Resetting));
    assert_eq!(client.reset(), busy);
    assert_eq!(client.read_config(0).map(|_| State::Granted), busy);
    running.wait(ms(100));
    let expected = [
        "stop 00:13.0",
        "reset 00:13.0",
        "detach 00:13.0",
        "attach 00:13.0",
        "bind 00:13.0",
        "bind 00:13.0",
        "master 00:13.0",
    ];
    assert_eq!(words(&running.log()), expected);
    assert_eq!(running.notified(), [NET_A]);
    assert_eq!(client.query().unwrap().state, State::Granted);
    assert!(client.statistics().unwrap().resets >= 1);
}

#[test]
fn whoever_oversteps_is_blocked_until_its_owner_has_it_reset() {
    let world = World::new();
    let running = world.run();
    let (a, b) = (running.client(NET_A), running.client(NET_B));
    a.claim().unwrap();
    b.claim().unwrap();
    running.log();
    for (access, reason) in [(0, Reason::Dma), (1, Reason::Dma), (3, Reason::Interrupt)] {
        world.iommu.fault(VF_A, access, 0xdead_0000);
        running.poll();
        assert_eq!(running.notified(), [NET_A]);
        let query = a.query().unwrap();
        assert_eq!((query.state, query.reason), (State::Quarantined, reason));
        let last = Fault {
            access: [
                Access::Read,
                Access::Write,
                Access::Other,
                Access::Interrupt,
            ][usize::from(access)],
            code: 6,
            address: 0xdead_0000,
        };
        assert_eq!(query.last, Some(last));
        assert_eq!(
            words(&running.log()),
            ["stop 00:13.0", "quarantine 00:13.0"]
        );
        let blocked = refused(Status::State, State::Quarantined);
        assert_eq!(a.claim(), Err(blocked));
        assert_eq!(a.reset(), Err(blocked));
        assert_eq!(a.write_config(4, 4), Err(blocked));
        // Others go on.
        assert_eq!(b.query().unwrap().state, State::Granted);
        assert!(world.iommu.reach(VF_B).0);
        // More of the same says nothing new.
        world.iommu.fault(VF_A, access, 0xdead_1000);
        running.poll();
        assert_eq!(running.notified(), []);
        assert_eq!(a.release(), Ok(State::Resetting));
        running.wait(ms(100));
        assert_eq!(a.query().unwrap().state, State::Granted);
        assert!(world.iommu.reach(VF_A).0);
        running.log();
        running.notified();
    }
    assert_eq!(a.query().unwrap().faults, 6);
}

#[test]
fn what_was_done_before_a_reset_is_not_held_against_it() {
    let world = World::new();
    let running = world.run();
    let client = running.client(NET_A);
    client.claim().unwrap();
    client.reset().unwrap();
    world.iommu.fault(VF_A, 0, 0x1000);
    running.wait(ms(100));
    let expected = Query {
        state: State::Granted,
        reason: Reason::None,
        faults: 1,
        last: Some(Fault {
            access: Access::Read,
            code: 6,
            address: 0x1000,
        }),
    };
    assert_eq!(client.query(), Ok(expected));
}

#[test]
fn whoever_overstepped_while_nobody_had_it_is_reset_before_it_is_granted() {
    let world = World::new();
    let running = world.run();
    world.iommu.fault(VF_A, 1, 0x2000);
    running.poll();
    let client = running.client(NET_A);
    assert_eq!(client.claim(), Ok(Claim::Pending));
    running.wait(ms(100));
    assert!(running.log().contains(&"reset 00:13.0".into()));
    assert_eq!(client.query().unwrap().state, State::Granted);
}

#[test]
fn a_failed_step_leaves_it_blocked_until_it_works() {
    use iommu_manager_interface::Operation::{Attach, Bind, Detach};
    for failing in [Attach, Bind] {
        let world = World::new();
        let running = world.run();
        let client = running.client(NET_A);
        world.iommu.0.borrow_mut().failing = Some((failing, VF_A.0));
        let Err(Error::Refused { status, .. }) = client.claim() else {
            panic!("granted although {failing} failed");
        };
        assert_eq!(status, Status::Failed);
        running.wait(ms(500));
        assert_eq!(client.query().unwrap().state, State::Configured);
        assert_eq!(world.iommu.reach(VF_A), (false, [].into()));
        world.iommu.0.borrow_mut().failing = None;
        assert_eq!(client.claim(), Ok(Claim::Granted));
    }
    let world = World::new();
    let running = world.run();
    let client = running.client(NET_A);
    client.claim().unwrap();
    world.iommu.0.borrow_mut().failing = Some((Detach, VF_A.0));
    client.give_up().unwrap();
    running.wait(ms(500));
    let query = client.query().unwrap();
    assert_eq!(
        (query.state, query.reason),
        (State::Quarantined, Reason::Failed)
    );
    assert_eq!(world.iommu.reach(VF_A), (false, [].into()));
    world.iommu.0.borrow_mut().failing = None;
    client.give_up().unwrap();
    running.wait(ms(100));
    assert_eq!(client.query().unwrap().state, State::Configured);
}

#[test]
fn configuration_space_is_open_as_far_as_it_may_be() {
    let world = World::new();
    let running = world.run();
    let client = running.client(NET_A);
    let early = refused(Status::State, State::Configured);
    assert_eq!(client.read_config(4), Err(early));
    assert_eq!(client.write_config(4, 0), Err(early));
    client.claim().unwrap();
    assert_eq!(client.read_config(4).map(|word| word & 0xffff), Ok(6));
    client.write_config(4, 0).unwrap();
    assert_eq!(client.read_config(4).map(|word| word & 0xffff), Ok(2));
    client.write_config(0x70, u32::MAX).unwrap();
    assert_eq!(client.read_config(0x70), Ok(0xc002_a011));
    let closed = refused(Status::Offset, State::Granted);
    for offset in [0, 0x10, 0x74, 0xa8, 0x71, 0x1000] {
        assert_eq!(
            client.write_config(offset, u32::MAX),
            Err(closed),
            "{offset:#x}"
        );
    }
    assert_eq!(client.read_config(0x1000), Err(closed));
}

#[test]
fn counts_are_those_of_the_card_and_of_the_mailbox() {
    let world = World::new();
    let running = world.run();
    let client = running.client(NET_A);
    client.claim().unwrap();
    world.card.borrow_mut().set(0x10010, 7);
    world.card.borrow_mut().set(0x10034, 1000);
    for message in [&[1][..], &[5, 1400], &[0x0002_0006]] {
        world.card.borrow_mut().vf_send(0, message);
        running.poll();
        assert!(world.card.borrow_mut().vf_answer(0).is_some());
    }
    let counts = client.statistics().unwrap();
    assert_eq!((counts.received, counts.sent_bytes), (7, 1000));
    assert_eq!((counts.messages, counts.refused), (2, 1));
    let storage = running.client(BLOCK);
    storage.claim().unwrap();
    let unsupported = refused(Status::Unsupported, State::Granted);
    assert_eq!(storage.statistics(), Err(unsupported));
}

#[test]
fn the_link_is_news() {
    let world = World::new();
    let running = world.run();
    world.card.borrow_mut().set(0x8, 0);
    running.wait(ms(1000));
    assert_eq!(running.notified(), [NET_A, NET_B]);
    assert_eq!(
        running.client(NET_A).info().map(|info| info.link),
        Ok(Link::Down)
    );
    world.card.borrow_mut().set(0x8, 0x43);
    running.wait(ms(1000));
    assert_eq!(running.notified(), [NET_A, NET_B]);
    assert_eq!(
        running.client(NET_A).info().map(|info| info.link),
        Ok(Link::Up(100))
    );
}
