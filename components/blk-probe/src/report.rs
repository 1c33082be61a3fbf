// SPDX-License-Identifier: BSD-2-Clause
//! What is worth a line.

use core::fmt;
use core::time::Duration;

use nvme_io::{Error, Geometry, Refused, Status};
use pf_manager_interface::{Error as Refusal, Info, Query};

/// A line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Report {
    /// The virtual function is ours.
    Granted(Info),
    /// The virtual function is not ours any more.
    Lost(Query),
    /// The virtual function will not be ours.
    Refused(Refusal),
    /// The controller runs.
    Ready(Geometry),
    /// A round went well.
    Verified(Verified),
    /// The command that was to overstep ended so.
    Overstepped(Status),
    /// Reads were measured.
    Read(Latencies),
    /// Something went wrong; the function is reset.
    Failed(Failure),
    /// It went wrong too often: nothing more is tried until a command is given.
    GivenUp,
}

/// A round that went well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verified {
    /// Number of the round, from 1.
    pub round: u64,
    /// Number of the namespace.
    pub namespace: u32,
    /// So much was written, read, and as it should be.
    pub bytes: u64,
    /// How long writing took, with making it durable.
    pub writing: Duration,
    /// How long reading took, with comparing.
    pub reading: Duration,
    /// Commands of the round.
    pub commands: u32,
    /// The most that were under way at once.
    pub depth: usize,
    /// How often interrupts woke the program meanwhile.
    pub interrupts: u64,
}

/// How long reads took, one after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Latencies {
    /// Number of the namespace.
    pub namespace: u32,
    /// How many there were.
    pub count: usize,
    /// Nanoseconds of the quickest.
    pub minimum: u32,
    /// Nanoseconds of the one in the middle.
    pub median: u32,
    /// All of them together.
    pub took: Duration,
    /// How often interrupts woke the program meanwhile.
    pub interrupts: u64,
}

/// Why it cannot go on with the controller as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// What was granted is no NVMe controller with a namespace and an interrupt.
    Grant,
    /// The PF manager does not let configuration space be used.
    Manager(Refusal),
    /// The function has no usable MSI-X table.
    Interrupts,
    /// The controller failed.
    Controller(Error),
    /// The driver does not take a command.
    Command(Refused),
    /// A command about this byte of the namespace failed.
    Status(u64, Status),
    /// At this byte of the namespace is something else than was written.
    Data {
        /// The byte.
        at: u64,
        /// What was read there.
        read: u64,
        /// What was written there.
        written: u64,
    },
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Controller(error)
    }
}

impl From<Refused> for Failure {
    fn from(refused: Refused) -> Self {
        Self::Command(refused)
    }
}

impl Report {
    /// Whether it is about something that should not be.
    pub fn is_error(&self) -> bool {
        matches!(self, Self::Refused(_) | Self::Failed(_) | Self::GivenUp)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Granted(info) => {
                let id = info.requester;
                let (bus, device, function) = (id >> 8, id >> 3 & 0x1f, id & 7);
                write!(
                    f,
                    "granted: VF {} at {bus:02x}:{device:02x}.{function:x}, namespace {}",
                    info.vf, info.namespace
                )
            }
            Self::Lost(query) => {
                write!(f, "lost: the function is {}: {}", query.state, query.reason)?;
                match query.last {
                    Some(fault) => write!(f, "; last fault: {fault}"),
                    None => Ok(()),
                }
            }
            Self::Refused(refusal) => write!(f, "not granted: {refusal}"),
            Self::Ready(geometry) => write!(
                f,
                "namespace {}: {} MiB in {} blocks of {} bytes",
                geometry.namespace.0,
                geometry.bytes() >> 20,
                geometry.blocks,
                geometry.block_bytes
            ),
            Self::Verified(verified) => verified.fmt(f),
            Self::Read(latencies) => latencies.fmt(f),
            Self::Overstepped(Status::SUCCESS) => f.write_str("the device says that it went well"),
            Self::Overstepped(status) => {
                write!(
                    f,
                    "the device says that it failed, with status {:#05x}",
                    status.0
                )
            }
            Self::Failed(failure) => failure.fmt(f),
            Self::GivenUp => f.write_str("giving up; type 'again' to try once more"),
        }
    }
}

impl fmt::Display for Verified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let both = self.writing.saturating_add(self.reading);
        write!(
            f,
            "verified {} on namespace {} ({} MiB/s: write {}, read {}; {} commands, {} at once; {} interrupts; round {})",
            Size(self.bytes),
            self.namespace,
            Rate(self.bytes.saturating_mul(2), both),
            Rate(self.bytes, self.writing),
            Rate(self.bytes, self.reading),
            self.commands,
            self.depth,
            self.interrupts,
            self.round
        )
    }
}

impl fmt::Display for Latencies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} reads of 4 KiB on namespace {}: minimum {} ns, median {} ns, {} us together; {} interrupts",
            self.count,
            self.namespace,
            self.minimum,
            self.median,
            self.took.as_micros(),
            self.interrupts
        )
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Grant => f.write_str(
                "system.xml: the function is no NVMe controller with a namespace and an interrupt",
            ),
            Self::Manager(refusal) => refusal.fmt(f),
            Self::Interrupts => f.write_str("the NVMe controller has no MSI-X table in its BAR 0"),
            Self::Controller(error) => error.fmt(f),
            Self::Command(refused) => refused.fmt(f),
            Self::Status(at, status) => write!(
                f,
                "the command about byte {at:#x} failed with status {:#05x}",
                status.0
            ),
            Self::Data { at, read, written } => write!(
                f,
                "byte {at:#x}: read {read:#018x} where {written:#018x} was written"
            ),
        }
    }
}

/// Bytes, in MiB if there are as many.
struct Size(u64);

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 >> 20 {
            0 => write!(f, "{} bytes", self.0),
            mebibytes => write!(f, "{mebibytes} MiB"),
        }
    }
}

/// Bytes in a time, in MiB/s with one digit behind the point.
struct Rate(u64, Duration);

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(bytes, time) = *self;
        let bytes_per_second = u128::from(bytes) * 1_000_000_000 / time.as_nanos().max(1);
        let tenths = (bytes_per_second * 10) >> 20;
        write!(f, "{}.{}", tenths / 10, tenths % 10)
    }
}

#[cfg(test)]
mod tests {
    use std::string::ToString;

    use super::*;

    #[test]
    fn a_round_is_one_line_with_its_rates() {
        let verified = Verified {
            round: 3,
            namespace: 2,
            bytes: 64 << 20,
            writing: Duration::from_millis(1000),
            reading: Duration::from_millis(500),
            commands: 1025,
            depth: 8,
            interrupts: 300,
        };
        assert_eq!(
            Report::Verified(verified).to_string(),
            "verified 64 MiB on namespace 2 (85.3 MiB/s: write 64.0, read 128.0; 1025 commands, 8 at once; \
             300 interrupts; round 3)"
        );
        let small = Verified {
            bytes: 512,
            writing: Duration::ZERO,
            ..verified
        };
        assert!(
            small.to_string().starts_with("verified 512 bytes on"),
            "{small}"
        );
    }
}
