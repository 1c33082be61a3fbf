// SPDX-License-Identifier: BSD-2-Clause
//! A picture of a system description: who may call, notify or share memory with whom, and who owns
//! which hardware.
//!
//! Protection domains stand in rows, servers above their clients; children stand inside their
//! parent. An arrow is a channel and points where it can be used; a dashed line is shared memory.

mod layout;
mod links;
mod svg;

use std::path::Path;

use microkit::config::KernelConfig;
use microkit::diag::Diagnostic;
use microkit::model::System;
use microkit::sdf;

use layout::Layout;
use links::links;

/// A kernel that can do all that a description may ask for: a picture does not depend on which is
/// booted.
const ANY_KERNEL: KernelConfig = KernelConfig {
    vtx: true,
    io_address_spaces: true,
    mcs: false,
    printing: true,
    cores: 16,
    domains: 1,
    domain_schedules: 100,
    fpu: true,
    root_cnode_size_bits: 19,
    retype_fan_out_limit: 256,
    max_untyped_caps: 230,
    paddr_top: 1 << 47,
};

/// Reads and draws the description at `path`; its file name becomes the title.
///
/// # Errors
/// What is wrong with the file, each error at its place.
pub fn read_and_render(path: &Path) -> Result<String, Vec<Diagnostic>> {
    let text = sdf::load(path).map_err(|error| vec![error])?;
    let folder = path.parent().unwrap_or(Path::new("")).to_path_buf();
    let name = path.to_string_lossy();
    let (system, _) = sdf::parse(&name, &text, &ANY_KERNEL, &[folder])?;
    let title = path.file_name().unwrap_or_default().to_string_lossy();
    Ok(render(&title, &system))
}

/// Renders `system` as an SVG document. The same system gives the same bytes.
pub fn render(title: &str, system: &System) -> String {
    let links = links(system);
    let layout = Layout::new(system, &links);
    svg::document(title, system, &layout, &links)
}

#[cfg(test)]
mod tests;
