// SPDX-License-Identifier: BSD-2-Clause
//! The PF manager without seL4: it starts the physical functions of the system description and
//! grants their virtual functions to the protection domains that the description names.
//!
//! * [`Manager`]: all of it. It is told the time, what clients say, and that something happened; it
//!   answers, says whom to notify, and when it wants to be asked again.
//! * Below it, a `Device` for each physical function (from whatever state to enabled virtual
//!   functions) with its driver, `Network` or `Storage`; and a `Slot` for each virtual function with
//!   an owner, whose life `sriov::Vf` decides and `Hands` carry out.
//! * [`Parts`]: configuration space, IOMMU manager, registers and memory that it works with; real
//!   ones in the program, others in a test.
//!
//! What devices, clients and the IOMMU manager say is checked before it is used. One device that
//! is missing, broken or hostile changes nothing for the others.
#![no_std]
#![forbid(unsafe_code)]

#[cfg(test)]
extern crate std;

mod device;
mod hands;
mod manager;
mod network;
mod parts;
mod problem;
mod slot;
mod storage;
#[cfg(test)]
mod testing;
mod window;

pub use manager::{MAX_FUNCTIONS, Manager};
pub use parts::{Interrupt, NetworkParts, Parts, StorageParts, Supplies};
pub use problem::Problem;
