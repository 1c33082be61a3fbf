// SPDX-License-Identifier: BSD-2-Clause
//! What the manager knows of one virtual function that has an owner.

use core::time::Duration;

use pci::FunctionReset;
use pf_manager_interface::{Access, Fault, Reason, State};
use sriov::{Goal, Vf};

use crate::Problem;

/// A flood lasts as long as no more than this is between two reports of it.
const CALM: Duration = Duration::from_secs(1);
/// So many reports in a row, each of a window full of messages, are too many.
const MAX_FLOODS: u8 = 10;

/// What clients are told of a function without asking; see [`Slot::news`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct News {
    state: u8,
    refused: bool,
    megabits: u16,
}

/// One virtual function.
pub(crate) struct Slot {
    pub vf: Vf,
    /// Its owner wants it.
    pub claimed: bool,
    /// The IOMMU stopped it while nobody had it: it has to be reset before it can be granted.
    pub dirty: bool,
    /// It is not who the system description says.
    pub problem: Option<Problem>,
    /// The function-level reset that is under way.
    pub reset: Option<FunctionReset>,
    pub faults: u32,
    pub last_fault: Option<Fault>,
    /// Messages to the physical function that were granted, and refused.
    pub messages: (u64, u64),
    pub resets: u64,
    /// It was granted before.
    pub known: bool,
    floods: u8,
    last_flood: Duration,
    told: News,
}

impl Slot {
    pub fn new(vf: u8) -> Self {
        Self {
            vf: Vf::new(vf.into()),
            claimed: false,
            dirty: false,
            problem: None,
            reset: None,
            faults: 0,
            last_fault: None,
            messages: (0, 0),
            resets: 0,
            known: false,
            floods: 0,
            last_flood: Duration::ZERO,
            told: News::default(),
        }
    }

    /// Its state, in the words of the interface.
    pub const fn state(&self) -> State {
        match self.vf.state() {
            sriov::State::Absent => State::Absent,
            sriov::State::Configured => State::Configured,
            sriov::State::Granted { .. } => State::Granted,
            sriov::State::Quarantined { .. } => State::Quarantined,
            sriov::State::Resetting {
                goal: Goal::Regrant,
                ..
            } => State::Resetting,
            sriov::State::Resetting {
                goal: Goal::Free, ..
            } => State::Revoking,
        }
    }

    /// Why it is in quarantine.
    pub const fn reason(&self) -> Reason {
        match self.vf.state() {
            sriov::State::Quarantined { reason, .. } => match reason {
                sriov::Reason::Dma => Reason::Dma,
                sriov::Reason::Interrupt => Reason::Interrupt,
                sriov::Reason::Misbehaviour => Reason::Misbehaviour,
                sriov::Reason::Failed(_) => Reason::Failed,
            },
            _ => Reason::None,
        }
    }

    /// Remembers what the IOMMU stopped, and returns what it is called.
    pub fn record(&mut self, fault: &iommu_manager_interface::Fault) -> sriov::Reason {
        use iommu_manager_interface::Access as Seen;
        let access = match Seen::from_number(fault.access) {
            Some(Seen::Read) => Access::Read,
            Some(Seen::Write) => Access::Write,
            Some(Seen::Interrupt) => Access::Interrupt,
            Some(Seen::Other) | None => Access::Other,
        };
        self.faults = self.faults.saturating_add(1);
        self.last_fault = Some(Fault {
            access,
            code: fault.reason,
            address: fault.at,
        });
        match access {
            Access::Interrupt => sriov::Reason::Interrupt,
            _ => sriov::Reason::Dma,
        }
    }

    /// It sent more messages than it may. `true` if it does not stop doing that.
    pub fn flood(&mut self, now: Duration) -> bool {
        if now.saturating_sub(self.last_flood) > CALM {
            self.floods = 0;
        }
        self.last_flood = now;
        self.floods = self.floods.saturating_add(1);
        self.floods >= MAX_FLOODS
    }

    /// Whether its owner has something to learn; it counts as told then.
    pub fn news(&mut self, refused: bool, megabits: u16) -> bool {
        let news = News {
            state: self.state() as u8,
            refused,
            megabits,
        };
        let before = core::mem::replace(&mut self.told, news);
        before != news
    }
}
