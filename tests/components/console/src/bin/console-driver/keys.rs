// SPDX-License-Identifier: BSD-2-Clause
//! Keys, typed by whoever watches: the texts are asked for on the kernel's console.

use sel4_microkit::debug_println;
use sel4_test::{TestResult, check_eq};

use crate::context::Context;

pub fn keys_arrive_at_the_first_stream(context: &mut Context) -> TestResult {
    debug_println!("please type 'abc'");
    context.expect_input(false, b"abc")?;
    check_eq!(context.second.input.waiting(), 0);
    Ok(())
}

pub fn escape_and_a_number_move_the_focus(context: &mut Context) -> TestResult {
    debug_println!("please type Ctrl-] 1 x");
    context.expect_input(true, b"x")?;
    check_eq!(context.first.input.waiting(), 0);
    Ok(())
}

pub fn escape_and_p_move_it_back(context: &mut Context) -> TestResult {
    debug_println!("please type Ctrl-] p y");
    context.expect_input(false, b"y")?;
    check_eq!(context.second.input.waiting(), 0);
    Ok(())
}

pub fn the_escape_key_itself_arrives(context: &mut Context) -> TestResult {
    debug_println!("please type Ctrl-] Ctrl-]");
    context.expect_input(false, &[0x1d])
}
