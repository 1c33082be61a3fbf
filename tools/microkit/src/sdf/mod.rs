// SPDX-License-Identifier: BSD-2-Clause
//! The system description parser.
//!
//! It takes the System Description Format of Microkit 2.3 for x86-64, with one element more
//! (`<cap_vcpu>`) and one processing instruction (`<?postern …?>`). The grammar stands in
//! docs/system-description.md.
//!
//! Two passes over the XML tree: the first collects the names of protection domains and memory
//! regions, the second parses one element after the other (one module for each kind) and resolves
//! references. What no element can see alone is checked afterwards ([`check`]). Every mistake is
//! recorded and parsing goes on; a value that could not be had is [`Reported`](context::Reported) and
//! left out of further checks, so that one mistake gives one error.

mod attrs;
mod channel;
mod check;
mod context;
mod cspace;
mod domains;
mod element;
mod file;
mod function;
mod grant;
mod image;
mod instruction;
mod iommu;
mod ioport;
mod irq;
mod limits;
mod mac;
mod map;
mod mr;
mod names;
mod number;
mod pages;
mod pci;
mod pd;
mod pd_attrs;
mod policy;
mod prefill;
mod schedule;
mod setvar;
mod system;
mod text;
mod vm;
mod xml;

use std::path::PathBuf;

pub use file::load;
pub use limits::BYTES_MAX;

use crate::config::KernelConfig;
use crate::diag::{Diagnostic, Source, Warning};
use crate::model::System;

/// Parses and checks a system description.
///
/// `name` is the file's name for messages, `config` says what the kernel can do, and prefill files are
/// looked for in `search`, in this order. At most 100 errors are given, in the order of the file.
///
/// # Errors
/// Everything that is wrong with the description, each with its place. Never panics, whatever `text`
/// is.
pub fn parse(
    name: &str,
    text: &str,
    config: &KernelConfig,
    search: &[PathBuf],
) -> Result<(System, Vec<Warning>), Vec<Diagnostic>> {
    let source = Source::new(name, text);
    let document = xml::parse(&source, text).map_err(|error| vec![error])?;
    let mut context = context::Context::new(source, config, search);
    let system = system::parse(&mut context, &document);
    match (system, context.finish()) {
        (Ok(system), (errors, warnings)) if errors.is_empty() => Ok((system, warnings)),
        (_, (errors, _)) => Err(errors),
    }
}
