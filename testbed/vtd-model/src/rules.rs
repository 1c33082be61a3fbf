// SPDX-License-Identifier: BSD-2-Clause
//! What a driver must not do, each with a name to report.

use std::fmt;

/// A rule of the specification, or one that this project sets itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Rule {
    /// A table page is freed while it is linked, or before hardware dropped what it cached of it.
    FlushBeforeFree,
    /// A present interrupt entry is changed in two accesses (§5.1.3).
    NoTornInterruptEntry,
    /// A present context entry is changed in two accesses (§9.3).
    NoTornContextEntry,
    /// An interrupt entry, a context entry or a domain id is used anew while hardware may have
    /// cached its former meaning (§6.5).
    InvalidateBeforeReuse,
    /// Something was taken away, and the driver says it is done, but hardware may still have it.
    InvalidateBeforeDone,
    /// A GCMD write that changes several switches, or repeats a one-shot bit (§11.4.4).
    OneCommandBit,
    /// A GCMD write before GSTS followed the last one.
    CommandPending,
    /// IQA, IQT or QIE changed where the queue does not allow it (§6.5.2).
    QueueOrder,
    /// Translation or remapping goes on after a table pointer was set and before what was cached
    /// of the old tables is dropped (§6.6, §6.7).
    InvalidateAfterPointer,
    /// The mode of the tables changes while translation is on (§11.4.5).
    ModeWhileOff,
    /// Hardware does not snoop, and a table was not written back (or the write buffer not
    /// flushed, §6.8) before a device needed it.
    WriteBack,
    /// Memory that the driver does not own is accessed.
    OwnMemory,
    /// An interrupt entry is present without full verification of its source.
    VerifySource,
    /// An IOTLB invalidation that could drain requests under way does not (§6.5.3).
    Drain,
}

impl Rule {
    /// The rule in a few words.
    pub const fn name(self) -> &'static str {
        match self {
            Self::FlushBeforeFree => "flush before free",
            Self::NoTornInterruptEntry => "no torn IRTE",
            Self::NoTornContextEntry => "no torn context entry",
            Self::InvalidateBeforeReuse => "invalidate before reuse",
            Self::InvalidateBeforeDone => "invalidate before done",
            Self::OneCommandBit => "one GCMD bit per write",
            Self::CommandPending => "wait for GSTS after GCMD",
            Self::QueueOrder => "queue switched and pointed only when it may be",
            Self::InvalidateAfterPointer => "invalidate after setting a table pointer",
            Self::ModeWhileOff => "change the table mode with translation off",
            Self::WriteBack => "write tables back before hardware reads them",
            Self::OwnMemory => "touch own memory only",
            Self::VerifySource => "verify the source of every interrupt",
            Self::Drain => "drain requests on invalidation",
        }
    }
}

/// A rule that was broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The rule.
    pub rule: Rule,
    /// What exactly happened.
    pub detail: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.rule.name(), self.detail)
    }
}

/// The violations so far. Keeps the first thousand: a broken driver repeats itself.
#[derive(Debug, Default)]
pub(crate) struct Rules {
    pub violations: Vec<Violation>,
}

const KEPT: usize = 1000;

impl Rules {
    pub fn broken(&mut self, rule: Rule, detail: impl FnOnce() -> String) {
        if self.violations.len() < KEPT {
            self.violations.push(Violation {
                rule,
                detail: detail(),
            });
        }
    }
}
