// SPDX-License-Identifier: BSD-2-Clause
//! Messages with an index that is not the network function's.

use pf_manager_interface::Access;
use sel4_microkit::Channel;
use sel4_test::{TestResult, check};

use crate::card::Card;
use crate::world::{CARD, Watch, ms, notified_within};

/// As system.xml says.
const OWN: u16 = 40;
const OWN_IRQ: Channel = Channel::new(40);

pub fn own_interrupt_arrives() -> TestResult {
    let mut card = Card::start()?;
    let before = CARD.manager().query()?;
    for _ in 0..10 {
        card.interrupt(OWN)?;
        check!(notified_within(OWN_IRQ, ms(10))?, "it does not come");
        OWN_IRQ.irq_ack()?;
    }
    CARD.expect_innocent(before)
}

pub fn interrupts_of_others() -> TestResult {
    for (index, code) in [
        // A bystander's card, another's disk, the PF manager's, the timer's: bound to others.
        (41, 0x26),
        (42, 0x26),
        (30, 0x26),
        // Nobody's, and beyond the table.
        (99, 0x22),
        (0xffff, 0x21),
    ] {
        let mut card = Card::start()?;
        let watch = Watch::begin();
        card.interrupt(index)?;
        CARD.expect_caught(Access::Interrupt, index.into(), code)?;
        watch.end()?;
    }
    let mut card = Card::start()?;
    card.interrupt(OWN)?;
    check!(
        notified_within(OWN_IRQ, ms(10))?,
        "it does not come any more"
    );
    OWN_IRQ.irq_ack()?;
    Ok(())
}
