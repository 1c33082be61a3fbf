// SPDX-License-Identifier: BSD-2-Clause
//! Builds, runs and tests Postern.
fn main() {}
