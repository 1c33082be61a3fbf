// SPDX-License-Identifier: BSD-2-Clause
//! The physical function of an NVM Express controller with virtual functions, after the 'NVM
//! Express Base Specification', revision 1.4; `§` in this crate means its sections. It has the
//! admin queue and no other, and uses it only to prepare the virtual functions: which queues and
//! interrupts each has, whether it is online, and which namespaces it sees.
//!
//! * [`Startup`]: from any state to a controller that takes admin commands.
//! * [`Admin`]: the queue. It works off a [`Task`], which is a pure sequence of commands, told
//!   the time, one command at a time.
//! * Tasks: [`Survey`], [`Secondaries`], [`ReleasePrimary`], [`Prepare`], [`TakeOffline`], [`Isolate`].
//!
//! Queue and data lie in [`Dma`] memory that the controller can write at any time: each word is
//! read once, and a completion that does not fit the one command under way is an error.
#![no_std]
#![forbid(unsafe_code)]

#[cfg(test)]
extern crate std;

mod admin;
mod command;
mod data;
mod dma;
mod error;
mod queue;
mod registers;
mod startup;
mod task;
#[cfg(test)]
mod testing;

pub use admin::Admin;
pub use command::{Cns, Command, Resource};
pub use data::{Controller, ControllerList, Data, NamespaceList, Primary, Secondary};
pub use dma::{DMA_BYTES, Dma, Shared};
pub use error::{Error, Result, Status};
pub use queue::Completion;
pub use registers::{CAP, CC, CSTS};
pub use startup::{Progress, Startup};
pub use task::{
    ControllerId, Grant, Isolate, MAX_GRANTS, MAX_SECONDARIES, NamespaceId, Prepare,
    ReleasePrimary, Reply, Secondaries, Step, Survey, TakeOffline, Task, Wishes,
};
