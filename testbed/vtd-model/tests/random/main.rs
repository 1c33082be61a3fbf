// SPDX-License-Identifier: BSD-2-Clause
//! Random grants, revocations, DMA and interrupts on random hardware: what the devices of the
//! model can do is at every moment what a simple map says.

#[path = "../common/mod.rs"]
mod common;
mod hardware;

use std::cell::Cell;

use common::modelled::{Modelled, abilities};
use common::{expect_clean, start};
use hardware::hardware;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use vtd::Bdf;
use vtd_model::Options;
use vtd_sequences::{Operation, Plan, Shadow};

/// Operations in a sequence, on average.
const MEAN: usize = 1000;

/// Devices of each unit on several buses, which really access nothing.
const PLAN: Plan = Plan {
    units: 2,
    devices: &[Bdf(0x0098), Bdf(0x009a), Bdf(0x0100), Bdf(0x0207)],
    landing: None,
    vectors: None,
};

fn run(options: &[Options], operations: &[Operation]) -> Result<(), String> {
    let (board, driver) = start(options);
    let before = board.pages_in_use();
    let units: Vec<_> = options.iter().map(abilities).collect();
    let mut shadow = Shadow::new(PLAN, driver, Modelled::new(&board), &units);
    for operation in operations {
        shadow
            .apply(operation)
            .map_err(|why| format!("{operation:?}: {why}"))?;
    }
    let ended = shadow.end()?;
    ended.hardware.end();
    expect_clean(&board);
    let leaked = board.pages_in_use() - before - ended.context_tables;
    if leaked != 0 {
        return Err(format!("{leaked} pages leaked"));
    }
    Ok(())
}

/// Sequences; an unoptimised build does some, for a quick answer.
const SEQUENCES: u32 = if cfg!(debug_assertions) { 40 } else { 1100 };
/// What an optimised build must reach.
const OPERATIONS: usize = if cfg!(debug_assertions) { 1 } else { 1_000_000 };

#[test]
fn devices_can_do_what_the_map_says() {
    let config = ProptestConfig {
        cases: SEQUENCES,
        max_shrink_iters: 2000,
        source_file: Some(file!()),
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    // A sequence shrinks by leaving operations out.
    let operation = any::<u64>().no_shrink().prop_map(Operation::from_seed);
    let sequences = proptest::collection::vec(operation, 1..2 * MEAN);
    let done = Cell::new(0);
    let mut runner = TestRunner::new(config);
    let result = runner.run(&(hardware(), sequences), |(options, operations)| {
        done.set(done.get() + operations.len());
        run(&options, &operations).map_err(TestCaseError::fail)
    });
    if let Err(error) = result {
        panic!("{error}");
    }
    println!("{} operations", done.get());
    assert!(
        done.get() >= OPERATIONS,
        "too few operations: {}",
        done.get()
    );
}
