// SPDX-License-Identifier: BSD-2-Clause
//! The client against a manager that always says the same.

use core::cell::Cell;

use zerocopy::FromZeros;

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

fn fixed(reply: Reply) -> Fixed {
    Fixed {
        answer: Cell::new(Ok(reply)),
        asked: Cell::new(None),
    }
}

#[test]
fn asks_what_was_meant() {
    let fixed = fixed(Reply::new(Status::Ok));
    let manager = Manager::new(&fixed);
    let asked = |operation, requester, index| {
        let request = fixed.asked.take();
        assert_eq!(request, Some(Request::new(operation, requester, index)));
    };
    assert_eq!(manager.attach(0x98), Ok(()));
    asked(Operation::Attach, 0x98, 0);
    assert_eq!(manager.detach(0x98), Ok(()));
    asked(Operation::Detach, 0x98, 0);
    assert_eq!(manager.bind(0x98, 5), Ok(()));
    asked(Operation::Bind, 0x98, 5);
    assert_eq!(manager.unbind(0x9a, u16::MAX), Ok(()));
    asked(Operation::Unbind, 0x9a, u16::MAX);
    assert_eq!(manager.quarantine(3), Ok(()));
    asked(Operation::Quarantine, 3, 0);
    assert_eq!(manager.status(), Ok(Protection::new_zeroed()));
    asked(Operation::Status, 0, 0);
    assert_eq!(manager.query(0x20), Ok(DeviceState::new_zeroed()));
    asked(Operation::Query, 0x20, 0);
    assert_eq!(manager.counters(), Ok(Counters::new_zeroed()));
    asked(Operation::Counters, 0, 0);
    assert_eq!(manager.next_fault(), Ok(Record::new_zeroed()));
    asked(Operation::NextFault, 0, 0);
}

#[test]
fn the_answer_is_what_was_sent() {
    let record = Record {
        number: 3,
        again_ms: 4,
        ..Record::new_zeroed()
    };
    for status in [Status::Ok, Status::NoFault] {
        let fixed = fixed(Reply::new(status).with(&record));
        assert_eq!(Manager::new(&fixed).next_fault(), Ok(record));
    }
}

#[test]
fn refusals_and_strangers_are_told_apart() {
    let good = Reply::new(Status::Ok);
    for (answer, error) in [
        (
            Ok(Reply::new(Status::Forbidden)),
            Error::Refused(Status::Forbidden),
        ),
        (
            Ok(Reply {
                version: VERSION + 1,
                ..good
            }),
            Error::NotAManager,
        ),
        (Ok(Reply { status: 99, ..good }), Error::NotAManager),
        (Err(NoReply), Error::NotAManager),
    ] {
        let fixed = fixed(good);
        fixed.answer.set(answer);
        assert_eq!(Manager::new(&fixed).attach(1), Err(error));
        assert_eq!(Manager::new(&fixed).query(1), Err(error));
    }
}
