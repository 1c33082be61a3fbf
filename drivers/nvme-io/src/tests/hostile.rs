// SPDX-License-Identifier: BSD-2-Clause
//! A controller that fails commands, loses them, or writes what makes no sense.

use proptest::prelude::*;

use super::*;
use crate::layout::COMPLETIONS;
use crate::ring::COMMAND_LIMIT;
use crate::{Direction, Done, Error, Refused, Status, Transfer};

const COMMAND: Transfer = Transfer {
    direction: Direction::Write,
    block: 0,
    blocks: 1,
    address: BUS + DATA as u64,
};

/// Writes a completion to the ring.
fn forge(model: &Model, entry: usize, third: u32, last: u32) {
    let at = (COMPLETIONS + 16 * entry) / 4;
    let mut state = model.borrow_mut();
    state.memory[at + 2..at + 4].copy_from_slice(&[third, last]);
}

#[test]
fn a_failure_is_passed_on_and_the_next_command_works() {
    let (model, mut driver) = running();
    model.borrow_mut().fails = Some((0x101, 0x281));
    let tag = driver.transfer(COMMAND, ms(0)).unwrap();
    driver.announce();
    let status = Status(0x281);
    assert_eq!(driver.completion(), Ok(Some(Done { tag, status })));
    model.borrow_mut().fails = None;
    driver.transfer(COMMAND, ms(0)).unwrap();
    driver.announce();
    let done = driver.completion().unwrap().unwrap();
    assert_eq!(done.status, Status::SUCCESS);
}

#[test]
fn a_lost_command_is_noticed() {
    let (model, mut driver) = running();
    model.borrow_mut().silent = true;
    driver.transfer(COMMAND, ms(100)).unwrap();
    driver.announce();
    let limit = ms(100) + COMMAND_LIMIT;
    let mut now = ms(100);
    while let Ok(State::Running(next)) = driver.poll(now) {
        assert!(next > now);
        now = next;
    }
    assert_eq!(now, limit);
    assert_eq!(driver.poll(now), Ok(State::Stopped));
    model.borrow_mut().silent = false;
    start(&model, &mut driver);
    driver.transfer(COMMAND, now).unwrap();
    driver.announce();
    assert!(driver.completion().unwrap().is_some());
}

#[test]
fn completions_of_nothing_end_the_work() {
    const PHASE: u32 = 1 << 16;
    for (third, last) in [
        (0x0001_0001, PHASE | 0x0200), // the next command, which is not there yet
        (0x0001_0001, PHASE | 0x0101), // another slot
        (0x0001_0001, PHASE),          // one that never was
        (0x0000_0001, PHASE | 0x0100), // the admin queue
        (0x0001_0040, PHASE | 0x0100), // a head beyond the ring
        (0xffff_ffff, 0xffff_ffff),
    ] {
        let (model, mut driver) = running();
        model.borrow_mut().silent = true;
        driver.transfer(COMMAND, ms(0)).unwrap();
        driver.announce();
        forge(&model, 0, third, last);
        assert_eq!(driver.completion(), Err(Error::Completion(third, last)));
        assert_eq!(driver.completion(), Ok(None));
        assert_eq!(driver.transfer(COMMAND, ms(0)), Err(Refused::Stopped));
    }
}

#[test]
fn a_command_ends_once() {
    let (model, mut driver) = running();
    driver.transfer(COMMAND, ms(0)).unwrap();
    driver.announce();
    assert!(driver.completion().unwrap().is_some());
    forge(&model, 1, 0x0001_0001, 0x0001_0100);
    assert!(matches!(driver.completion(), Err(Error::Completion(..))));
}

proptest! {
    #[test]
    fn noise_never_ends_more_commands_than_there_are(
        noise in proptest::collection::vec((any::<u32>(), 0x0100u32..0x0500), 64),
    ) {
        let (model, mut driver) = running();
        model.borrow_mut().silent = true;
        for _ in 0..3 {
            driver.transfer(COMMAND, ms(0)).unwrap();
        }
        driver.announce();
        for (entry, (third, id)) in noise.into_iter().enumerate() {
            forge(&model, entry, third & 0x0001_003f, 0x0001_0000 | id);
        }
        let mut ended = 0;
        while let Ok(Some(_)) = driver.completion() {
            ended += 1;
        }
        prop_assert!(ended <= 3);
    }
}
