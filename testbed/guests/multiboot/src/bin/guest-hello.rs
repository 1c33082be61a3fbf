// SPDX-License-Identifier: BSD-2-Clause
//! Says hello and leaves: the least that a monitor must be able to do.
#![no_std]
#![no_main]

bare::guest!(main);

fn main() -> ! {
    bare::serial::line(format_args!("hello '{}'", bare::command_line()));
    bare::exit(0)
}
