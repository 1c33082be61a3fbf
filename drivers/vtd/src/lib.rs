// SPDX-License-Identifier: BSD-2-Clause
//! Intel VT-d remapping hardware, after the 'Intel Virtualization Technology for Directed I/O'
//! architecture specification, revision 4.1 (order number D51397); `§` in this crate means its
//! sections.
//!
//! * What there is: the [`registers`] of a unit, what it can do ([`Unit`],
//!   [`Capabilities`], [`ExtendedCapabilities`]) and whether that is enough ([`Needs`],
//!   [`Missing`]).
//! * One unit at work: [`Engine`] takes it over from firmware, has its tables, its invalidation
//!   queue and its fault records.
//! * All units together: [`Iommu`] has domains, devices, mappings and interrupts, and keeps the
//!   order of changes, invalidations and reuse that makes a revocation final.
//!
//! Legacy mode with second-level tables only; requests with a process id, first-level tables and
//! device TLBs stay blocked. The crate touches memory through [`Memory`] and registers through
//! [`mmio::Mmio`], and it allocates nothing else.
#![no_std]
#![forbid(unsafe_code)]

#[cfg(test)]
extern crate std;

mod capabilities;
mod contexts;
mod descriptor;
mod engine;
mod error;
mod fault;
mod interrupt_table;
mod iommu;
mod irte;
mod list;
mod memory;
mod paging;
pub mod registers;
mod requirements;
#[cfg(test)]
mod tests;
mod types;
mod unit;

pub use capabilities::{Capabilities, ExtendedCapabilities, Sizes};
pub use engine::{Config, Engine, GlobalStatus, Leftovers, QueueCounters};
pub use error::{Error, Result};
pub use fault::{Access, Fault, Request};
pub use iommu::{Domain, Iommu, MAX_UNITS};
pub use irte::Target;
pub use memory::Memory;
pub use pci::Bdf;
pub use requirements::{Missing, Needs};
pub use types::{ApicId, DomainId, Hpa, Iova, PAGE_BYTES, Rights, Vector};
pub use unit::Unit;
