// SPDX-License-Identifier: BSD-2-Clause
//! The builder: system descriptions with programs written for the purpose, and what becomes of them.

mod bench;
mod channels;
mod command;
mod errors;
#[path = "../fixture/mod.rs"]
mod fixture;
mod functions;
mod grants;
mod limits;
mod memory;
mod monitor;
mod pristine;
mod threads;
mod values;
