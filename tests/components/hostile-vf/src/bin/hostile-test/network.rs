// SPDX-License-Identifier: BSD-2-Clause
//! DMA of the network function to what it was not granted.

use pf_manager_interface::Access;
use sel4_test::TestResult;

use crate::card::Card;
use crate::world::{CARD, Watch, ms, secret_paddr, sleep};

/// Reasons: no right to write, no right to read.
const WRITE: u8 = 5;
const READ: u8 = 6;

pub fn frames_from_elsewhere() -> TestResult {
    let mut card = Card::start()?;
    let before = CARD.manager().query()?;
    card.begin_sending();
    let own = card.frame(false);
    card.queue(own);
    card.send();
    sleep(ms(10))?;
    CARD.expect_innocent(before)?;
    let watch = Watch::begin();
    card.queue(secret_paddr());
    card.send();
    CARD.expect_caught(Access::Read, secret_paddr(), READ)?;
    watch.end()
}

/// A bystander sends frames to everybody.
pub fn frames_to_elsewhere() -> TestResult {
    let mut card = Card::start()?;
    let watch = Watch::begin();
    card.receive_at(secret_paddr());
    CARD.expect_caught(Access::Write, secret_paddr(), WRITE)?;
    watch.end()
}
