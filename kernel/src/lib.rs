// SPDX-License-Identifier: BSD-2-Clause
//! The seL4 kernel: its source, our patches, its configurations, and how it is built.
//!
//! The source comes out of the crate `sel4-sys`, which cargo downloads, checks and never
//! compiles. From there:
//!
//! * [`source`] finds that crate, reads the kernel into memory and applies `kernel/patches`;
//! * [`config`] holds the one table from which all four kernels are configured;
//! * [`abi`] turns the patched kernel's own interface descriptions into Rust constants;
//! * [`build`] drives the kernel's Makefile and lays the results out as an SDK.
//!
//! `README.md` beside this crate lists the patches and the configurations.

pub mod abi;
mod build;
pub mod config;
mod cpp;
mod error;
mod header;
pub mod patch;
pub mod source;
mod toolchain;
mod without;

pub use build::{Built, Dirs, Progress, build, build_without};
pub use error::{Error, Result};
