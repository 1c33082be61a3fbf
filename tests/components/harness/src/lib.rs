// SPDX-License-Identifier: BSD-2-Clause
//! In-system tests in the manner of sel4test.
#![no_std]
