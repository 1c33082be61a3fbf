// SPDX-License-Identifier: BSD-2-Clause
//! What parent and children of the fault tests share: one page for each child, in which the parent
//! says how to fault and the child says where it will.
#![no_std]

mod command;
mod scenario;

pub use command::{Command, Order};
pub use scenario::carry_out;
