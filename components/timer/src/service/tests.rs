// SPDX-License-Identifier: BSD-2-Clause
//! Requests of all kinds, well-formed and not.

extern crate std;

use core::cell::RefCell;
use core::time::Duration;

use proptest::prelude::*;
use timer_interface::{Call, Error, NoReply, Timer};

use super::*;

fn ask(service: &mut Service, request: Request) -> Reply {
    Reply::from_words(service.call(2, &request.to_words(), 1_000))
}

fn set(timeout: u32, first_ns: u64, period_ns: u64) -> Request {
    Request {
        timeout,
        first_ns,
        period_ns,
        ..Request::new(Operation::Set)
    }
}

#[test]
fn checks_every_field() {
    let ok = Status::Ok as u16;
    let plain = Request::new;
    let cases = [
        (plain(Operation::Clock), ok),
        (plain(Operation::Expired), ok),
        (plain(Operation::Cancel), ok),
        (set(7, 0, 0), ok),
        (set(7, MAX_DELAY_NS, MAX_DELAY_NS), ok),
        (set(0, 1, MIN_PERIOD_NS), ok),
        (
            Request {
                first_ns: u64::MAX,
                ..plain(Operation::SetAt)
            },
            ok,
        ),
        (
            Request {
                version: 0,
                ..set(0, 0, 0)
            },
            Status::Version as u16,
        ),
        (
            Request {
                version: 2,
                ..set(0, 0, 0)
            },
            Status::Version as u16,
        ),
        (
            Request {
                operation: 5,
                ..set(0, 0, 0)
            },
            Status::Operation as u16,
        ),
        (
            Request {
                operation: u16::MAX,
                ..set(0, 0, 0)
            },
            Status::Operation as u16,
        ),
        (
            Request {
                timeout: 1,
                ..plain(Operation::Clock)
            },
            Status::Operation as u16,
        ),
        (
            Request {
                first_ns: 1,
                ..plain(Operation::Expired)
            },
            Status::Operation as u16,
        ),
        (
            Request {
                period_ns: 1,
                ..plain(Operation::Cancel)
            },
            Status::Operation as u16,
        ),
        (set(8, 0, 0), Status::Timeout as u16),
        (set(u32::MAX, 0, 0), Status::Timeout as u16),
        (
            Request {
                timeout: 8,
                ..plain(Operation::Cancel)
            },
            Status::Timeout as u16,
        ),
        (set(0, MAX_DELAY_NS + 1, 0), Status::Range as u16),
        (set(0, u64::MAX, 0), Status::Range as u16),
        (set(0, 0, MIN_PERIOD_NS - 1), Status::Range as u16),
        (set(0, 0, MAX_DELAY_NS + 1), Status::Range as u16),
    ];
    for (request, status) in cases {
        let mut service = Service::new(9);
        let reply = ask(&mut service, request);
        assert_eq!(reply.status, status, "{request:?}");
        assert_eq!(
            (reply.version, reply.now_ns, reply.generation),
            (VERSION, 1_000, 9)
        );
        let runs = service.next().is_some();
        assert!(
            status == ok || !runs,
            "a refused request changes nothing: {request:?}"
        );
    }
}

#[test]
fn messages_of_another_length_are_refused() {
    let mut service = Service::new(0);
    for words in [&[][..], &[1], &[1; 4], &[1; 64]] {
        let reply = Reply::from_words(service.call(0, words, 0));
        assert_eq!(reply.status, Status::Version as u16);
    }
}

/// The client's side of the interface against this side.
struct Direct(RefCell<(Service, u64)>);

impl Call for &Direct {
    fn call(&self, request: [u64; REQUEST_WORDS]) -> Result<[u64; REPLY_WORDS], NoReply> {
        let (service, now) = &mut *self.0.borrow_mut();
        Ok(service.call(61, &request, *now))
    }
}

#[test]
fn client_and_service_understand_each_other() {
    let direct = Direct(RefCell::new((Service::new(1), 0)));
    let timer = Timer::new(&direct);
    let advance = |to: u64| {
        let (service, now) = &mut *direct.0.borrow_mut();
        *now = to;
        service.expire(to)
    };
    timer.after(0, Duration::from_millis(5)).unwrap();
    timer.every(1, Duration::from_millis(2)).unwrap();
    timer.at(2, Duration::from_millis(3)).unwrap();
    timer.after(3, Duration::from_millis(1)).unwrap();
    timer.cancel(3).unwrap();
    assert_eq!(advance(1_999_999), 0);
    assert_eq!(advance(2_000_000), 1 << 61);
    assert!(timer.expired().unwrap().iter().eq([1]));
    advance(5_000_000);
    assert!(timer.expired().unwrap().iter().eq([0, 1, 2]));
    assert_eq!(timer.now().unwrap(), Duration::from_millis(5));
    let short = timer.every(0, Duration::from_nanos(1));
    assert_eq!(short, Err(Error::Refused(Status::Range)));
}

proptest! {
    /// Whatever the words, the service answers, and no client reaches beyond its slots.
    #[test]
    fn any_words_get_an_answer(
        words in proptest::collection::vec(any::<u64>(), 0..6),
        shaped in any::<[u64; 2]>(),
        operation in 0u64..6,
        now: u64,
    ) {
        let mut service = Service::new(0);
        service.call(1, &words, now);
        let head = u64::from(VERSION) | operation << 16 | shaped[0] << 32 & 0xf_0000_0000;
        service.call(1, &[head, shaped[0], shaped[1]], now);
        let due = service.expire(u64::MAX);
        prop_assert_eq!(due & !(1 << 1), 0);
    }
}
