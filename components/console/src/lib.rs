// SPDX-License-Identifier: BSD-2-Clause
//! The console without hardware and without seL4: what of which stream is shown when, and where
//! input goes.
//!
//! * Each line on the screen is one stream's, and starts with its name and `|`. A name comes from
//!   the system description; a stream can write neither another's name nor over another's text,
//!   since control characters of its output are shown, not obeyed.
//! * Streams are served in turn, each a bounded portion, whatever they write.
//! * The stream that has the focus gets the input; its unfinished line is shown, so that prompts
//!   and echoes appear. If another stream's line comes in between, the unfinished line is shown
//!   again below it.
//! * The escape key and one more change the focus: see [`ESCAPE`].
//! * A prompt takes commands to the monitors of guests, and tells what these count: [`Guests`].
#![no_std]
#![forbid(unsafe_code)]

mod commands;
mod exchange;
mod focus;
mod guests;
mod keys;
mod line;
mod multiplexer;
mod notices;
mod prompt;
mod screen;
#[cfg(test)]
mod testing;
mod text;

pub use exchange::{Port, exchange};
pub use guests::Guests;
pub use keys::ESCAPE;
pub use multiplexer::{MAX_STREAMS, Multiplexer, Streams};
pub use screen::Sink;
