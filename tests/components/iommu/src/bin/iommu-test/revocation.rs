// SPDX-License-Identifier: BSD-2-Clause
//! Taking memory away from a device that is using it.

use iommu_tests::{ARENA, Direction, EDU};
use sel4_test::{TestResult, check, check_eq};

use crate::context::{Context, MARK, UNTOUCHED};

/// Each round takes two transfers.
const ROUNDS: usize = 50;

/// The device is attached to no domain.
const NO_DOMAIN: u8 = 2;

pub fn transfer_under_way_finds_nothing() -> TestResult {
    let mut context = Context::new()?;
    context.bench.edu.start(Direction::Write, ARENA, 64);
    context.manager.detach(EDU)?;
    context.bench.finish()?;
    let fault = context.expect_caught()?;
    check_eq!((fault.reason, fault.at), (NO_DOMAIN, ARENA));
    Ok(())
}

pub fn cached_translation_is_gone() -> TestResult {
    let mut context = Context::new()?;
    for round in 0..ROUNDS {
        // The unit has the translation, and the device is about to use it again.
        context.bench.transfer(Direction::Write, ARENA, 64)?;
        check_eq!(context.arena.word(0), MARK, "round {round}");
        context.bench.edu.start(Direction::Write, ARENA, 64);
        context.manager.detach(EDU)?;
        context.arena.fill(UNTOUCHED);
        context.bench.finish()?;
        check!(context.arena.is(UNTOUCHED), "written in round {round}");
        context.manager.detach(EDU)?;
        context.manager.attach(EDU)?;
    }
    Ok(())
}
