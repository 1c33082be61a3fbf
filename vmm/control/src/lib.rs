// SPDX-License-Identifier: BSD-2-Clause
//! What a virtual machine monitor (VMM) and the console share, and the life of a guest.
//!
//! The shared part is a [`Page`] of 64-bit atomics. The VMM has its end ([`Control`]): it counts
//! exits, interrupts and time, each event a plain store, and looks for commands. The console has
//! the other ([`Guest`]): it reads and commands. So a question of the console costs the guest
//! nothing. Neither end trusts the other: what one finds in the page is only shown, or is one of a
//! few commands; an end that writes nonsense harms what is told about itself.
//!
//! [`Life`] decides what follows when a guest ends, however it does: whether it starts again, and
//! the one line that says so. [`Watchdog`] notices a guest that hangs with interrupts off. Neither
//! touches the page or the CPU.
#![no_std]

#[cfg(test)]
extern crate std;

mod cause;
mod command;
mod control;
mod end;
mod guest;
mod life;
mod page;
mod state;
mod watchdog;

pub use cause::{Access, exit_name};
pub use command::{Busy, Command};
pub use control::Control;
pub use end::End;
pub use guest::{Guest, Snapshot, Times};
pub use life::{Life, Next, Policy};
pub use page::{EXITS, PAGE_SIZE, Page};
pub use state::{Phase, State};
pub use watchdog::Watchdog;
