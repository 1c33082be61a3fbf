// SPDX-License-Identifier: BSD-2-Clause
//! An owner against a PF manager of a few lines.

extern crate std;

use core::cell::RefCell;
use std::vec::Vec;

use super::*;
use crate::{
    BODY_WORDS, Driver, Link, NoReply, Operation, REPLY_WORDS, REQUEST_WORDS, Reply, Request,
    Status, VERSION, WireFault, WireInfo,
};

const INFO: Info = Info {
    driver: Driver::Nvme,
    vf: 1,
    requester: 0x22,
    id: (0x1b36, 0x10),
    mac: None,
    vlan: 0,
    max_frame: 0,
    link: Link::Down,
    namespace: 2,
    interrupts: 1,
    handles: [3, 0, 0, 0],
};

/// The function, and what was asked of it.
struct Server {
    state: State,
    generation: u64,
    status: Status,
    asked: Vec<Operation>,
}

/// Shared with the owner under test.
struct Manager(RefCell<Server>);

impl Call for &Manager {
    fn call(&self, request: [u64; REQUEST_WORDS]) -> Result<[u64; REPLY_WORDS], NoReply> {
        let mut server = self.0.borrow_mut();
        let request = Request::from_words(request);
        let operation = Operation::from_number(request.operation).ok_or(NoReply::NotAPfManager)?;
        server.asked.push(operation);
        let mut status = server.status;
        let body = match operation {
            Operation::Info => WireInfo::from(INFO).to_body(),
            Operation::Query => WireFault::new(1, None).to_body(),
            _ => [0; BODY_WORDS],
        };
        match (operation, server.state) {
            _ if status != Status::Ok => {}
            (Operation::Claim, State::Quarantined) => status = Status::State,
            (Operation::Release, State::Quarantined) => server.state = State::Resetting,
            (Operation::Release, _) => status = Status::State,
            (Operation::Reset, State::Granted) => server.state = State::Resetting,
            (Operation::GiveUp, State::Granted) => server.state = State::Revoking,
            _ => {}
        }
        let reply = Reply {
            version: VERSION,
            status: status as u16,
            state: server.state as u8,
            reason: u8::from(server.state == State::Quarantined),
            detail: 0,
            generation: server.generation,
            body,
        };
        Ok(reply.to_words())
    }
}

impl Manager {
    fn new(state: State) -> Self {
        Self(RefCell::new(Server {
            state,
            generation: 1,
            status: Status::Ok,
            asked: Vec::new(),
        }))
    }

    fn set(&self, state: State) {
        self.0.borrow_mut().state = state;
    }

    fn asked(&self) -> Vec<Operation> {
        core::mem::take(&mut self.0.borrow_mut().asked)
    }
}

fn ms(value: u64) -> Duration {
    Duration::from_millis(value)
}

/// What is lost from a function in this state.
fn lost(state: State, reason: Reason) -> Option<Event> {
    Some(Event::Lost(Query {
        state,
        reason,
        faults: 1,
        last: None,
    }))
}

#[test]
fn a_function_that_is_not_ready_is_claimed_again() {
    let manager = Manager::new(State::Absent);
    let mut owner = Owner::new(&manager);
    assert_eq!(owner.poll(ms(0)), None);
    manager.set(State::Granted);
    assert_eq!(owner.poll(ms(1)), Some(Event::Granted(INFO)));
    assert_eq!((owner.poll(ms(2)), owner.next()), (None, None));
    assert_eq!(
        manager.asked(),
        [
            Operation::Claim,
            Operation::Claim,
            Operation::Info,
            Operation::Query
        ]
    );
}

#[test]
fn a_quarantine_is_left_at_once_but_once_a_second_at_most() {
    let manager = Manager::new(State::Granted);
    let mut owner = Owner::new(&manager);
    owner.poll(ms(0));
    for (now, release) in [(100, 100), (200, 1100), (5000, 5000)] {
        manager.set(State::Quarantined);
        assert_eq!(owner.poll(ms(now)), lost(State::Quarantined, Reason::Dma));
        assert_eq!(owner.next(), Some(ms(release)));
        manager.asked();
        assert_eq!(owner.poll(ms(release - 1)), None);
        assert_eq!(manager.asked(), []);
        assert_eq!(owner.poll(ms(release)), None);
        assert_eq!(
            (manager.asked(), owner.next()),
            (std::vec![Operation::Release], None)
        );
        manager.set(State::Granted);
        assert_eq!(owner.poll(ms(release + 1)), Some(Event::Granted(INFO)));
    }
}

#[test]
fn the_quarantine_of_an_earlier_life_is_left_too() {
    let manager = Manager::new(State::Quarantined);
    let mut owner = Owner::new(&manager);
    assert_eq!(owner.poll(ms(0)), None);
    assert_eq!(manager.asked(), [Operation::Claim, Operation::Release]);
    manager.set(State::Granted);
    assert_eq!(owner.poll(ms(1)), Some(Event::Granted(INFO)));
}

#[test]
fn a_refusal_is_told_once_and_may_end() {
    let manager = Manager::new(State::Absent);
    manager.0.borrow_mut().status = Status::Device;
    let mut owner = Owner::new(&manager);
    let refusal = Error::Refused {
        status: Status::Device,
        detail: 0,
        state: State::Absent,
    };
    assert_eq!(owner.poll(ms(0)), Some(Event::Refused(refusal)));
    assert_eq!(owner.poll(ms(1)), None);
    manager.0.borrow_mut().status = Status::Ok;
    manager.set(State::Granted);
    assert_eq!(owner.poll(ms(2)), Some(Event::Granted(INFO)));
}

#[test]
fn a_new_life_of_the_manager_is_a_loss() {
    let manager = Manager::new(State::Granted);
    let mut owner = Owner::new(&manager);
    owner.poll(ms(0));
    manager.set(State::Configured);
    manager.0.borrow_mut().generation = 2;
    let event = owner.poll(ms(1));
    assert!(matches!(event, Some(Event::Lost(query)) if query.state == State::Absent));
    assert_eq!(owner.next(), Some(ms(0)), "it is to be claimed at once");
    assert_eq!(owner.poll(ms(1)), None);
    manager.set(State::Granted);
    assert_eq!(owner.poll(ms(2)), Some(Event::Granted(INFO)));
}

#[test]
fn after_a_reset_or_a_return_it_is_claimed_again() {
    let manager = Manager::new(State::Granted);
    let mut owner = Owner::new(&manager);
    owner.poll(ms(0));
    owner.reset().unwrap();
    assert_eq!(owner.poll(ms(1)), None);
    manager.set(State::Granted);
    assert_eq!(owner.poll(ms(2)), Some(Event::Granted(INFO)));
    owner.give_up().unwrap();
    assert_eq!(owner.poll(ms(3)), None);
    manager.set(State::Granted);
    assert_eq!(owner.poll(ms(4)), Some(Event::Granted(INFO)));
}
