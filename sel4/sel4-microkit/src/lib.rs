// SPDX-License-Identifier: BSD-2-Clause
//! The runtime of a Microkit protection domain (PD).
//!
//! ```ignore
//! #![no_std]
//! #![no_main]
//! use sel4_microkit::{ChannelSet, Handler, Infallible, protection_domain};
//!
//! struct Echo;
//!
//! impl Handler for Echo {
//!     type Error = Infallible;
//!
//!     fn notified(&mut self, channels: ChannelSet) -> Result<(), Infallible> {
//!         channels.iter().for_each(|channel| channel.notify());
//!         Ok(())
//!     }
//! }
//!
//! #[protection_domain]
//! fn init() -> Echo {
//!     Echo
//! }
//! ```
//!
//! Names and signatures follow rust-sel4 5.0's crate of this name. What is ours besides is marked
//! "extension": restarting children, the names of peers, the `log` sink, [`RESTARTED`],
//! [`Channel::call_words`].
//! I/O ports and virtual CPUs are in the crate `sel4-vcpu`.
//!
//! The program is linked by `sel4-link` and given its channels and variables by the image tool,
//! through the symbols in `symbols.rs`.
#![cfg_attr(not(test), no_std)]

#[cfg(feature = "alloc")]
extern crate alloc;

mod call;
mod channel;
mod child;
mod defer;
mod entry;
mod handler;
#[doc(hidden)]
pub mod ipc;
mod message;
mod start;
mod symbols;
mod vars;

pub use core::convert::Infallible;

pub use call::NoReply;
pub use channel::{Channel, ChannelSet, ChannelSetIter, DisplayChannelSet, IrqAckError};
pub use child::{Child, RestartError};
pub use defer::{DeferredAction, DeferredActionInterface, DeferredActionSlot};
pub use handler::{Handler, Never, NullHandler};
pub use message::{
    MessageInfo, MessageLabel, MessageRegisterValue, RESTARTED, get_mr, set_mr, with_msg_bytes,
    with_msg_bytes_mut, with_msg_regs, with_msg_regs_mut,
};
pub use sel4_runtime::{debug_print, debug_println, log as logging};
pub use symbols::{pd_is_passive, pd_name, pd_name_bytes};

/// Declares the initialisation function of the protection domain, `fn() -> impl Handler`.
///
/// Options, both optional and in this order:
///
/// - `stack_size = EXPR`: the program has a stack of that many bytes of its own, a multiple of 16.
///   Without it, it uses the one that the image tool maps (`stack_size` of the element
///   `protection_domain`), which has a guard page.
/// - `heap_size = EXPR`: the program has a global allocator with that many bytes. Without it,
///   allocating is a link error.
pub use sel4_microkit_macros::protection_domain;

#[doc(hidden)]
pub mod _private {
    pub use crate::entry::run;
    pub use sel4_runtime::{Patched, StaticStack, declare_heap, declare_platform, panic::panic};
}
