// SPDX-License-Identifier: BSD-2-Clause
//! Builds every object of the image's specification, starts the protection domains, and ends.
fn main() {}
