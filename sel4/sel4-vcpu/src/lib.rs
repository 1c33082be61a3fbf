// SPDX-License-Identifier: BSD-2-Clause
//! VT-x on seL4: VM entry, VMCS access and I/O ports.
#![no_std]
