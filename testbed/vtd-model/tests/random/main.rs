// SPDX-License-Identifier: BSD-2-Clause
//! Random grants, revocations, DMA and interrupts on random hardware: what the devices of the
//! model can do is at every moment what a simple map says.

#[path = "../common/mod.rs"]
mod common;
mod operations;
mod shadow;

use std::cell::Cell;

use common::{Tables, config, expect_clean, list};
use operations::{Operation, hardware, operation};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use shadow::Shadow;
use vtd::{Iommu, Unit};
use vtd_model::{Board, Options};

/// Operations in a sequence, on average.
const MEAN: usize = 1000;

fn run(options: &[Options], pairs: bool, operations: &[Operation]) -> Result<(), TestCaseError> {
    let board = Board::new(4096, options);
    let probed =
        (0..options.len()).map(|unit| Unit::probe(board.registers(unit)).expect("it answers"));
    let tables = Tables {
        pairs,
        ..Tables::new(&board)
    };
    let driver = Iommu::take_over(tables, probed, config()).expect("it starts");
    let before = board.pages_in_use();
    let mut shadow = Shadow::new(board.clone(), driver, options);
    for operation in operations {
        shadow.apply(operation)?;
        board.check_settled();
        let violations = board.take_violations();
        prop_assert!(
            violations.is_empty(),
            "{operation:?}\n{}",
            list(&violations)
        );
    }
    let context_tables = shadow.end()?;
    expect_clean(&board);
    prop_assert_eq!(
        board.pages_in_use(),
        before + context_tables,
        "pages leaked"
    );
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
    let sequences = proptest::collection::vec(operation(), 1..2 * MEAN);
    let done = Cell::new(0);
    let mut runner = TestRunner::new(config);
    let result = runner.run(
        &(hardware(), any::<bool>(), sequences),
        |(options, pairs, operations)| {
            done.set(done.get() + operations.len());
            run(&options, pairs, &operations)
        },
    );
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
