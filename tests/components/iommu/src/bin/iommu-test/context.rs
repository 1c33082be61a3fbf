// SPDX-License-Identifier: BSD-2-Clause
//! The device under the manager, and what must be seen after each attack.

use iommu_manager_interface::{Access, Fault, Manager, State};
use iommu_tests::{ARENA, Bench, Direction, EDU, MANAGER, Memory, VICTIM};
use sel4_microkit::Channel;
use sel4_test::{Failure, TestResult, check, check_eq};

/// What the device's buffer holds when it attacks.
pub const MARK: u64 = 0x6d61_726b_6d61_726b;
/// What memory holds that must not change.
pub const UNTOUCHED: u64 = 0x7573_7573_7573_7573;

/// The index that the device may bind, and the one of another.
pub const OWN_INDEX: u16 = 5;
pub const FOREIGN_INDEX: u16 = 6;
/// The device that the other index is for.
pub const OTHER: u16 = 0xfa;

pub struct Context {
    pub bench: Bench,
    pub manager: Manager<Channel>,
    pub victim: Memory,
    pub arena: Memory,
}

impl Context {
    /// The device attached, a mark in its buffer, nobody's memory touched.
    pub fn new() -> Result<Self, Failure> {
        let mut context = Self {
            bench: Bench::new()?,
            manager: Manager::new(MANAGER),
            victim: Memory::at(VICTIM, 0x1000),
            arena: Memory::at(ARENA, 0x2000),
        };
        context.manager.detach(EDU)?;
        context.manager.attach(EDU)?;
        while context.manager.next_fault()?.number != 0 {}
        context.bench.took(MANAGER);
        context.victim.fill(UNTOUCHED);
        context.arena.fill(MARK);
        context.bench.transfer(Direction::Read, ARENA, 0x1000)?;
        context.arena.fill(UNTOUCHED);
        Ok(context)
    }

    /// Tries a transfer to or from where the device may not.
    pub fn overstep(
        &mut self,
        direction: Direction,
        at: u64,
        bytes: u32,
    ) -> Result<Fault, Failure> {
        self.bench.transfer(direction, at, bytes)?;
        let fault = self.expect_caught()?;
        let access = match direction {
            Direction::Read => Access::Read,
            Direction::Write => Access::Write,
        };
        check_eq!(fault.access, access as u8, "{fault}");
        Ok(fault)
    }

    /// The record of what the device did, of which there must be exactly one. The device must be
    /// in quarantine, this program must have been told, and nothing must have changed.
    pub fn expect_caught(&mut self) -> Result<Fault, Failure> {
        check!(self.bench.took(MANAGER), "the manager did not notify");
        let record = self.manager.next_fault()?;
        check!(record.number != 0, "there is no record");
        check_eq!(record.fault.requester, EDU);
        check_eq!(self.manager.next_fault()?.number, 0, "a second record");
        let state = self.manager.query(EDU)?;
        check_eq!(state.state, State::Quarantined as u16);
        check_eq!(state.last, record.fault);
        self.expect_untouched()?;
        self.expect_stopped()?;
        Ok(record.fault)
    }

    /// Nothing passes of a device in quarantine, what it was granted neither.
    fn expect_stopped(&mut self) -> TestResult {
        self.bench.transfer(Direction::Write, ARENA, 64)?;
        check!(
            !self.bench.took(MANAGER),
            "it is in quarantine, and told of again"
        );
        self.expect_untouched()
    }

    pub fn expect_untouched(&self) -> TestResult {
        check!(self.victim.is(UNTOUCHED), "another client's memory changed");
        check!(self.arena.is(UNTOUCHED), "the device's own memory changed");
        Ok(())
    }
}
