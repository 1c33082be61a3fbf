// SPDX-License-Identifier: BSD-2-Clause
//! The image tool.
fn main() {}
