// SPDX-License-Identifier: BSD-2-Clause
//! The parser of system descriptions as its users see it, beyond the conformance cases.

mod checked;
#[path = "../common/mod.rs"]
mod common;
mod hostile;
mod model;
mod mutations;
mod references;
mod rendering;
mod valid;
