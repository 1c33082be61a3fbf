// SPDX-License-Identifier: BSD-2-Clause
//! The monitor: reports faults and restarts what policy says.
fn main() {}
