// SPDX-License-Identifier: BSD-2-Clause
//! The client against a timer that always says the same.

use super::*;

/// Answers every call with the same reply and keeps the request.
struct Fixed {
    answer: Cell<Result<Reply, NoReply>>,
    asked: Cell<Option<Request>>,
}

impl Call for &Fixed {
    fn call(&self, request: [u64; REQUEST_WORDS]) -> Result<[u64; REPLY_WORDS], NoReply> {
        self.asked.set(Some(Request::from_words(request)));
        self.answer.get().map(Reply::to_words)
    }
}

const REPLY: Reply = Reply {
    version: VERSION,
    status: 0,
    expired: 0,
    now_ns: 1_500,
    generation: 7,
};

fn fixed() -> Fixed {
    Fixed {
        answer: Cell::new(Ok(REPLY)),
        asked: Cell::new(None),
    }
}

#[test]
fn asks_what_was_meant() {
    let fixed = fixed();
    let timer = Timer::new(&fixed);
    let asked = || fixed.asked.take().unwrap();
    let base = Request {
        version: VERSION,
        operation: 0,
        timeout: 0,
        first_ns: 0,
        period_ns: 0,
    };
    assert_eq!(timer.now(), Ok(Duration::from_nanos(1_500)));
    assert_eq!(asked(), base);
    timer.after(3, Duration::from_micros(2)).unwrap();
    assert_eq!(
        asked(),
        Request {
            operation: 1,
            timeout: 3,
            first_ns: 2_000,
            ..base
        }
    );
    timer.at(4, Duration::from_secs(1)).unwrap();
    assert_eq!(
        asked(),
        Request {
            operation: 2,
            timeout: 4,
            first_ns: 1_000_000_000,
            ..base
        }
    );
    timer.every(0, Duration::from_millis(1)).unwrap();
    let periodic = Request {
        operation: 1,
        first_ns: 1_000_000,
        period_ns: 1_000_000,
        ..base
    };
    assert_eq!(asked(), periodic);
    timer.cancel(5).unwrap();
    assert_eq!(
        asked(),
        Request {
            operation: 3,
            timeout: 5,
            ..base
        }
    );
    fixed.answer.set(Ok(Reply {
        expired: 0b101,
        ..REPLY
    }));
    assert!(timer.expired().unwrap().iter().eq([0, 2]));
    assert_eq!(
        asked(),
        Request {
            operation: 4,
            ..base
        }
    );
}

#[test]
fn refuses_before_asking() {
    let fixed = fixed();
    let timer = Timer::new(&fixed);
    assert_eq!(timer.after(0, Duration::MAX), Err(Error::Duration));
    assert_eq!(
        timer.cancel(usize::MAX),
        Err(Error::Refused(Status::Timeout))
    );
    assert_eq!(
        timer.every(0, Duration::ZERO),
        Err(Error::Refused(Status::Range))
    );
    assert_eq!(fixed.asked.get(), None);
}

#[test]
fn a_restart_is_told_once() {
    let fixed = fixed();
    let timer = Timer::new(&fixed);
    timer.now().unwrap();
    fixed.answer.set(Ok(Reply {
        generation: 8,
        ..REPLY
    }));
    assert_eq!(timer.now(), Err(Error::Restarted));
    timer.now().unwrap();
    fixed.answer.set(Err(NoReply::Restarted));
    assert_eq!(timer.now(), Err(Error::Restarted));
    fixed.answer.set(Ok(Reply {
        generation: 9,
        ..REPLY
    }));
    timer.now().unwrap();
}

#[test]
fn tells_what_is_no_timer() {
    let fixed = fixed();
    let timer = Timer::new(&fixed);
    for (answer, error) in [
        (
            Ok(Reply {
                version: 2,
                ..REPLY
            }),
            Error::NotATimer,
        ),
        (
            Ok(Reply {
                status: 99,
                ..REPLY
            }),
            Error::NotATimer,
        ),
        (Err(NoReply::NotATimer), Error::NotATimer),
        (
            Ok(Reply { status: 4, ..REPLY }),
            Error::Refused(Status::Range),
        ),
    ] {
        fixed.answer.set(answer);
        assert_eq!(timer.now(), Err(error));
    }
}
