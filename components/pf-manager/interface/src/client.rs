// SPDX-License-Identifier: BSD-2-Clause
//! The client's side.

use core::cell::Cell;
use core::fmt;

use crate::message::{Operation, REPLY_WORDS, REQUEST_WORDS, Reply, Request, Status};
use crate::{Info, Query, Reason, State, Statistics, VERSION, WireFault, WireInfo};

/// Why a call has no reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoReply {
    /// The PF manager was started anew while it served the call.
    Restarted,
    /// The other end of the channel does not answer as a PF manager does.
    NotAPfManager,
}

/// How a request reaches the PF manager: the channel, or a stand-in in a test.
pub trait Call {
    /// Calls the PF manager and waits for its reply.
    ///
    /// # Errors
    ///
    /// See [`NoReply`].
    fn call(&self, request: [u64; REQUEST_WORDS]) -> Result<[u64; REPLY_WORDS], NoReply>;
}

/// Why a call to the PF manager failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// The PF manager was started anew: the client does not have its function any more (claim it
    /// again).
    Restarted,
    /// The PF manager refused the request.
    Refused {
        /// Why.
        status: Status,
        /// With [`Status::Unguarded`], why, as the IOMMU manager numbers it.
        detail: u16,
        /// What the function is at.
        state: State,
    },
    /// The other end of the channel is no PF manager, or one of another version.
    NotAPfManager,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self::Refused {
            status,
            detail,
            state,
        } = self
        else {
            return f.write_str(match self {
                Self::Restarted => "the PF manager was restarted, and the function is revoked",
                _ => "the other end of the channel is no PF manager of this version",
            });
        };
        match status {
            Status::Function => f.write_str("no virtual function belongs to this channel"),
            Status::Unguarded => write!(
                f,
                "the IOMMU manager cannot guard this machine (its reason {detail}): nothing is granted"
            ),
            Status::Device => f.write_str("the device is missing or did not start"),
            Status::State => write!(f, "not while the function is {state}"),
            Status::Offset => {
                f.write_str("this part of configuration space is closed to the client")
            }
            Status::Failed => f.write_str("a step failed, and the function is blocked"),
            Status::Unsupported => f.write_str("this kind of device does not have that"),
            Status::Ok | Status::Version | Status::Operation => {
                f.write_str("the PF manager did not understand the request")
            }
        }
    }
}

impl core::error::Error for Error {}

/// What came of a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    /// The client has the function.
    Granted,
    /// Not yet: the channel is notified when that changes.
    Pending,
}

/// A client's access to the PF manager over `channel`, whose other end must be the PF manager with
/// `pp` at this end. The function is the one that belongs to that channel.
#[derive(Debug)]
pub struct PfManager<C> {
    channel: C,
    generation: Cell<Option<u64>>,
}

impl<C: Call> PfManager<C> {
    /// A client over this channel. Calls nobody yet.
    pub const fn new(channel: C) -> Self {
        Self {
            channel,
            generation: Cell::new(None),
        }
    }

    /// Asks for the function. Asking again for one that is granted already does no harm.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`] with [`Status::Unguarded`], [`Status::Device`], [`Status::State`] (in
    /// quarantine), [`Status::Failed`]; the others as for all calls: [`Status::Function`],
    /// [`Error::Restarted`], [`Error::NotAPfManager`].
    pub fn claim(&self) -> Result<Claim, Error> {
        let (_, state) = self.request(Request::new(Operation::Claim))?;
        Ok(match state {
            State::Granted => Claim::Granted,
            _ => Claim::Pending,
        })
    }

    /// Who the function is and what it may use. Complete only once it is granted: before that the
    /// link is down and the ids are 0.
    ///
    /// # Errors
    ///
    /// As all calls.
    pub fn info(&self) -> Result<Info, Error> {
        let (reply, _) = self.request(Request::new(Operation::Info))?;
        Info::from_wire(WireInfo::from_body(reply.body)).ok_or(Error::NotAPfManager)
    }

    /// What the function is at.
    ///
    /// # Errors
    ///
    /// [`Status::Unguarded`] and [`Status::Device`] tell that it will not come; as all calls.
    pub fn query(&self) -> Result<Query, Error> {
        let (reply, state) = self.request(Request::new(Operation::Query))?;
        let wire = WireFault::from_body(reply.body);
        Ok(Query {
            state,
            reason: Reason::from_number(reply.reason).ok_or(Error::NotAPfManager)?,
            faults: wire.faults,
            last: wire.last().map_err(|()| Error::NotAPfManager)?,
        })
    }

    /// Resets the granted function. It is granted again afterwards, which is notified.
    ///
    /// # Errors
    ///
    /// [`Status::State`] if it is not granted; as all calls.
    pub fn reset(&self) -> Result<State, Error> {
        self.change(Operation::Reset)
    }

    /// Has the function out of quarantine: it is reset and granted again, which is notified.
    ///
    /// # Errors
    ///
    /// [`Status::State`] if it is not in quarantine; as all calls.
    pub fn release(&self) -> Result<State, Error> {
        self.change(Operation::Release)
    }

    /// Gives the function back. When it is [`State::Configured`], which is notified, nothing that it
    /// did before can still happen.
    ///
    /// # Errors
    ///
    /// [`Status::State`] if the client does not have it; as all calls.
    pub fn give_up(&self) -> Result<State, Error> {
        self.change(Operation::GiveUp)
    }

    /// Reads the function's own configuration space: the double word at byte `offset`.
    ///
    /// # Errors
    ///
    /// [`Status::Offset`] if there is none at that offset, [`Status::State`] if the function is
    /// not granted; as all calls.
    pub fn read_config(&self, offset: u16) -> Result<u32, Error> {
        let (reply, _) = self.request(Request {
            offset,
            ..Request::new(Operation::ReadConfig)
        })?;
        u32::try_from(reply.body[0]).map_err(|_| Error::NotAPfManager)
    }

    /// Writes the function's own configuration space. Bits that a client may not change stay as
    /// they are. Bus master (offset 4, bit 2) and MSI-X enable and function mask (bits 31 and 30
    /// of the capability's first double word) can be changed.
    ///
    /// # Errors
    ///
    /// As [`read_config`](Self::read_config); [`Status::Offset`] also if nothing can be written
    /// there.
    pub fn write_config(&self, offset: u16, value: u32) -> Result<(), Error> {
        self.request(Request {
            offset,
            value: value.into(),
            ..Request::new(Operation::WriteConfig)
        })?;
        Ok(())
    }

    /// What a network function sent and received.
    ///
    /// # Errors
    ///
    /// [`Status::Unsupported`] for another kind of device; as all calls.
    pub fn statistics(&self) -> Result<Statistics, Error> {
        let (reply, _) = self.request(Request::new(Operation::Statistics))?;
        Ok(Statistics::from_body(reply.body))
    }

    fn change(&self, operation: Operation) -> Result<State, Error> {
        Ok(self.request(Request::new(operation))?.1)
    }

    fn request(&self, request: Request) -> Result<(Reply, State), Error> {
        let words = self
            .channel
            .call(request.to_words())
            .map_err(|reason| match reason {
                NoReply::Restarted => {
                    // The next reply's generation is that of the new life, which the caller knows of.
                    self.generation.set(None);
                    Error::Restarted
                }
                NoReply::NotAPfManager => Error::NotAPfManager,
            })?;
        let reply = Reply::from_words(words);
        if reply.version != VERSION {
            return Err(Error::NotAPfManager);
        }
        let known = self.generation.replace(Some(reply.generation));
        if known.is_some_and(|generation| generation != reply.generation) {
            return Err(Error::Restarted);
        }
        let state = State::from_number(reply.state).ok_or(Error::NotAPfManager)?;
        match Status::from_number(reply.status) {
            Some(Status::Ok) => Ok((reply, state)),
            Some(status) => Err(Error::Refused {
                status,
                detail: reply.detail,
                state,
            }),
            None => Err(Error::NotAPfManager),
        }
    }
}

#[cfg(test)]
mod tests;
