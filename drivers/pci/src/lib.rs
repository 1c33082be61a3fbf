// SPDX-License-Identifier: BSD-2-Clause
//! PCI Express configuration space, after the 'PCI Express Base Specification', revision 5.0;
//! `§` in this crate means its sections.
//!
//! * Who is there: [`Bdf`], [`Header`], [`enumerate`](fn@enumerate), [`Bridge`].
//! * What a function decodes: [`Bar`], [`Bars`], [`place`].
//! * What it can do: [`capabilities`], [`extended_capabilities`], and of those [`Msi`], [`MsiX`] (which
//!   send a [`Message`]), [`Express`], [`Acs`], [`next_ari_function`].
//! * How it is reset: [`FunctionReset`], which is told the time and never sleeps.
//!
//! Everything goes through [`PciConfig`]: [`Ecam`] in a protection domain, [`fake`] in a test.
//! What a function says about itself is hostile input: no pointer is followed twice, no size is
//! believed before it was checked, and nothing here panics.
//!
//! The crate `pci_types` is not used: it ends in a panic on a reserved BAR type, follows
//! capability loops without end, knows no extended capabilities and makes each access `unsafe`.
#![no_std]
#![forbid(unsafe_code)]

#[cfg(test)]
extern crate std;

mod acs;
mod bar;
mod bdf;
mod capability;
mod config;
mod ecam;
mod enumerate;
mod error;
mod express;
pub mod fake;
mod header;
mod message;
mod msi;
mod msix;
mod reset;

pub use acs::{Acs, next_ari_function};
pub use bar::{Bar, BarKind, Bars, place, probe, probe_bars, write_address};
pub use bdf::Bdf;
pub use capability::{Capability, capabilities, extended_capabilities, find, find_extended, id};
pub use config::{CONFIG_BYTES, PciConfig};
pub use ecam::Ecam;
pub use enumerate::enumerate;
pub use error::{Error, Result};
pub use express::{Express, PortKind};
pub use header::{Bridge, Class, Command, Header, HeaderKind, command, set_command};
pub use message::Message;
pub use msi::Msi;
pub use msix::{Location, MsiX, write_entry};
pub use reset::{FunctionReset, Progress};
