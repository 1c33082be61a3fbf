// SPDX-License-Identifier: BSD-2-Clause
//! The image tool: system description in, bootable image out.

pub mod build;
pub mod config;
pub mod diag;
pub mod elf;
#[allow(
    missing_docs,
    reason = "most fields are named after the SDF attribute they hold"
)]
pub mod model;
pub mod sdf;
