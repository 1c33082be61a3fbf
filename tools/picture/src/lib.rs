// SPDX-License-Identifier: BSD-2-Clause
//! A picture of a system description: who may call, notify or share memory with whom, and who owns
//! which hardware.
//!
//! Protection domains stand in rows, servers above their clients; children stand inside their
//! parent. An arrow is a channel and points where it can be used; a dashed line is shared memory.

mod layout;
mod links;
mod svg;

use std::path::{Path, PathBuf};

use microkit::config::KernelConfig;
use microkit::diag::Diagnostic;
use microkit::model::System;
use microkit::sdf;
use sel4_kernel::config::{Config, Variant};

use layout::Layout;
use links::links;

/// The kernels that a description may be for: one with several cores, and one with scheduling domains.
const KERNELS: [Variant; 2] = [Variant::SmpDebug, Variant::Debug];

/// Reads and draws the description at `path`; its file name becomes the title.
///
/// # Errors
/// What is wrong with the file, each error at its place.
pub fn read_and_render(path: &Path) -> Result<String, Vec<Diagnostic>> {
    let text = sdf::load(path).map_err(|error| vec![error])?;
    let folder = path.parent().unwrap_or(Path::new("")).to_path_buf();
    let name = path.to_string_lossy();
    let system = parse(&name, &text, &[folder])?;
    let title = path.file_name().unwrap_or_default().to_string_lossy();
    Ok(render(&title, &system))
}

/// Parses for the first kernel that takes the description; the errors are those of the first kernel.
fn parse(name: &str, text: &str, search: &[PathBuf]) -> Result<System, Vec<Diagnostic>> {
    let mut first = None;
    for variant in KERNELS {
        let parsed = KernelConfig::parse(&Config::of(variant).gen_config_json())
            .map_err(|error| vec![Diagnostic::without_place(error, "rebuild this program")])
            .and_then(|config| sdf::parse(name, text, &config, search));
        match parsed {
            Ok((system, _)) => return Ok(system),
            Err(errors) => first = first.or(Some(errors)),
        }
    }
    Err(first.unwrap_or_default())
}

/// Renders `system` as an SVG document. The same system gives the same bytes.
pub fn render(title: &str, system: &System) -> String {
    let links = links(system);
    let layout = Layout::new(system, &links);
    svg::document(title, system, &layout, &links)
}

#[cfg(test)]
mod tests;
