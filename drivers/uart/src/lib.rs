// SPDX-License-Identifier: BSD-2-Clause
//! The 16550 UART driver.
#![no_std]
