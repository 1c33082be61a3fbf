// SPDX-License-Identifier: BSD-2-Clause
//! System description and programs in, kernel objects and initial content out.
//!
//! The same input gives the same image, byte for byte.

mod builder;
mod caps;
mod data;
mod grants;
mod layout;
mod monitor;
mod pds;
mod place;
mod programs;
mod regions;
mod remapping;
mod schedule;
mod space;
mod tables;
mod values;
mod vf_grants;

use std::path::{Path, PathBuf};

use object_spec::Spec;

use crate::config::KernelConfig;
use crate::diag::{Diagnostic, Source};
use crate::model::System;
use builder::Builder;
pub use data::Data;

/// What an image is made from.
pub struct Input<'a> {
    /// The system description.
    pub system: &'a System,
    /// Its text.
    pub source: &'a Source,
    /// What the kernel can do.
    pub config: &'a KernelConfig,
    /// Where programs are looked for, in this order.
    pub search: &'a [PathBuf],
    /// The monitor's program.
    pub monitor: &'a Path,
}

/// What the initial task is given.
#[derive(Debug)]
pub struct Image {
    /// The objects.
    pub spec: Spec,
    /// The bytes that the spec's fills take.
    pub data: Data,
}

/// Builds the objects of a system.
///
/// # Errors
/// Everything that is wrong with the programs, or with how the description uses them.
pub fn build(input: &Input) -> Result<Image, Vec<Diagnostic>> {
    let mut builder = Builder::new(input);
    if builder.run().is_none() && builder.errors.is_empty() {
        builder.errors.push(Diagnostic::without_place(
            "the image could not be built",
            "this is a mistake of the tool; please report it with the system description",
        ));
    }
    if !builder.errors.is_empty() {
        return Err(builder.errors);
    }
    Ok(Image {
        spec: builder.spec,
        data: builder.data,
    })
}

impl Builder<'_> {
    /// Runs all stages; `None` if one of them reported errors that leave nothing to go on with.
    fn run(&mut self) -> Option<()> {
        let monitor_program = self.monitor_program();
        let programs = self.programs();
        let regions = self.regions();
        self.iommu(&regions);
        self.vf_grants(&regions);
        let (monitor_program, mut programs) = (monitor_program?, programs?);
        let objects = self.objects();
        let entries: Vec<u64> = programs.iter().map(|loaded| loaded.program.entry).collect();
        let endpoint = self.monitor_endpoint();
        self.capabilities(&objects, endpoint);
        for (id, loaded) in programs.iter_mut().enumerate() {
            self.set_values(id, loaded, &entries);
            if let Some(ipc_buffer) = self.spaces(id, &objects[id], loaded, &regions) {
                self.thread(id, &objects[id], entries[id], ipc_buffer);
            }
        }
        if let Err(why) = self.monitor(monitor_program, &programs, &objects, endpoint) {
            let message = format!("the monitor '{}' {why}", self.input.monitor.display());
            self.errors
                .push(Diagnostic::without_place(message, "build the SDK again"));
        }
        self.spec
            .threads
            .sort_by_key(|thread| std::cmp::Reverse(thread.priority));
        self.schedule();
        self.enough_slots();
        Some(())
    }

    /// The initial task's CNode must hold a capability to everything.
    fn enough_slots(&mut self) {
        let needed = self.spec.slots();
        let most = 1u64 << self.input.config.root_cnode_size_bits;
        if needed >= most {
            let message = format!(
                "the system has {needed} objects and mapped pages, the kernel has room for {most}"
            );
            let help = "use page_size=\"0x200000\" for large memory regions";
            self.errors.push(Diagnostic::without_place(message, help));
        }
    }
}
