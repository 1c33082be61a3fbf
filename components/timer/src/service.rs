// SPDX-License-Identifier: BSD-2-Clause
//! Answers to clients. Every field of a request is checked here; a client is never trusted.

use timer_interface::{
    MAX_DELAY_NS, MIN_PERIOD_NS, Operation, REPLY_WORDS, REQUEST_WORDS, Reply, Request, Status,
    VERSION,
};

use crate::queue::{ClientSet, Queue, Timeout};

/// The timer as its clients see it.
#[derive(Debug)]
pub struct Service {
    queue: Queue,
    generation: u64,
}

impl Service {
    /// A timer without time-outs. `generation` must differ from that of earlier lives.
    pub fn new(generation: u64) -> Self {
        Self {
            queue: Queue::default(),
            generation,
        }
    }

    /// Ends what is due, and returns the clients to notify.
    pub fn expire(&mut self, now: u64) -> ClientSet {
        self.queue.expire(now)
    }

    /// When the next time-out ends.
    pub fn next(&self) -> Option<u64> {
        self.queue.next()
    }

    /// Serves a call of `client` with the message registers `words`.
    pub fn call(&mut self, client: usize, words: &[u64], now: u64) -> [u64; REPLY_WORDS] {
        let result = match <[u64; REQUEST_WORDS]>::try_from(words) {
            Ok(words) => self.serve(client, Request::from_words(words), now),
            Err(_) => Err(Status::Version),
        };
        let (status, expired) = match result {
            Ok(expired) => (Status::Ok, expired),
            Err(status) => (status, 0),
        };
        let generation = self.generation;
        Reply {
            version: VERSION,
            status: status as u16,
            expired,
            now_ns: now,
            generation,
        }
        .to_words()
    }

    /// Returns what goes into the reply's `expired`.
    fn serve(&mut self, client: usize, request: Request, now: u64) -> Result<u32, Status> {
        if request.version != VERSION {
            return Err(Status::Version);
        }
        let operation = Operation::from_number(request.operation).ok_or(Status::Operation)?;
        let times = matches!(operation, Operation::Set | Operation::SetAt);
        let slot = times || operation == Operation::Cancel;
        let unused_set = (!times && (request.first_ns != 0 || request.period_ns != 0))
            || (!slot && request.timeout != 0);
        if unused_set {
            return Err(Status::Operation);
        }
        let value = match operation {
            Operation::Clock => return Ok(0),
            Operation::Expired => return Ok(self.queue.take_expired(client).bits()),
            Operation::Cancel => Timeout::Idle,
            Operation::Set if request.first_ns > MAX_DELAY_NS => return Err(Status::Range),
            Operation::Set => timeout(now.saturating_add(request.first_ns), request.period_ns)?,
            Operation::SetAt => timeout(request.first_ns, request.period_ns)?,
        };
        let number = usize::try_from(request.timeout).map_err(|_| Status::Timeout)?;
        if self.queue.set(client, number, value) {
            Ok(0)
        } else {
            Err(Status::Timeout)
        }
    }
}

/// A time-out that ends at `end`, with the period checked.
fn timeout(end: u64, period: u64) -> Result<Timeout, Status> {
    match period {
        0 => Ok(Timeout::Once { end }),
        MIN_PERIOD_NS..=MAX_DELAY_NS => Ok(Timeout::Periodic { end, period }),
        _ => Err(Status::Range),
    }
}

#[cfg(test)]
mod tests;
