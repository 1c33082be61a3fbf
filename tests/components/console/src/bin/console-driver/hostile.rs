// SPDX-License-Identifier: BSD-2-Clause
//! What a client can do to the console, and a crash of the console to its clients.

use sel4_microkit::debug_println;
use sel4_test::{TestResult, check, check_eq};

use crate::context::{CONSOLE, Context};

/// The first word of the rings' indices, and the words of them.
const INDICES: usize = 0x1000 / 8;
const INDEX_WORDS: usize = 0x100 / 8;

/// Numbers that look random (xorshift).
fn noise() -> impl FnMut() -> u64 {
    let mut state = 0x9e37_79b9_7f4a_7c15u64;
    move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    }
}

/// The first stream is served as ever.
fn first_is_served(context: &mut Context) -> TestResult {
    context.first.write("the first stream is served\n")?;
    check!(context.first.is_empty());
    check_eq!(context.crashes, 0);
    Ok(())
}

pub fn lies_about_indices_harm_nobody(context: &mut Context) -> TestResult {
    for lie in [
        0,
        1,
        4096,
        4097,
        0x7fff_ffff,
        0x8000_0000,
        u64::MAX,
        u64::MAX - 4096,
    ] {
        context.second.spoil(INDICES..INDICES + INDEX_WORDS, || lie);
        context.second.channel.notify();
        first_is_served(context)?;
    }
    Ok(())
}

pub fn garbage_all_over_a_region_harms_nobody(context: &mut Context) -> TestResult {
    let mut noise = noise();
    for _ in 0..20 {
        // Text for the screen would be garbage too, and long: letters only.
        context
            .second
            .spoil(0..INDICES, || u64::from_le_bytes(*b"garbage "));
        context
            .second
            .spoil(INDICES..INDICES + INDEX_WORDS, &mut noise);
        context.second.channel.notify();
        first_is_served(context)?;
    }
    Ok(())
}

pub fn signals_without_end_harm_nobody(context: &mut Context) -> TestResult {
    for _ in 0..10_000 {
        context.second.channel.notify();
    }
    first_is_served(context)
}

pub fn a_restarted_console_goes_on_with_what_waits(context: &mut Context) -> TestResult {
    check!(CONSOLE.stop().is_ok());
    context
        .first
        .write("written while there was no console\n")?;
    check!(!context.first.is_empty());
    check!(CONSOLE.restart().is_ok());
    check!(context.first.is_empty());
    first_is_served(context)
}

pub fn a_restarted_console_takes_keys(context: &mut Context) -> TestResult {
    debug_println!("please type 'again'");
    context.expect_input(false, b"again")
}

pub fn the_console_never_crashed(context: &mut Context) -> TestResult {
    check_eq!(context.crashes, 0);
    Ok(())
}
