// SPDX-License-Identifier: BSD-2-Clause
//! The runtime of a root task.
#![no_std]
