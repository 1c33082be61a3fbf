// SPDX-License-Identifier: BSD-2-Clause
//! What the timer and its clients share.
#![no_std]
