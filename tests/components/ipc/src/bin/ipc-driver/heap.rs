// SPDX-License-Identifier: BSD-2-Clause
//! The heap of `heap_size`.

use alloc::{boxed::Box, format, vec::Vec};

use sel4_test::{TestResult, check, check_eq};

use crate::context::Context;

const BLOCK: usize = 0x1000;

/// Allocates blocks until there is no more room, and returns them.
fn fill() -> Vec<Box<[u8; BLOCK]>> {
    let mut blocks = Vec::with_capacity(100);
    while blocks.len() < blocks.capacity() {
        let mut block = Vec::new();
        if block.try_reserve_exact(BLOCK).is_err() {
            break;
        }
        block.resize(BLOCK, blocks.len() as u8);
        match block.into_boxed_slice().try_into() {
            Ok(block) => blocks.push(block),
            Err(_) => break,
        }
    }
    blocks
}

pub fn the_heap_gives_and_takes_back(_: &mut Context) -> TestResult {
    for round in 0..50 {
        let text = format!("round {round}");
        check!(text.ends_with(char::is_numeric));
        let blocks = fill();
        check!(
            blocks.len() > 50,
            "{} blocks in round {round}",
            blocks.len()
        );
        for (i, block) in blocks.iter().enumerate() {
            check!(
                block.iter().all(|byte| *byte == i as u8),
                "block {i} in round {round}"
            );
        }
    }
    Ok(())
}

/// A heap of 256 KiB has less than 64 blocks of 4 KiB, and full it stays usable.
pub fn the_heap_ends(_: &mut Context) -> TestResult {
    let blocks = fill();
    check!(blocks.len() < 64, "{} blocks", blocks.len());
    drop(blocks);
    check_eq!(fill().is_empty(), false);
    Ok(())
}
