// SPDX-License-Identifier: BSD-2-Clause
//! Random sequences of grants, revocations, DMA and interrupts, and the simple map that says what
//! must come of each step.
//!
//! An [`Operation`] comes from a seed alone. A [`Plan`] says what it means on some hardware: which
//! devices there are, where DMA may land. A [`Shadow`] carries operations out by the driver, has
//! the devices act through [`Hardware`], and fails with a sentence at the first thing that differs
//! from its map. So the same operations run on the model of the hardware and on an emulator's, and
//! each is checked by the other: what a [`Replay`] says on the one it must say on the other.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

pub mod broken;
mod hardware;
mod operation;
mod plan;
mod random;
mod replay;
mod shadow;
mod tally;

pub use hardware::{Abilities, Arrival, Dma, Hardware, Outcome};
pub use operation::{Operation, Raise};
pub use plan::Plan;
pub use random::Random;
pub use replay::{Digest, Replay};
pub use shadow::{Ended, Shadow};
pub use tally::Tally;

#[doc(hidden)]
pub use alloc::format;

/// Whether a step went as the map says; if not, a sentence about the difference.
pub type Done = Result<(), alloc::string::String>;

/// Returns with a sentence unless the condition holds.
#[macro_export]
macro_rules! ensure {
    ($condition:expr, $($text:tt)+) => {
        if !$condition {
            return Err($crate::format!($($text)+));
        }
    };
}

/// Returns with a sentence unless what was found is what the map says.
#[macro_export]
macro_rules! same {
    ($found:expr, $expected:expr, $($text:tt)+) => {
        match (&$found, &$expected) {
            (found, expected) => {
                if *found != *expected {
                    return Err($crate::format!(
                        "{}: found {found:?}, expected {expected:?}",
                        $crate::format!($($text)+)
                    ));
                }
            }
        }
    };
}
