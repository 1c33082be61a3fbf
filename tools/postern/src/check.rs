// SPDX-License-Identifier: BSD-2-Clause
//! The command `check`: all mistakes of a system description at once. No program is built, so that
//! none is looked into; the image tool does that. Files of guests must be there for their sizes.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow};
use microkit::config::KernelConfig;
use microkit::{diag, sdf};
use sel4_kernel::config::{Config, Variant};

use crate::description::Description;
use crate::guests;
use crate::workspace::Workspace;

/// Checks the description for the kernel `variant`; false if something is wrong with it.
pub fn check(workspace: &Workspace, path: &Path, variant: Variant) -> Result<bool> {
    let config = KernelConfig::parse(&Config::of(variant).gen_config_json())
        .map_err(|error| anyhow!(error))
        .context("the kernel's configuration is not understood")?;
    if let Ok(description) = Description::read(path) {
        guests::build(workspace, &[description])?;
    }
    let beside = path.parent().unwrap_or(Path::new("")).to_owned();
    let search = [
        workspace.programs(),
        workspace.guests(),
        beside,
        PathBuf::from("."),
    ];
    let name = path.display().to_string();
    let parsed = sdf::load(path)
        .map_err(|error| vec![error])
        .and_then(|text| sdf::parse(&name, &text, &config, &search));
    match parsed {
        Ok((_, warnings)) => {
            diag::report(&warnings);
            println!(
                "{name}: no mistakes found for the {} kernel.",
                variant.name()
            );
            Ok(true)
        }
        Err(errors) => {
            diag::report(&errors);
            let count = errors.len();
            println!(
                "{name}: {count} {}.",
                if count == 1 { "mistake" } else { "mistakes" }
            );
            Ok(false)
        }
    }
}
