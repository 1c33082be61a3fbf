// SPDX-License-Identifier: BSD-2-Clause
//! How a guest's end is told to the console.

use vmm_control::End;
use vmm_core::Stop;

/// The end that this reason is, at this instruction.
pub fn end(stop: Stop, rip: u64) -> End {
    match stop {
        Stop::PowerOff => End::PowerOff,
        Stop::Reset => End::Reset,
        Stop::DebugExit(code) => End::DebugExit(code),
        Stop::TripleFault => End::TripleFault { rip },
        Stop::HaltedForGood => End::Halt { rip },
        Stop::Unsupported { rip, .. } => End::CannotEmulate { rip },
        Stop::InvalidState { reason, .. } => End::EntryFailed { reason },
        Stop::Kernel(_) => End::CannotEmulate { rip },
    }
}
