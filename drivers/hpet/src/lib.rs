// SPDX-License-Identifier: BSD-2-Clause
//! The HPET driver (IA-PC HPET specification 1.0a).
#![no_std]
