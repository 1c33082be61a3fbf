// SPDX-License-Identifier: BSD-2-Clause
//! The manager on modelled hardware.

mod closed;
mod faults;
mod log;
mod machine;
mod requests;
