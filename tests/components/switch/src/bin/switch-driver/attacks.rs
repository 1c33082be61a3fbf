// SPDX-License-Identifier: BSD-2-Clause
//! What a client can do to the switch and to others, and a crash of the switch to its clients.

use sel4_test::{TestResult, check, check_eq};
use switch_interface::SLOTS;
use switch_tests::{ATTACKER, DRIVER, ECHO, Order, frame};

use crate::context::{Context, SWITCH};

/// The attacker can behave, and is served then.
fn attacker_is_served(context: &mut Context) -> TestResult {
    context.order(Order::Behave);
    context.expect(frame(DRIVER, ATTACKER, *b"from the attacker").bytes())?;
    context.expect_nothing()
}

pub fn forged_frames_go_nowhere(context: &mut Context) -> TestResult {
    attacker_is_served(context)?;
    context.order(Order::Forge);
    context.expect_nothing()?;
    context.is_served()
}

pub fn a_flood_leaves_room(context: &mut Context) -> TestResult {
    context.order(Order::Flood);
    context.send(frame(ECHO, DRIVER, *b"between").bytes())?;
    // Half of the ring is the attacker's, and then comes the answer.
    for _ in 0..SLOTS / 2 {
        context.expect(frame(DRIVER, ATTACKER, *b"from the attacker").bytes())?;
    }
    context.expect(frame(DRIVER, ECHO, *b"between").bytes())?;
    context.is_served()
}

pub fn a_flood_for_all_leaves_room(context: &mut Context) -> TestResult {
    context.order(Order::FloodAll);
    check_eq!(context.drain(), SLOTS / 4);
    context.is_served()
}

pub fn wrong_lengths_harm_nobody(context: &mut Context) -> TestResult {
    context.order(Order::WrongLengths);
    context.expect_nothing()?;
    context.is_served()?;
    attacker_is_served(context)
}

pub fn wrong_indices_harm_nobody(context: &mut Context) -> TestResult {
    context.order(Order::WrongIndices);
    // What the ring still has may come again; it is the attacker's own.
    context.drain();
    context.is_served()
}

pub fn garbage_harms_nobody(context: &mut Context) -> TestResult {
    context.order(Order::Garbage);
    context.drain();
    context.is_served()
}

pub fn signals_without_end_harm_nobody(context: &mut Context) -> TestResult {
    context.order(Order::Notify);
    context.is_served()
}

pub fn a_restarted_switch_goes_on(context: &mut Context) -> TestResult {
    check!(SWITCH.stop().is_ok());
    context.send(frame(ECHO, DRIVER, *b"meanwhile").bytes())?;
    context.expect_nothing()?;
    check!(SWITCH.restart().is_ok());
    context.expect(frame(DRIVER, ECHO, *b"meanwhile").bytes())?;
    check_eq!(context.counters().sent, 1, "it counts anew");
    context.is_served()?;
    attacker_is_served(context)
}

pub fn the_switch_never_crashed(context: &mut Context) -> TestResult {
    check_eq!(context.crashes, 0);
    Ok(())
}
