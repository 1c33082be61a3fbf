// SPDX-License-Identifier: BSD-2-Clause
//! Output is taken. (That it is shown, and how, is seen from outside.)

use sel4_test::{TestResult, check};

use crate::context::{Context, FLOODER};

pub fn a_line_is_taken(context: &mut Context) -> TestResult {
    context.first.write("a line of the first stream\n")?;
    context.second.write("a line of the second stream\n")?;
    check!(context.first.is_empty() && context.second.is_empty());
    Ok(())
}

pub fn an_unfinished_line_is_taken(context: &mut Context) -> TestResult {
    context.first.write("begin, ")?;
    context.second.write("begin, ")?;
    check!(context.first.is_empty() && context.second.is_empty());
    context.second.write("end\n")?;
    context.first.write("end\n")?;
    check!(context.first.is_empty() && context.second.is_empty());
    Ok(())
}

pub fn many_lines_are_taken(context: &mut Context) -> TestResult {
    for line in 0..200 {
        let stream = if line % 2 == 0 {
            &mut context.first
        } else {
            &mut context.second
        };
        stream.write("0123456789 0123456789 0123456789\n")?;
        check!(stream.is_empty(), "line {line}");
    }
    Ok(())
}

pub fn a_flood_does_not_stop_another_stream(context: &mut Context) -> TestResult {
    FLOODER.notify();
    context.wait(FLOODER);
    // The flood is over, its last lines may wait; ours need not.
    context.first.write("after the flood\n")?;
    check!(context.first.is_empty());
    check!(context.crashes == 0);
    Ok(())
}
