// SPDX-License-Identifier: BSD-2-Clause
//! Why a guest runs no further.

use core::fmt;

use vmm_base::Gpa;

/// Why a guest runs no further.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// It switched itself off.
    PowerOff,
    /// It reset itself.
    Reset,
    /// It ended through the debug-exit port, with this code.
    DebugExit(u32),
    /// A fault while it delivered a double fault.
    TripleFault,
    /// It halted with interrupts off and no NMI to come.
    HaltedForGood,
    /// It did something that the monitor does not do for it.
    Unsupported {
        /// What.
        what: Unsupported,
        /// Where.
        rip: u64,
    },
    /// The CPU does not enter it: its state is none that a CPU can have.
    InvalidState {
        /// Where.
        rip: u64,
        /// The exit reason.
        reason: u32,
    },
    /// The kernel refused the monitor something.
    Kernel(sel4::Error),
}

impl Stop {
    /// Did the monitor or the CPU give up, for reasons that only this tells?
    pub const fn has_more_to_tell(&self) -> bool {
        matches!(
            self,
            Self::Unsupported { .. } | Self::InvalidState { .. } | Self::Kernel(_)
        )
    }
}

/// What the monitor does not do for a guest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unsupported {
    /// An instruction that accesses a device, of which these are the first bytes.
    Instruction([u8; 15]),
    /// An instruction that accesses a device and lies where it cannot be read.
    Fetch,
    /// A device as the source of instructions, or of page tables.
    Device(Gpa),
    /// An interrupt or exception whose delivery needs an address that is no memory.
    Delivery {
        /// Its vector.
        vector: u8,
        /// The address.
        at: Gpa,
    },
    /// An exit with this reason.
    Exit(u32),
}

impl From<sel4::Error> for Stop {
    fn from(error: sel4::Error) -> Self {
        Self::Kernel(error)
    }
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PowerOff => f.write_str("powered off"),
            Self::Reset => f.write_str("reset"),
            Self::DebugExit(code) => write!(f, "ended with code {code}"),
            Self::TripleFault => f.write_str("triple fault"),
            Self::HaltedForGood => f.write_str("halted for good: interrupts are off"),
            Self::Unsupported { what, rip } => write!(f, "stopped at {rip:#x}: {what}"),
            Self::InvalidState { rip, reason } => {
                write!(
                    f,
                    "stopped at {rip:#x}: no valid state (reason {reason:#x})"
                )
            }
            Self::Kernel(error) => write!(f, "stopped: the kernel answered {error}"),
        }
    }
}

impl fmt::Display for Unsupported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Instruction(bytes) => {
                f.write_str("an instruction on a device that is not emulated:")?;
                bytes.iter().try_for_each(|byte| write!(f, " {byte:02x}"))
            }
            Self::Fetch => f.write_str("the instruction cannot be read"),
            Self::Device(at) => write!(f, "no code and no page tables at {at}, a device"),
            Self::Delivery { vector, at } => {
                write!(
                    f,
                    "the delivery of vector {vector:#x} needs {at}, which is no memory"
                )
            }
            Self::Exit(reason) => write!(f, "an exit with reason {reason:#x}"),
        }
    }
}
