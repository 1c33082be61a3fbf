// SPDX-License-Identifier: BSD-2-Clause
//! The image tool: system description in, bootable image out.
//!
//! [`sdf`] parses the description into the [`model`], [`build`] turns that and the programs ([`elf`])
//! into kernel objects, [`pack`] writes them behind the initial task. Errors of every stage are
//! [`diag`]nostics with a place in the description.

pub mod build;
pub mod cli;
pub mod config;
pub mod diag;
pub mod elf;
pub mod json;
#[allow(
    missing_docs,
    reason = "most fields are named after the SDF attribute they hold"
)]
pub mod model;
pub mod output;
pub mod pack;
pub mod report;
pub mod sdf;
pub mod sdk;
