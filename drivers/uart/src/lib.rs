// SPDX-License-Identifier: BSD-2-Clause
//! A driver for the 16550 UART family: interrupt-driven in both directions, with bounded software
//! queues. It follows the PC16550D data sheet (National Semiconductor, June 1995).
//!
//! The driver is told of interrupts by [`Uart::on_interrupt`] and never waits. It relies on no
//! interrupt cause: each call looks at the line status itself, so a spurious interrupt costs two
//! port reads and a lost one is made good by the next call of any kind. [`Uart::send`] also feeds
//! an idle transmitter directly, because some devices raise no interrupt when the 'transmitter
//! empty' interrupt is enabled while the transmitter is already empty.
//!
//! It does no flow control by modem lines.
#![no_std]
#![forbid(unsafe_code)]

mod counters;
mod driver;
#[cfg(test)]
mod model;
mod registers;
#[cfg(test)]
mod tests;

pub use counters::Counters;
pub use driver::{Config, Error, Uart};
