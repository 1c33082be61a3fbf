// SPDX-License-Identifier: BSD-2-Clause
//! Why the system cannot be started: one line for people.

use alloc::string::String;
use core::fmt::Display;

use crate::system::System;
use object_spec::ObjectId;

/// The line.
pub struct Error(pub String);

/// What the program's steps return.
pub type Result<T> = core::result::Result<T, Error>;

/// Names the object that the kernel refused something for.
pub trait About<T> {
    /// Turns the kernel's error into a line: `OBJECT: WHAT: ERROR`.
    fn about(self, system: &System, id: ObjectId, what: impl Display) -> Result<T>;
}

impl<T> About<T> for sel4::Result<T> {
    fn about(self, system: &System, id: ObjectId, what: impl Display) -> Result<T> {
        self.map_err(|error| {
            let object = system.spec.describe(id);
            Error(alloc::format!(
                "{object}: {what}: the kernel says {error:?}"
            ))
        })
    }
}
