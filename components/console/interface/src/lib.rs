// SPDX-License-Identifier: BSD-2-Clause
//! What the console and its clients share.
#![no_std]
