// SPDX-License-Identifier: BSD-2-Clause
//! What every program on seL4 needs and a libc would give.
#![no_std]
