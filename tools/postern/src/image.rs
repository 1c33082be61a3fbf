// SPDX-License-Identifier: BSD-2-Clause
//! From sources to something that boots: programs by cargo, the kernel, the SDK folder that the
//! image tool expects, and the image itself.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use sel4_kernel::config::Variant;

use crate::cargo::Cargo;
use crate::description::Description;
use crate::guests;
use crate::ui::Step;
use crate::workspace::Workspace;

/// The board's name in the SDK.
pub const BOARD: &str = "x86_64_generic_vtx";
/// The programs that are in every image: our name for them, and the SDK's.
const SYSTEM_PROGRAMS: [(&str, &str); 2] = [
    ("monitor", "monitor.elf"),
    ("initial-task", "initialiser.elf"),
];

/// What an emulator boots.
#[derive(Clone, Debug)]
pub struct Image {
    /// The kernel: seL4 in the form that multiboot loaders take, or a Linux.
    pub kernel: PathBuf,
    /// What the loader puts beside it: the initial task with everything in it, or an initramfs.
    pub loader: PathBuf,
    /// For people: what is in it.
    pub report: PathBuf,
}

/// Builds images.
pub struct Builder<'a> {
    workspace: &'a Workspace,
}

impl<'a> Builder<'a> {
    /// A builder in this workspace.
    pub fn new(workspace: &'a Workspace) -> Self {
        Self { workspace }
    }

    /// The image tool.
    pub fn tool(&self) -> PathBuf {
        self.workspace.tools().join("microkit")
    }

    /// The SDK's folder.
    pub fn sdk(&self) -> PathBuf {
        self.workspace.target.join("sdk")
    }

    /// Where the SDK has a kernel and what belongs to every image.
    fn elf(&self, variant: Variant) -> PathBuf {
        let board = self.sdk().join("board").join(BOARD);
        board.join(variant.name()).join("elf")
    }

    /// Builds the image tool, all programs and files of guests that these systems name, as far as
    /// they are ours, and the programs `others`.
    pub fn programs(&self, systems: &[Description], others: &[&str]) -> Result<()> {
        let cargo = Cargo::new(self.workspace);
        cargo.build(
            "Building the image tool",
            "build",
            &["--release", "-p", "microkit"],
        )?;
        let named = systems.iter().flat_map(Description::programs);
        // A guest can be a program of ours, too, which fills a memory region.
        let files = systems.iter().flat_map(|system| &system.files);
        let wanted: BTreeSet<&str> = named
            .chain(files.map(String::as_str))
            .chain(SYSTEM_PROGRAMS.iter().map(|(program, _)| *program))
            .chain(others.iter().copied())
            .collect();
        let metadata = cargo.metadata()?;
        let mut arguments = vec!["--profile", "program"];
        for package in metadata.workspace_packages() {
            let programs = package.targets.iter().filter(|target| target.is_bin());
            let programs: Vec<&str> = programs
                .map(|t| t.name.as_str())
                .filter(|name| wanted.contains(name))
                .collect();
            if !programs.is_empty() {
                arguments.extend(["-p", package.name.as_str()]);
                arguments.extend(programs.iter().flat_map(|program| ["--bin", program]));
            }
        }
        cargo.build("Building protection domains", "build", &arguments)?;
        guests::build(self.workspace, systems)
    }

    /// Builds a kernel and completes the SDK's folder for it.
    pub fn kernel(&self, variant: Variant) -> Result<()> {
        crate::kernel::build(self.workspace, &self.sdk(), variant)?;
        let elf = self.elf(variant);
        for (program, name) in SYSTEM_PROGRAMS {
            copy_if_changed(&self.workspace.programs().join(program), &elf.join(name))?;
        }
        Ok(())
    }

    /// Builds the shim that stands in for VT-x in QEMU, as the 32-bit file that QEMU loads.
    pub fn shim(&self) -> Result<()> {
        let arguments = ["--profile", "program", "-p", SHIM];
        Cargo::new(self.workspace).build("Building the VT-x shim", "build", &arguments)?;
        let from = self.workspace.programs().join(SHIM);
        let status = Command::new("objcopy")
            .args(["-O", "elf32-i386"])
            .args([&from, &shim_file(self.workspace)?])
            .status()
            .context("cannot start objcopy")?;
        if !status.success() {
            bail!("objcopy cannot convert {}", from.display());
        }
        Ok(())
    }

    /// Nothing but a program that was built, as the initial task of a kernel that was built.
    pub fn bare(&self, program: &str, variant: Variant) -> Image {
        let loader = self.workspace.programs().join(program);
        Image {
            kernel: self.elf(variant).join("sel4_32.elf"),
            report: loader.clone(),
            loader,
        }
    }

    /// Makes the image of `system` for a kernel that was built.
    pub fn image(&self, name: &str, system: &Path, variant: Variant) -> Result<Image> {
        let out = self
            .workspace
            .folder(&format!("images/{name}-{}", variant.name()))?;
        let elf = self.elf(variant);
        let image = Image {
            kernel: elf.join("sel4_32.elf"),
            loader: out.join("loader.img"),
            report: out.join("report.txt"),
        };
        let output = self
            .command(system, variant, &image.loader, &image.report)
            .output()
            .context("cannot start the image tool")?;
        let text = String::from_utf8_lossy(&output.stderr);
        if !output.status.success() {
            bail!(
                "the image tool refuses {}\n{}",
                system.display(),
                text.trim_end()
            );
        }
        eprint!("{text}");
        Ok(image)
    }

    /// The image tool's command line.
    pub fn command(&self, system: &Path, variant: Variant, image: &Path, report: &Path) -> Command {
        let mut command = Command::new(self.tool());
        command
            .arg(system)
            .args([
                "--board",
                BOARD,
                "--config",
                variant.name(),
                "--search-path",
            ])
            .arg(self.workspace.programs())
            .arg(self.workspace.guests());
        // Programs that somebody brings along lie beside the description.
        if let Some(folder) = system
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty())
        {
            command.arg(folder);
        }
        command
            .arg("-o")
            .arg(image)
            .arg("-r")
            .arg(report)
            .env("MICROKIT_SDK", self.sdk());
        command
    }

    /// All of it, for one system: what `run` and `smoke` boot.
    pub fn everything(&self, system: &Path, variant: Variant) -> Result<(Description, Image)> {
        let description = Description::read(system)?;
        self.programs(std::slice::from_ref(&description), &[])?;
        self.kernel(variant)?;
        let step = Step::new("Making the image");
        let name = system.file_stem().unwrap_or_default().to_string_lossy();
        let image = self.image(&name, system, variant)?;
        step.done();
        Ok((description, image))
    }
}

/// The program that stands in for VT-x.
const SHIM: &str = "vtx-shim";

fn shim_file(workspace: &Workspace) -> Result<PathBuf> {
    Ok(workspace.folder("shim")?.join("vtx-shim.elf"))
}

/// The shim's file. The kernel, which it loads as a module, gets beside the image's other part.
pub fn beside_shim(workspace: &Workspace, image: &Image) -> Result<PathBuf> {
    if let (Some(folder), Some(name)) = (image.loader.parent(), image.kernel.file_name()) {
        copy_if_changed(&image.kernel, &folder.join(name))?;
    }
    shim_file(workspace)
}

/// Copies unless the target has that content already: what is unchanged keeps its time stamp.
pub fn copy_if_changed(from: &Path, to: &Path) -> Result<()> {
    let bytes = fs::read(from).with_context(|| format!("cannot read {}", from.display()))?;
    if fs::read(to).is_ok_and(|old| old == bytes) {
        return Ok(());
    }
    if let Some(folder) = to.parent() {
        fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    }
    fs::write(to, bytes).with_context(|| format!("cannot write {}", to.display()))
}
