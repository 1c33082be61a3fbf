// SPDX-License-Identifier: BSD-2-Clause
//! The timer: time-outs for several clients from one HPET.
fn main() {}
