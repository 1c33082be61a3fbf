// SPDX-License-Identifier: BSD-2-Clause
//! seL4 system calls, capabilities and invocations.
#![no_std]
