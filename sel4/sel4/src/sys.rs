// SPDX-License-Identifier: BSD-2-Clause
//! The raw ABI of the kernel that this build boots.
//!
//! The constants are generated from the kernel's own interface files after patching, never copied
//! by hand: labels are positional, so one entry more shifts all later ones.

include!(concat!(env!("OUT_DIR"), "/abi.rs"));
