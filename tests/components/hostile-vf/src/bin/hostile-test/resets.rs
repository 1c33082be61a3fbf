// SPDX-License-Identifier: BSD-2-Clause
//! Functions that are reset while they work. That is nobody's business but their own.
//!
//! Of the card only: QEMU's NVMe controller (10.0) takes QEMU down with it when it is reset with
//! commands under way (`nvme_rw_complete_cb` uses what `nvme_ctrl_reset` has freed).

use pf_manager_interface::State;
use sel4_test::TestResult;

use crate::card::{Card, DESCRIPTORS};
use crate::world::{CARD, Watch, ms, sleep};

const ROUNDS: usize = 50;

/// Frames in both directions, to its own memory.
fn work(card: &mut Card) -> TestResult {
    card.begin_sending();
    let own = card.frame(false);
    card.receive_at(own);
    // Until something has arrived.
    sleep(ms(2))?;
    for _ in 1..DESCRIPTORS {
        card.queue(own);
    }
    card.send();
    Ok(())
}

pub fn a_card_resets_itself_in_the_middle() -> TestResult {
    let mut card = Card::start()?;
    let before = CARD.manager().query()?;
    let watch = Watch::begin();
    for _ in 0..ROUNDS {
        work(&mut card)?;
        card.reset();
        card.welcome()?;
    }
    CARD.expect_innocent(before)?;
    watch.end()
}

pub fn it_is_reset_in_the_middle() -> TestResult {
    let mut card = Card::start()?;
    let before = CARD.manager().query()?;
    let watch = Watch::begin();
    for _ in 0..ROUNDS {
        work(&mut card)?;
        CARD.manager().reset()?;
        CARD.wait_until(State::Granted)?;
        card = Card::start()?;
    }
    CARD.expect_innocent(before)?;
    watch.end()
}
