// SPDX-License-Identifier: BSD-2-Clause
//! The console: shares one serial port among named streams.
fn main() {}
