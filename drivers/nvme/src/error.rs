// SPDX-License-Identifier: BSD-2-Clause
//! What can go wrong with a controller.

use core::fmt;

/// The result of an operation on a controller.
pub type Result<T> = core::result::Result<T, Error>;

/// How a command ended (§4.6.1): the type in bits 10:8 and the code in bits 7:0; 0 is success.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Status(pub u16);

impl Status {
    /// The command was carried out.
    pub const SUCCESS: Self = Self(0);
    /// The namespace is attached to this controller already.
    pub const ALREADY_ATTACHED: Self = Self(0x118);
    /// The namespace is not attached to this controller.
    pub const NOT_ATTACHED: Self = Self(0x11a);
}

/// Why a controller cannot be used, or cannot do what is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// Its registers read all ones.
    Absent,
    /// It does not know pages of 4 KiB or the NVM command set.
    Unsuitable,
    /// It did not become ready, or not idle, in the time that it says it needs.
    NotReady,
    /// It reports a fatal error (CSTS.CFS).
    Fatal,
    /// The memory for its queues is too small or not aligned to 4 KiB.
    Memory,
    /// A completion is not that of the command under way; its third and fourth word. The queue
    /// cannot be used before the controller was started anew.
    Completion(u32, u32),
    /// No completion came in time. The same holds.
    Timeout(u8),
    /// The command with this opcode failed.
    Failed(u8, Status),
    /// It cannot manage virtual functions, or namespaces (OACS).
    NoManagement,
    /// It says something about itself that cannot be.
    Inconsistent(&'static str),
    /// It granted this controller fewer queues or interrupts than asked for, or did not put it
    /// online.
    NotGranted(u16),
    /// This namespace is granted to two controllers.
    GrantedTwice(u32),
    /// More namespaces are granted than there is room for.
    TooManyGrants,
    /// This namespace does not exist.
    NoSuchNamespace(u32),
    /// This controller still sees a namespace that it should not, or does not see its own.
    NotIsolated(u16, u32),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent => {
                f.write_str("the NVMe controller does not answer: is its memory decoded?")
            }
            Self::Unsuitable => {
                f.write_str("the NVMe controller lacks 4 KiB pages or the NVM commands")
            }
            Self::NotReady => f.write_str("the NVMe controller does not become ready"),
            Self::Fatal => f.write_str("the NVMe controller reports a fatal error"),
            Self::Memory => {
                f.write_str("the memory for the NVMe queues is too small or not aligned")
            }
            Self::Completion(a, b) => write!(
                f,
                "the NVMe controller sent an impossible completion {a:#010x} {b:#010x}"
            ),
            Self::Timeout(opcode) => {
                write!(f, "NVMe command {opcode:#04x} was not completed in time")
            }
            Self::Failed(opcode, status) => write!(
                f,
                "NVMe command {opcode:#04x} failed with status {:#05x}",
                status.0
            ),
            Self::NoManagement => {
                f.write_str("the NVMe controller cannot manage virtual functions and namespaces")
            }
            Self::Inconsistent(what) => write!(f, "the NVMe controller contradicts itself: {what}"),
            Self::NotGranted(id) => write!(f, "NVMe controller {id} did not get what it needs"),
            Self::GrantedTwice(id) => {
                write!(f, "NVMe namespace {id} is granted to two virtual functions")
            }
            Self::TooManyGrants => f.write_str("too many NVMe namespaces are granted"),
            Self::NoSuchNamespace(id) => write!(f, "there is no NVMe namespace {id}"),
            Self::NotIsolated(id, namespace) => write!(
                f,
                "NVMe controller {id} sees the wrong namespaces: {namespace}"
            ),
        }
    }
}

impl core::error::Error for Error {}
