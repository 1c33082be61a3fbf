// SPDX-License-Identifier: BSD-2-Clause
//! Frames between those who behave.

use sel4_test::{TestResult, check, check_eq};
use switch_interface::{LONGEST_FRAME, Mac, SHORTEST_FRAME, SLOTS};
use switch_tests::{ALL, DRIVER, ECHO, frame};

use crate::context::Context;

pub fn a_frame_comes_back(context: &mut Context) -> TestResult {
    context.is_served()
}

pub fn frames_of_all_lengths_come_back(context: &mut Context) -> TestResult {
    let mut sent = [0; LONGEST_FRAME];
    for (place, byte) in sent.iter_mut().enumerate() {
        *byte = place as u8;
    }
    let mut expected = sent;
    for (bytes, [to, from]) in [(&mut sent, [ECHO, DRIVER]), (&mut expected, [DRIVER, ECHO])] {
        bytes[..6].copy_from_slice(&to.0);
        bytes[6..12].copy_from_slice(&from.0);
    }
    for length in SHORTEST_FRAME..=LONGEST_FRAME {
        context.send(&sent[..length])?;
        context.expect(&expected[..length])?;
    }
    context.expect_nothing()
}

pub fn a_frame_for_all_reaches_the_others(context: &mut Context) -> TestResult {
    context.send(frame(ALL, DRIVER, *b"everybody?").bytes())?;
    // It does not come to the driver itself, the attacker takes no notice, the echo answers.
    context.expect(frame(DRIVER, ECHO, *b"everybody?").bytes())?;
    context.expect_nothing()
}

pub fn a_frame_for_nobody_goes_nowhere(context: &mut Context) -> TestResult {
    let before = context.counters();
    let nobody = Mac([2, 0, 0, 0, 0, 9]);
    context.send(frame(nobody, DRIVER, *b"nobody").bytes())?;
    context.send(frame(DRIVER, DRIVER, *b"myself").bytes())?;
    context.expect_nothing()?;
    let after = context.counters();
    check_eq!(after.unknown - before.unknown, 2);
    check_eq!(after.sent - before.sent, 2);
    check_eq!(after.received, before.received);
    Ok(())
}

pub fn more_frames_than_a_ring_has_come_back(context: &mut Context) -> TestResult {
    let before = context.counters();
    let count = 5 * SLOTS as u32;
    for number in 0..count {
        let number = number.to_le_bytes();
        context.send(frame(ECHO, DRIVER, number).bytes())?;
        context.expect(frame(DRIVER, ECHO, number).bytes())?;
    }
    let after = context.counters();
    check_eq!(after.sent - before.sent, count.into());
    check_eq!(
        after.received_bytes - before.received_bytes,
        18 * u64::from(count)
    );
    check_eq!(after.refused, before.refused);
    Ok(())
}

pub fn the_client_is_notified(context: &mut Context) -> TestResult {
    context.expect_nothing()?;
    context.send(frame(ECHO, DRIVER, *b"ring").bytes())?;
    context.wait();
    check!(context.link.waits());
    check_eq!(context.drain(), 1);
    Ok(())
}
