// SPDX-License-Identifier: BSD-2-Clause
//! How the emulation of an instruction ends.

use crate::walk::PageFault;

/// How the emulation of an instruction ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It is done.
    Done,
    /// A portion of a repeated instruction is done; it is to be executed again.
    Again,
    /// The guest gets this fault, and nothing of the current repetition was done.
    PageFault { linear: u64, fault: PageFault },
    /// It is not emulated.
    Unsupported,
}
