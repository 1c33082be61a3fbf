// SPDX-License-Identifier: BSD-2-Clause
//! How the initial task ends.

use core::fmt;

use sel4::init_thread::{slot, suspend_self};
use sel4_runtime::panic::fatal;

/// A type without values: what a function returns that does not.
pub type Never = core::convert::Infallible;

/// What the main function returns.
pub trait Termination {
    /// Ends the program.
    fn report(self) -> !;
}

impl Termination for Never {
    fn report(self) -> ! {
        match self {}
    }
}

/// Names the type `!`, which stable Rust does not let one write as a type of its own.
#[doc(hidden)]
pub trait Output {
    /// What the function returns.
    type Type;
}

impl<T> Output for fn() -> T {
    type Type = T;
}

impl Termination for <fn() -> ! as Output>::Type {
    fn report(self) -> ! {
        self
    }
}

impl<E: fmt::Display> Termination for Result<Never, E> {
    fn report(self) -> ! {
        match self {
            Err(error) => fatal(format_args!("{error}")),
        }
    }
}

/// Deletes the thread's own capability, the last one to it, and with it the thread.
///
/// What it made lives on; its own memory and capabilities stay allocated, unreachable for all.
pub fn delete_self() -> ! {
    let own = slot::CNODE.cap().absolute_cptr(slot::TCB.cptr());
    // Where this returns, somebody else has a capability to this thread: then it ends by waiting.
    let _ = own.delete();
    suspend_self()
}
