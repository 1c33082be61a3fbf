// SPDX-License-Identifier: BSD-2-Clause
//! Methods of kernel objects, by the type of their capability.

mod asid;
mod cnode;
mod domain;
mod ept;
mod frame;
mod io_port;
mod irq;
mod tables;
mod tcb;
mod untyped;

pub use io_port::io_port_badge;
