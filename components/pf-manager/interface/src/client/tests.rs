// SPDX-License-Identifier: BSD-2-Clause
//! The client against a server that answers whatever the test wants.

extern crate std;

use core::cell::RefCell;
use std::string::ToString;
use std::vec::Vec;

use proptest::prelude::*;

use super::*;
use crate::{Access, BODY_WORDS, Driver, Fault, Link};

/// Remembers requests, and answers with what was prepared.
struct Server {
    requests: RefCell<Vec<Request>>,
    answer: RefCell<Result<Reply, NoReply>>,
}

impl Call for &Server {
    fn call(&self, request: [u64; REQUEST_WORDS]) -> Result<[u64; REPLY_WORDS], NoReply> {
        self.requests
            .borrow_mut()
            .push(Request::from_words(request));
        self.answer.borrow().map(Reply::to_words)
    }
}

const GRANTED: Reply = Reply {
    version: VERSION,
    status: Status::Ok as u16,
    state: State::Granted as u8,
    reason: 0,
    detail: 0,
    generation: 7,
    body: [0; BODY_WORDS],
};

fn server(reply: Reply) -> Server {
    Server {
        requests: RefCell::default(),
        answer: RefCell::new(Ok(reply)),
    }
}

#[test]
fn each_call_sends_its_request() {
    let server = server(GRANTED);
    let client = PfManager::new(&server);
    assert_eq!(client.claim(), Ok(Claim::Granted));
    assert!(client.query().is_ok());
    assert_eq!(client.reset(), Ok(State::Granted));
    assert_eq!(client.release(), Ok(State::Granted));
    assert_eq!(client.give_up(), Ok(State::Granted));
    assert_eq!(client.read_config(0x70), Ok(0));
    assert_eq!(client.write_config(4, 0x1234_5678), Ok(()));
    assert_eq!(client.statistics(), Ok(Statistics::default()));
    let expected = [
        Request::new(Operation::Claim),
        Request::new(Operation::Query),
        Request::new(Operation::Reset),
        Request::new(Operation::Release),
        Request::new(Operation::GiveUp),
        Request {
            offset: 0x70,
            ..Request::new(Operation::ReadConfig)
        },
        Request {
            offset: 4,
            value: 0x1234_5678,
            ..Request::new(Operation::WriteConfig)
        },
        Request::new(Operation::Statistics),
    ];
    assert_eq!(*server.requests.borrow(), expected);
}

#[test]
fn a_claim_is_granted_or_pending() {
    for (state, expected) in [
        (State::Absent, Claim::Pending),
        (State::Revoking, Claim::Pending),
        (State::Granted, Claim::Granted),
    ] {
        let server = server(Reply {
            state: state as u8,
            ..GRANTED
        });
        assert_eq!(PfManager::new(&server).claim(), Ok(expected));
    }
}

#[test]
fn bodies_are_decoded() {
    let info = Info {
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
        handles: [9, 0, 0, 0],
    };
    let answer = server(Reply {
        body: WireInfo::from(info).to_body(),
        ..GRANTED
    });
    assert_eq!(PfManager::new(&answer).info(), Ok(info));

    let last = Some(Fault {
        access: Access::Write,
        code: 5,
        address: 0x1000,
    });
    let answer = server(Reply {
        state: State::Quarantined as u8,
        reason: Reason::Dma as u8,
        body: WireFault::new(3, last).to_body(),
        ..GRANTED
    });
    let expected = Query {
        state: State::Quarantined,
        reason: Reason::Dma,
        faults: 3,
        last,
    };
    assert_eq!(PfManager::new(&answer).query(), Ok(expected));
}

#[test]
fn refusals_carry_status_detail_and_state() {
    let answer = server(Reply {
        status: Status::Unguarded as u16,
        state: 0,
        detail: 3,
        ..GRANTED
    });
    let refused = PfManager::new(&answer).claim().unwrap_err();
    let expected = Error::Refused {
        status: Status::Unguarded,
        detail: 3,
        state: State::Absent,
    };
    assert_eq!(refused, expected);
    assert_eq!(
        refused.to_string(),
        "the IOMMU manager cannot guard this machine (its reason 3): nothing is granted"
    );
}

#[test]
fn a_restart_is_reported_once() {
    let server = server(GRANTED);
    let client = PfManager::new(&server);
    assert!(client.claim().is_ok());
    *server.answer.borrow_mut() = Ok(Reply {
        generation: 8,
        ..GRANTED
    });
    assert_eq!(client.claim(), Err(Error::Restarted));
    assert!(client.claim().is_ok());
    *server.answer.borrow_mut() = Err(NoReply::Restarted);
    assert_eq!(client.claim(), Err(Error::Restarted));
    *server.answer.borrow_mut() = Ok(Reply {
        generation: 9,
        ..GRANTED
    });
    assert!(client.claim().is_ok());
}

#[test]
fn who_is_no_pf_manager_is_found_out() {
    for reply in [
        Reply {
            version: 0,
            ..GRANTED
        },
        Reply {
            version: 2,
            ..GRANTED
        },
        Reply {
            status: 10,
            ..GRANTED
        },
        Reply {
            state: 6,
            ..GRANTED
        },
        Reply {
            reason: 5,
            ..GRANTED
        },
    ] {
        let server = server(reply);
        let client = PfManager::new(&server);
        assert_eq!(client.query(), Err(Error::NotAPfManager), "{reply:?}");
    }
    let wide = server(Reply {
        body: [1 << 32; BODY_WORDS],
        ..GRANTED
    });
    let client = PfManager::new(&wide);
    assert_eq!(client.read_config(0), Err(Error::NotAPfManager));
    let silent = server(GRANTED);
    *silent.answer.borrow_mut() = Err(NoReply::NotAPfManager);
    let client = PfManager::new(&silent);
    assert_eq!(client.claim(), Err(Error::NotAPfManager));
}

proptest! {
    #[test]
    fn any_reply_is_judged(words: [u64; REPLY_WORDS], believable: bool) {
        let mut reply = Reply::from_words(words);
        if believable {
            (reply.version, reply.status) = (VERSION, 0);
        }
        let server = server(reply);
        let client = PfManager::new(&server);
        let valid = reply.version == VERSION && reply.status == 0 && reply.state <= 5;
        prop_assert_eq!(client.claim().is_ok(), valid);
        if let Ok(info) = client.info() {
            prop_assert!(info.handles().len() <= 4);
        }
        if let Ok(query) = client.query() {
            prop_assert_eq!(query.state as u8, reply.state);
        }
    }
}
