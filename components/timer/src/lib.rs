// SPDX-License-Identifier: BSD-2-Clause
//! The timer without hardware and without seL4: which time-outs run, what is due, and the answers
//! to clients. Moments are nanoseconds of the timer's clock.
#![no_std]
#![forbid(unsafe_code)]

mod pace;
mod queue;
mod service;

pub use pace::Pace;
pub use queue::{CLIENTS, ClientSet, Queue, Timeout};
pub use service::Service;
