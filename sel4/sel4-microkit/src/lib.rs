// SPDX-License-Identifier: BSD-2-Clause
//! The runtime of a Microkit protection domain.
#![no_std]
