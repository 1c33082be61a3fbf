// SPDX-License-Identifier: BSD-2-Clause
//! What the manager grants, and to whom.

use iommu_manager_interface::{Error, Manager, State, Status};
use iommu_tests::{ARENA, Bench, Direction, EDU, MANAGER, Memory};
use sel4_test::{TestResult, check, check_eq};

use crate::context::{Context, FOREIGN_INDEX, MARK, OTHER, OWN_INDEX, UNTOUCHED};

pub fn guard_is_on() -> TestResult {
    let manager = Manager::new(MANAGER);
    let protection = manager.status()?;
    check_eq!(protection.refusal, 0);
    check_eq!((protection.blocking, protection.remapping), (1, 1));
    check_eq!((protection.units, protection.devices), (1, 2));
    check_eq!(manager.query(EDU)?.state, State::Blocked as u16);
    Ok(())
}

pub fn device_without_grant_reaches_nothing() -> TestResult {
    let mut bench = Bench::new()?;
    let mut arena = Memory::at(ARENA, 0x2000);
    arena.fill(UNTOUCHED);
    bench.transfer(Direction::Write, ARENA, 64)?;
    check!(arena.is(UNTOUCHED));
    check!(bench.took(MANAGER), "the manager did not notify");
    let manager = Manager::new(MANAGER);
    let fault = manager.next_fault()?.fault;
    check_eq!((fault.requester, fault.access, fault.at), (EDU, 1, ARENA));
    check_eq!(manager.query(EDU)?.state, State::Quarantined as u16);
    check_eq!(
        manager.attach(EDU),
        Err(Error::Refused(Status::Quarantined))
    );
    manager.detach(EDU)?;
    Ok(())
}

pub fn device_with_grant_works() -> TestResult {
    let mut context = Context::new()?;
    context
        .bench
        .transfer(Direction::Write, ARENA + 0x1000, 0x1000)?;
    check!(
        Memory::at(ARENA + 0x1000, 0x1000).is(MARK),
        "nothing was written"
    );
    check!(
        Memory::at(ARENA, 0x1000).is(UNTOUCHED),
        "too much was written"
    );
    check!(!context.bench.took(MANAGER), "the manager notified");
    check_eq!(context.manager.query(EDU)?.state, State::Attached as u16);
    Ok(())
}

pub fn requests_beyond_the_table_are_refused() -> TestResult {
    let Context { manager, .. } = Context::new()?;
    let refused = |status| Err(Error::Refused(status));
    check_eq!(manager.attach(EDU), refused(Status::State));
    check_eq!(manager.attach(0x18), refused(Status::Unknown));
    check_eq!(manager.bind(EDU, FOREIGN_INDEX), refused(Status::Index));
    check_eq!(manager.bind(OTHER, OWN_INDEX), refused(Status::Index));
    check_eq!(manager.bind(EDU, u16::MAX), refused(Status::Index));
    check_eq!(manager.bind(0x18, OWN_INDEX), refused(Status::Unknown));
    check_eq!(manager.unbind(EDU, OWN_INDEX), refused(Status::State));
    Ok(())
}
