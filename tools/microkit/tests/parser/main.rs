// SPDX-License-Identifier: BSD-2-Clause
//! The parser of system descriptions as its users see it, beyond the conformance cases.

#[path = "../common/mod.rs"]
mod common;
mod hostile;
mod model;
mod rendering;
