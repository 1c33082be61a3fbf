// SPDX-License-Identifier: BSD-2-Clause
//! The shim: what QEMU boots in place of the hypervisor, and what then runs it.
#![no_std]
#![no_main]

mod console;
mod gates;
mod image;
mod lapic;
mod machine;
mod nested;
mod processor;
mod start;

sel4_runtime::declare_platform!(panic = crate::console::panicked);
// The instruction decoder builds tables when it first runs, and asks for no memory later. The first
// CPU decodes before there is another, so the heap needs no lock.
sel4_runtime::declare_heap!(1 << 20);
