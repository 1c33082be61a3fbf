// SPDX-License-Identifier: BSD-2-Clause
//! A Linux that boots: Debian's kernel, and an initramfs with busybox, modules, programs of ours
//! and `init` of `testbed/guests/linux`. It is the same whether a machine or a virtual machine
//! boots it.

mod recipe;

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use initramfs::{Archive, Module, Modules};

use crate::cargo::Cargo;
use crate::image::{Image, copy_if_changed};
use crate::setup::linux::{Parts, parts};
use crate::workspace::Workspace;
use recipe::Recipe;

/// Where what is specific to a Linux guest lies.
const FOLDER: &str = "testbed/guests/linux";
/// Programs for Linux are built for the target of that name, so that their flags are not everybody's.
const TARGET: &str = "x86_64-unknown-linux-gnu";
/// They carry their libraries with them, and no symbols.
const FLAGS: &str = "target.x86_64-unknown-linux-gnu.rustflags=\
    ['-C', 'target-feature=+crt-static', '-C', 'strip=symbols']";
/// What the kernel is called in a system description, in the folder `linux`.
pub const KERNEL: &str = "vmlinuz";
/// What the name of an initramfs ends with, behind that of its recipe.
pub const INITRAMFS: &str = ".initramfs";
/// Folders that are mounted on.
const MOUNT_POINTS: [&str; 3] = ["dev", "proc", "sys"];

/// Puts the kernel to where system descriptions find it, and says where. Set-up has been done for
/// Linux.
pub fn place_kernel(workspace: &Workspace) -> Result<PathBuf> {
    let place = folder(workspace)?.join(KERNEL);
    copy_if_changed(&parts(workspace).kernel, &place)?;
    Ok(place)
}

fn folder(workspace: &Workspace) -> Result<PathBuf> {
    workspace.folder("guests/linux")
}

/// Makes the Linux whose recipe has this name. Set-up has been done for Linux.
pub fn build(workspace: &Workspace, name: &str) -> Result<Image> {
    let scripts = workspace.root.join(FOLDER);
    let recipe = Recipe::read(&scripts, name)?;
    let Parts {
        modules, busybox, ..
    } = parts(workspace);
    let wanted: Vec<&str> = recipe.modules.iter().map(String::as_str).collect();
    let modules = Modules::find(&modules)?.load(&wanted)?;
    let mut contents = Contents::default();
    contents.program("bin/busybox", &busybox)?;
    contents.archive.link("bin/sh", "busybox");
    contents.script("init", &scripts.join("init"))?;
    contents.script("main", &scripts.join(&recipe.main))?;
    for (name, file) in &recipe.scripts {
        contents.script(&format!("bin/{name}"), &scripts.join(file))?;
    }
    for (path, name) in programs(workspace, &recipe.programs)? {
        contents.program(&format!("bin/{name}"), &path)?;
    }
    for folder in MOUNT_POINTS {
        contents.archive.folder(folder);
    }
    contents.modules(&modules);
    let folder = folder(workspace)?;
    let image = Image {
        kernel: place_kernel(workspace)?,
        loader: folder.join(format!("{name}{INITRAMFS}")),
        report: folder.join(format!("{name}.txt")),
    };
    write(&image.report, contents.report.as_bytes())?;
    write(&image.loader, &contents.archive.finish())?;
    Ok(image)
}

/// Is there a recipe of this name?
pub fn has_recipe(workspace: &Workspace, name: &str) -> bool {
    Recipe::path(&workspace.root.join(FOLDER), name).is_some_and(|path| path.is_file())
}

/// Builds programs, packages by the names that they get; each with its name.
fn programs<'a>(
    workspace: &Workspace,
    wanted: &'a BTreeMap<String, String>,
) -> Result<Vec<(PathBuf, &'a str)>> {
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    let mut arguments = vec!["--release", "--target", TARGET, "--config", FLAGS];
    for package in wanted.values() {
        arguments.extend(["-p", package]);
    }
    let built = Cargo::new(workspace).build("Building programs for Linux", "build", &arguments)?;
    let find = |(name, package): (&'a String, &String)| {
        let program = built.iter().find(|program| program.package == *package);
        let program = program.with_context(|| format!("cargo made no program of {package}"))?;
        Ok((program.path.clone(), name.as_str()))
    };
    wanted.iter().map(find).collect()
}

/// The initramfs in the making, and a list of what is in it.
#[derive(Default)]
struct Contents {
    archive: Archive,
    report: String,
}

impl Contents {
    /// A program, which must run by itself: there are no libraries.
    fn program(&mut self, path: &str, from: &Path) -> Result<()> {
        let bytes = read(from)?;
        let stands = initramfs::is_static(&bytes)
            .with_context(|| format!("{} is no program", from.display()))?;
        if !stands {
            bail!(
                "{} is linked dynamically; are there RUSTFLAGS in the environment?",
                from.display()
            );
        }
        self.add(path, &bytes);
        Ok(())
    }

    fn script(&mut self, path: &str, from: &Path) -> Result<()> {
        self.add(path, &read(from)?);
        Ok(())
    }

    fn add(&mut self, path: &str, bytes: &[u8]) {
        self.archive.file(path, 0o755, bytes);
        self.note(path, bytes.len());
    }

    fn modules(&mut self, modules: &[Module]) {
        initramfs::add_modules(&mut self.archive, modules);
        for module in modules {
            self.note(&format!("module {}", module.name), module.contents.len());
        }
    }

    fn note(&mut self, what: &str, bytes: usize) {
        // Writing to a string cannot fail.
        let _ = writeln!(self.report, "{bytes:>9}  {what}");
    }
}

fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("cannot read {}", path.display()))
}

fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    fs::write(path, bytes).with_context(|| format!("cannot write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_runs_by_itself_gets_in() {
        let folder = tempfile::tempdir().unwrap();
        let script = folder.path().join("script");
        fs::write(&script, "#!/bin/sh\n").unwrap();
        let mut contents = Contents::default();
        let dynamic = std::env::current_exe().unwrap();
        for (path, expected) in [
            (dynamic.as_path(), "is linked dynamically"),
            (&script, "is no program"),
            (Path::new("/nowhere"), "cannot read"),
        ] {
            let error = contents.program("bin/x", path).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
        assert!(contents.report.is_empty());
        contents.script("main", &script).unwrap();
        assert_eq!(contents.report, "       10  main\n");
    }
}
