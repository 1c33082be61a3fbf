// SPDX-License-Identifier: BSD-2-Clause
//! How a guest's end is told to the console.

use vmm_control::End;
use vmm_core::Stop;

/// The end that this reason is; without one, there was no guest.
pub fn end(stop: Option<Stop>, rip: u64) -> End {
    match stop {
        None => End::NoKernel,
        Some(Stop::PowerOff) => End::PowerOff,
        Some(Stop::Reset) => End::Reset,
        Some(Stop::DebugExit(code)) => End::DebugExit(code),
        Some(Stop::TripleFault) => End::TripleFault { rip },
        Some(Stop::HaltedForGood) => End::Halt { rip },
        Some(Stop::Unsupported { rip, .. }) => End::CannotEmulate { rip },
        Some(Stop::InvalidState { reason, .. }) => End::EntryFailed { reason },
        Some(Stop::Kernel(_)) => End::CannotEmulate { rip },
    }
}
