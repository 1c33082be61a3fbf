// SPDX-License-Identifier: BSD-2-Clause
//! Data gets where it belongs, in whatever order commands end.

use std::vec::Vec;

use proptest::prelude::*;

use super::*;
use crate::{DEPTH, Direction, Done, MAX_BYTES, Refused, Status, Transfer};

const READ: Direction = Direction::Read;
const WRITE: Direction = Direction::Write;

fn transfer(direction: Direction, block: u64, blocks: u32, address: u64) -> Transfer {
    Transfer {
        direction,
        block,
        blocks,
        address,
    }
}

/// Carries out a command that is to succeed.
fn done(driver: &mut Driver, command: Transfer) {
    let tag = driver.transfer(command, ms(0)).unwrap();
    driver.announce();
    let status = Status::SUCCESS;
    assert_eq!(driver.completion(), Ok(Some(Done { tag, status })));
    assert_eq!(driver.completion(), Ok(None));
}

fn fill(model: &Model, seed: u32) {
    let mut state = model.borrow_mut();
    for (n, word) in (0..).zip(&mut state.memory[DATA / 4..]) {
        *word = (seed + n).wrapping_mul(0x9e37_79b9);
    }
}

fn bytes(model: &Model, offset: usize, len: usize) -> Vec<u8> {
    let state = model.borrow();
    let words = &state.memory[(DATA + offset) / 4..(DATA + offset + len) / 4];
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}

proptest! {
    #[test]
    fn what_is_written_is_read(
        block in 0u64..1500, blocks in 1u32..=512, from in 0usize..4096, to in 0usize..4096,
    ) {
        let (model, mut driver) = running();
        fill(&model, 1);
        let len = blocks as usize * 512;
        let (from, to) = (4 * from, (512 << 10) + 4 * to);
        let written = bytes(&model, from, len);
        done(&mut driver, transfer(WRITE, block, blocks, data(from)));
        let start = block as usize * 512;
        {
            let state = model.borrow();
            prop_assert!(state.disk[start..start + len] == written);
            prop_assert!(state.disk[..start].iter().all(|byte| *byte == 0));
            prop_assert!(state.disk[start + len..].iter().all(|byte| *byte == 0));
        }
        let before = bytes(&model, 0, DATA_BYTES);
        done(&mut driver, transfer(READ, block, blocks, data(to)));
        let after = bytes(&model, 0, DATA_BYTES);
        prop_assert!(after[to..to + len] == written);
        prop_assert!(after[..to] == before[..to] && after[to + len..] == before[to + len..]);
    }

    #[test]
    fn commands_end_in_any_order(places in proptest::collection::vec(any::<prop::sample::Index>(), 200)) {
        let (model, mut driver) = running();
        model.borrow_mut().holds = true;
        let mut under_way = Vec::new();
        let mut ended = 0;
        for place in places {
            while let Ok(tag) = driver.flush(ms(0)) {
                prop_assert!(!under_way.contains(&tag));
                under_way.push(tag);
            }
            prop_assert_eq!(driver.under_way(), DEPTH);
            driver.announce();
            // One or two end before the driver looks.
            for _ in 0..=place.index(2) {
                let held = model.borrow().held.len();
                model.release(place.index(held));
            }
            while let Some(Done { tag, status }) = driver.completion().unwrap() {
                prop_assert_eq!(status, Status::SUCCESS);
                under_way.retain(|other| *other != tag);
                ended += 1;
            }
        }
        prop_assert!(ended >= 200);
        prop_assert_eq!(model.borrow().flushes, ended);
        prop_assert_eq!(model.borrow().interrupts, ended);
    }
}

#[test]
fn without_a_vector_there_are_no_interrupts() {
    let model = Model::new(DISK, DATA);
    let memory = Shared::new(model.memory(0, IO_DMA_BYTES), BUS);
    let mut driver = NvmeIo::new(model.registers(), memory, None).unwrap();
    start(&model, &mut driver);
    driver.flush(ms(0)).unwrap();
    driver.announce();
    assert!(driver.completion().unwrap().is_some());
    assert_eq!((model.borrow().interrupts, model.borrow().flushes), (0, 1));
}

#[test]
fn transfers_that_cannot_be_are_refused() {
    let (model, mut driver) = running();
    let most = MAX_BYTES / 512;
    for (block, blocks, address, expected) in [
        (0, 0, data(0), Refused::Range),
        (0, most + 1, data(0), Refused::Range),
        (0, u32::MAX, data(0), Refused::Range),
        (2047, 2, data(0), Refused::Range),
        (2048, 1, data(0), Refused::Range),
        (u64::MAX, 1, data(0), Refused::Range),
        (0, 1, data(2), Refused::Address),
        (0, 1, !0x3ff, Refused::Address),
    ] {
        let command = transfer(READ, block, blocks, address);
        assert_eq!(
            driver.transfer(command, ms(0)),
            Err(expected),
            "{command:?}"
        );
    }
    assert_eq!(driver.under_way(), 0);
    // A controller that can move less at once says so.
    model.borrow_mut().most = 3;
    start(&model, &mut driver);
    let refused = driver.transfer(transfer(READ, 0, 65, data(0)), ms(0));
    assert_eq!(refused, Err(Refused::Range));
    done(&mut driver, transfer(READ, 0, 64, data(0)));
}
