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
mod tests;
