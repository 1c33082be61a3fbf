// SPDX-License-Identifier: BSD-2-Clause
//! The client's side.

use core::fmt;

use crate::VERSION;
use crate::code::{Operation, Status};
use crate::message::{
    Body, Counters, DeviceState, Protection, REPLY_WORDS, REQUEST_WORDS, Record, Reply, Request,
};

/// Why a call has no reply: the manager was started anew, or nothing like it is at the other end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoReply;

/// How a request reaches the manager: the channel, or a stand-in in a test.
pub trait Call {
    /// Calls the manager and waits for its reply.
    ///
    /// # Errors
    ///
    /// See [`NoReply`].
    fn call(&self, request: [u64; REQUEST_WORDS]) -> Result<[u64; REPLY_WORDS], NoReply>;
}

/// Why a call to the manager failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// The manager refused the request, or could not carry it out.
    Refused(Status),
    /// The other end of the channel is no IOMMU manager, or one of another version.
    NotAManager,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(status) => write!(f, "IOMMU manager: {status}"),
            Self::NotAManager => {
                f.write_str("the other end of the channel is no IOMMU manager of this version")
            }
        }
    }
}

impl core::error::Error for Error {}

/// A client's access to the manager over `channel`, whose other end must be the IOMMU manager with
/// `pp` at this end. Devices are named by their requester ids.
///
/// All methods fail with [`Error::NotAManager`], or with [`Error::Refused`] and one of the
/// [`Status`] values that they name.
#[derive(Debug)]
pub struct Manager<C> {
    channel: C,
}

impl<C: Call> Manager<C> {
    /// A client over this channel. Calls nobody yet.
    pub const fn new(channel: C) -> Self {
        Self { channel }
    }

    /// Whether devices are kept apart, or why not.
    ///
    /// # Errors
    ///
    /// [`Error::NotAManager`].
    pub fn status(&self) -> Result<Protection, Error> {
        self.ask(Operation::Status, 0)
    }

    /// Lets `device` reach the memory that the system description grants it. Its interrupts are
    /// bound one by one.
    ///
    /// # Errors
    ///
    /// [`Status::Forbidden`], [`Refused`](Status::Refused), [`Unknown`](Status::Unknown),
    /// [`State`](Status::State), [`Quarantined`](Status::Quarantined),
    /// [`Failed`](Status::Failed).
    pub fn attach(&self, device: u16) -> Result<(), Error> {
        self.order(Operation::Attach, device, 0)
    }

    /// Takes all memory and all interrupts from `device`, and ends its quarantine. When this
    /// returns `Ok`, nothing of it passes any more and nothing is under way. Does nothing to a
    /// device that has nothing.
    ///
    /// # Errors
    ///
    /// [`Status::Forbidden`], [`Refused`](Status::Refused), [`Unknown`](Status::Unknown),
    /// [`Failed`](Status::Failed): then the device is in quarantine, and what it may have reached
    /// must not be reused.
    pub fn detach(&self, device: u16) -> Result<(), Error> {
        self.order(Operation::Detach, device, 0)
    }

    /// Lets `device` raise the interrupt of `index`, which must be one of its own.
    ///
    /// # Errors
    ///
    /// As [`attach`](Self::attach), [`Status::Index`].
    pub fn bind(&self, device: u16, index: u16) -> Result<(), Error> {
        self.order(Operation::Bind, device, index)
    }

    /// Takes the interrupt of `index` from `device`. When this returns `Ok`, it is not raised any
    /// more.
    ///
    /// # Errors
    ///
    /// As [`bind`](Self::bind).
    pub fn unbind(&self, device: u16, index: u16) -> Result<(), Error> {
        self.order(Operation::Unbind, device, index)
    }

    /// Stops everything of `device` until it is detached. No record is made.
    ///
    /// # Errors
    ///
    /// [`Status::Forbidden`], [`Refused`](Status::Refused), [`Unknown`](Status::Unknown),
    /// [`Failed`](Status::Failed).
    pub fn quarantine(&self, device: u16) -> Result<(), Error> {
        self.order(Operation::Quarantine, device, 0)
    }

    /// The state of `device`.
    ///
    /// # Errors
    ///
    /// [`Error::NotAManager`].
    pub fn query(&self, device: u16) -> Result<DeviceState, Error> {
        self.ask(Operation::Query, device)
    }

    /// The oldest fault not yet fetched, or one with `number` 0 if there is none. To be repeated
    /// until then when the channel was notified, and after [`Record::again_ms`] if that is not 0.
    ///
    /// # Errors
    ///
    /// [`Status::Forbidden`].
    pub fn next_fault(&self) -> Result<Record, Error> {
        self.ask(Operation::NextFault, 0)
    }

    /// What is in use.
    ///
    /// # Errors
    ///
    /// [`Error::NotAManager`].
    pub fn counters(&self) -> Result<Counters, Error> {
        self.ask(Operation::Counters, 0)
    }

    fn ask<T: Body>(&self, operation: Operation, device: u16) -> Result<T, Error> {
        let reply = self.request(Request::new(operation, device, 0))?;
        reply.body().ok_or(Error::NotAManager)
    }

    fn order(&self, operation: Operation, device: u16, index: u16) -> Result<(), Error> {
        self.request(Request::new(operation, device, index))?;
        Ok(())
    }

    fn request(&self, request: Request) -> Result<Reply, Error> {
        let words = self.channel.call(request.to_words());
        let reply = Reply::from_words(words.map_err(|NoReply| Error::NotAManager)?);
        match Status::from_number(reply.status) {
            _ if reply.version != VERSION => Err(Error::NotAManager),
            Some(Status::Ok | Status::NoFault) => Ok(reply),
            Some(status) => Err(Error::Refused(status)),
            None => Err(Error::NotAManager),
        }
    }
}

#[cfg(test)]
mod tests;
