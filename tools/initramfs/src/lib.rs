// SPDX-License-Identifier: BSD-2-Clause
//! The file system that a Linux boots with, put together on the host without root: an archive of
//! files, and kernel modules chosen by name with everything that they depend on.
//!
//! It knows nothing of where kernel and modules come from, and nothing of what boots them.
#![forbid(unsafe_code)]

mod cpio;
mod modules;

use anyhow::{Context, Result};
use object::{Object, ObjectSection};

pub use cpio::Archive;
pub use modules::{Module, Modules};

/// Where the modules are in the archive. Their names begin with numbers: loaded in the order of
/// `ls`, each finds there what it depends on.
pub const MODULES: &str = "lib/modules";

/// Does this program run without a loader and shared libraries? There are none in the archive.
pub fn is_static(program: &[u8]) -> Result<bool> {
    let elf = object::File::parse(program).context("not an ELF file")?;
    let loader = elf
        .sections()
        .any(|section| section.name() == Ok(".interp"));
    Ok(!loader)
}

/// Adds `modules`, which are in the order to load them.
pub fn add_modules(archive: &mut Archive, modules: &[Module]) {
    for (number, module) in modules.iter().enumerate() {
        let path = format!("{MODULES}/{number:03}-{}.ko", module.name);
        archive.file(&path, 0o644, &module.contents);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_wants_a_loader_is_known() {
        let ours = std::fs::read(std::env::current_exe().unwrap()).unwrap();
        assert!(!is_static(&ours).unwrap());
        assert!(is_static(&modules::tests::module("")).unwrap());
        assert!(is_static(b"#!/bin/sh").is_err());
    }

    #[test]
    fn the_order_survives_a_sort_by_name() {
        let module = |number: u32| Module {
            name: format!("{}", (b'z' - (number % 26) as u8) as char),
            contents: number.to_string().into_bytes(),
        };
        let modules: Vec<Module> = (0..120).map(module).collect();
        let mut archive = Archive::default();
        add_modules(&mut archive, &modules);
        let files = cpio::tests::files(&archive.finish());
        let mut paths: Vec<_> = files
            .iter()
            .filter(|(path, _)| path.ends_with(".ko"))
            .collect();
        paths.sort();
        let contents: Vec<_> = paths
            .iter()
            .map(|(_, bytes)| String::from_utf8_lossy(bytes).into_owned())
            .collect();
        let expected: Vec<_> = (0..120).map(|number| number.to_string()).collect();
        assert_eq!(contents, expected);
    }
}
