// SPDX-License-Identifier: BSD-2-Clause
//! What a thread did to be stopped, in words.

use core::fmt;

/// The kind of a memory access.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// A load.
    Read,
    /// A store.
    Write,
    /// An instruction fetch.
    Execute,
}

/// Why a thread was stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// A memory access that its address space does not allow.
    Memory {
        /// The address.
        address: u64,
        /// What was tried.
        access: Access,
        /// Whether something is mapped there, so that rights were missing.
        mapped: bool,
    },
    /// A processor exception other than a page fault.
    Exception {
        /// Its vector.
        vector: u64,
        /// Its error code, 0 where it has none.
        code: u64,
    },
    /// A system call on a capability that is not there.
    Capability {
        /// The capability's address.
        address: u64,
        /// Whether it was to receive.
        receiving: bool,
    },
    /// A system call that the kernel does not know.
    Syscall {
        /// Its number.
        number: u64,
    },
    /// A message that is no fault.
    Unknown,
}

/// Addresses below this come from a null pointer and an offset.
const NULL_PAGE: u64 = 0x1000;

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Memory {
                address,
                access,
                mapped,
            } => {
                f.write_str(match access {
                    Access::Read => "read from",
                    Access::Write => "write to",
                    Access::Execute => "execution of",
                })?;
                write!(f, " {address:#x}")?;
                match (mapped, address) {
                    (true, _) => f.write_str(" (no right to)"),
                    (false, ..NULL_PAGE) => f.write_str(" (null pointer)"),
                    _ => Ok(()),
                }
            }
            Self::Exception { vector, code } => {
                match exception_name(vector) {
                    Some(name) => write!(f, "{name} exception")?,
                    None => write!(f, "exception {vector}")?,
                }
                if code != 0 {
                    write!(f, " (error code {code:#x})")
                } else {
                    Ok(())
                }
            }
            Self::Capability { address, receiving } => {
                let phase = if receiving {
                    "receiving from"
                } else {
                    "use of"
                };
                write!(f, "{phase} capability {address:#x}, which it does not have")
            }
            Self::Syscall { number } => write!(f, "unknown system call {}", number as i64),
            Self::Unknown => f.write_str("a message that is no fault"),
        }
    }
}

/// Names after Intel's Software Developer's Manual, volume 3, table 7-1.
fn exception_name(vector: u64) -> Option<&'static str> {
    Some(match vector {
        0 => "divide error",
        1 => "debug",
        3 => "breakpoint",
        4 => "overflow",
        5 => "bound range exceeded",
        6 => "invalid opcode",
        7 => "device not available",
        8 => "double fault",
        10 => "invalid TSS",
        11 => "segment not present",
        12 => "stack segment",
        13 => "general protection",
        14 => "page fault",
        16 => "x87 floating-point",
        17 => "alignment check",
        18 => "machine check",
        19 => "SIMD floating-point",
        20 => "virtualization",
        21 => "control protection",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    extern crate std;
    use std::string::ToString;

    use super::*;

    #[test]
    fn says_what_happened() {
        let memory = |address, access, mapped| Cause::Memory {
            address,
            access,
            mapped,
        };
        for (cause, text) in [
            (
                memory(0x8, Access::Write, false),
                "write to 0x8 (null pointer)",
            ),
            (memory(0x1000, Access::Read, false), "read from 0x1000"),
            (
                memory(0x20_1000, Access::Write, true),
                "write to 0x201000 (no right to)",
            ),
            (
                memory(u64::MAX, Access::Execute, false),
                "execution of 0xffffffffffffffff",
            ),
            (
                Cause::Exception { vector: 6, code: 0 },
                "invalid opcode exception",
            ),
            (
                Cause::Exception {
                    vector: 13,
                    code: 0x10,
                },
                "general protection exception (error code 0x10)",
            ),
            (
                Cause::Exception {
                    vector: 99,
                    code: 0,
                },
                "exception 99",
            ),
            (
                Cause::Capability {
                    address: 0x4b,
                    receiving: false,
                },
                "use of capability 0x4b, which it does not have",
            ),
            (
                Cause::Capability {
                    address: 0,
                    receiving: true,
                },
                "receiving from capability 0x0, which it does not have",
            ),
            (
                Cause::Syscall {
                    number: -99i64 as u64,
                },
                "unknown system call -99",
            ),
            (Cause::Unknown, "a message that is no fault"),
        ] {
            assert_eq!(cause.to_string(), text);
        }
    }
}
