// SPDX-License-Identifier: BSD-2-Clause
//! The client's side.

use core::cell::Cell;
use core::fmt;
use core::time::Duration;

use crate::message::{Operation, REPLY_WORDS, REQUEST_WORDS, Reply, Request, Status};
use crate::{Expired, VERSION};

/// Why a call has no reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoReply {
    /// The timer was started anew while it served the call.
    Restarted,
    /// The other end of the channel does not answer as a timer does.
    NotATimer,
}

/// How a request reaches the timer: the channel, or a stand-in in a test.
pub trait Call {
    /// Calls the timer and waits for its reply.
    ///
    /// # Errors
    ///
    /// See [`NoReply`].
    fn call(&self, request: [u64; REQUEST_WORDS]) -> Result<[u64; REPLY_WORDS], NoReply>;
}

/// Why a call to the timer failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// The timer was started anew: none of the time-outs set before exists any more (set them
    /// again), and its clock may have started again.
    Restarted,
    /// A duration does not fit into 64 bits of nanoseconds.
    Duration,
    /// The timer refused the request.
    Refused(Status),
    /// The other end of the channel is no timer, or one of another version.
    NotATimer,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Restarted => "the timer was restarted, all time-outs are gone",
            Self::Duration => "the duration does not fit into 64 bits of nanoseconds",
            Self::Refused(Status::Timeout) => "the timer has no time-out of that number",
            Self::Refused(Status::Range) => "the timer refused the duration: too long or too short",
            Self::Refused(_) => "the timer did not understand the request",
            Self::NotATimer => "the other end of the channel is no timer of this version",
        })
    }
}

impl core::error::Error for Error {}

/// A client's access to the timer over `channel`, whose other end must be the timer with `pp` at
/// this end. Time-outs are numbered 0 to [`TIMEOUTS`](crate::TIMEOUTS) - 1.
#[derive(Debug)]
pub struct Timer<C> {
    channel: C,
    generation: Cell<Option<u64>>,
}

impl<C: Call> Timer<C> {
    /// A client over this channel. Calls nobody yet.
    pub const fn new(channel: C) -> Self {
        Self {
            channel,
            generation: Cell::new(None),
        }
    }

    /// The timer's clock: the time since it started, never going back while it lives.
    ///
    /// # Errors
    ///
    /// [`Error::Restarted`], [`Error::NotATimer`].
    pub fn now(&self) -> Result<Duration, Error> {
        let reply = self.request(Request::new(Operation::Clock))?;
        Ok(Duration::from_nanos(reply.now_ns))
    }

    /// Starts time-out `timeout` to end once, `delay` from now.
    ///
    /// # Errors
    ///
    /// All of [`Error`].
    pub fn after(&self, timeout: usize, delay: Duration) -> Result<(), Error> {
        self.set(Operation::Set, timeout, delay, Duration::ZERO)
    }

    /// Starts time-out `timeout` to end once, when [`now`](Self::now) has reached `moment`.
    ///
    /// # Errors
    ///
    /// All of [`Error`].
    pub fn at(&self, timeout: usize, moment: Duration) -> Result<(), Error> {
        self.set(Operation::SetAt, timeout, moment, Duration::ZERO)
    }

    /// Starts time-out `timeout` to end every `period`, the first time a `period` from now. Ends
    /// that were missed since the client did not ask are one.
    ///
    /// # Errors
    ///
    /// All of [`Error`].
    pub fn every(&self, timeout: usize, period: Duration) -> Result<(), Error> {
        if period.is_zero() {
            return Err(Error::Refused(Status::Range));
        }
        self.set(Operation::Set, timeout, period, period)
    }

    /// Stops time-out `timeout`, and forgets that it ended if it did.
    ///
    /// # Errors
    ///
    /// All of [`Error`] but [`Error::Duration`].
    pub fn cancel(&self, timeout: usize) -> Result<(), Error> {
        let timeout = number(timeout)?;
        self.request(Request {
            timeout,
            ..Request::new(Operation::Cancel)
        })?;
        Ok(())
    }

    /// The time-outs that ended since the last call. To be asked when the channel was notified.
    ///
    /// # Errors
    ///
    /// [`Error::Restarted`], [`Error::NotATimer`].
    pub fn expired(&self) -> Result<Expired, Error> {
        let reply = self.request(Request::new(Operation::Expired))?;
        Ok(Expired::from_bits(reply.expired))
    }

    fn set(
        &self,
        operation: Operation,
        timeout: usize,
        first: Duration,
        period: Duration,
    ) -> Result<(), Error> {
        let request = Request {
            timeout: number(timeout)?,
            first_ns: nanoseconds(first)?,
            period_ns: nanoseconds(period)?,
            ..Request::new(operation)
        };
        self.request(request)?;
        Ok(())
    }

    fn request(&self, request: Request) -> Result<Reply, Error> {
        let words = self
            .channel
            .call(request.to_words())
            .map_err(|reason| match reason {
                NoReply::Restarted => {
                    // The next reply's generation is that of the new life, which the caller knows of.
                    self.generation.set(None);
                    Error::Restarted
                }
                NoReply::NotATimer => Error::NotATimer,
            })?;
        let reply = Reply::from_words(words);
        if reply.version != VERSION {
            return Err(Error::NotATimer);
        }
        let known = self.generation.replace(Some(reply.generation));
        if known.is_some_and(|generation| generation != reply.generation) {
            return Err(Error::Restarted);
        }
        match Status::from_number(reply.status) {
            Some(Status::Ok) => Ok(reply),
            Some(status) => Err(Error::Refused(status)),
            None => Err(Error::NotATimer),
        }
    }
}

fn number(timeout: usize) -> Result<u32, Error> {
    u32::try_from(timeout).map_err(|_| Error::Refused(Status::Timeout))
}

fn nanoseconds(duration: Duration) -> Result<u64, Error> {
    u64::try_from(duration.as_nanos()).map_err(|_| Error::Duration)
}

#[cfg(test)]
mod tests {
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
}
