// SPDX-License-Identifier: BSD-2-Clause
//! Memory-mapped registers: volatile in a protection domain, an array in a test.
#![no_std]
