// SPDX-License-Identifier: BSD-2-Clause
//! Tests that run inside a system, in the manner of sel4test.
//!
//! A protection domain lists its test functions in a [`suite!`], and runs it:
//!
//! ```
//! use sel4_test::{Suite, TestResult, check_eq, skip, suite};
//!
//! struct Context {
//!     cores: usize,
//! }
//!
//! fn two_and_two(_: &mut Context) -> TestResult {
//!     check_eq!(2 + 2, 4);
//!     Ok(())
//! }
//!
//! fn second_core(context: &mut Context) -> TestResult {
//!     if context.cores < 2 {
//!         skip!("one core only");
//!     }
//!     Ok(())
//! }
//!
//! const SUITE: Suite<Context> = suite!("arithmetic", [two_and_two, second_core]);
//!
//! let mut output = String::new();
//! SUITE.run(&mut Context { cores: 1 }, |line| output.push_str(line));
//! assert_eq!(
//!     output,
//!     "TEST arithmetic.two_and_two ... ok\n\
//!      TEST arithmetic.second_core ... skipped: one core only\n\
//!      TESTS arithmetic: 1 passed, 0 failed, 1 skipped\n"
//! );
//! ```
//!
//! That output is what the host's side looks for. A failing check returns from the test with the
//! place and the values; it does not panic, so the tests after it still run. A test function that
//! is in no suite is a warning of the compiler.
#![cfg_attr(not(test), no_std)]

mod checks;
mod outcome;
mod suite;

pub use outcome::{Failure, Message, TestResult};
pub use suite::{Suite, Summary, Test};
