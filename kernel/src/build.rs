// SPDX-License-Identifier: BSD-2-Clause
//! From the source to the SDK: patch, configure, make.

mod make;

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use sha1::{Digest, Sha1};

use crate::config::{Config, Variant};
use crate::source::Source;
use crate::toolchain::{self, Toolchain};
use crate::{Error, Result};
use make::{arguments, failure, make};

/// The SDK's name for the machine that all kernels are for.
const BOARD: &str = "x86_64_generic_vtx";

/// Where a build happens.
#[derive(Clone, Debug)]
pub struct Dirs {
    /// For intermediate files and logs, for instance `target/kernel`.
    pub work: PathBuf,
    /// Root of the SDK, for instance `target/sdk`.
    pub sdk: PathBuf,
}

/// A kernel in the SDK.
#[derive(Clone, Debug)]
pub struct Built {
    /// Which kernel.
    pub variant: Variant,
    /// The kernel as ELF64, with debugging information.
    pub elf: PathBuf,
    /// The same as ELF32, which is what multiboot loaders take.
    pub elf_32: PathBuf,
    /// The configuration as JSON.
    pub gen_config: PathBuf,
    /// The folder of the kernel's own generated files, headers among them.
    pub generated: PathBuf,
    /// The folder of the source as it was compiled.
    pub source: PathBuf,
    /// The log of the build.
    pub log: PathBuf,
    /// How long the build took; `None` if everything was there already.
    pub took: Option<Duration>,
}

/// Hears how far a build is. `()` does not care.
pub trait Progress {
    /// `done` of `total` steps are done; `step` is the one that begins.
    fn step(&mut self, done: u32, total: u32, step: &str) {
        let _ = (done, total, step);
    }
}

impl Progress for () {}

/// Builds the kernel `variant`, unless exactly this kernel is in the SDK already.
///
/// Builds of the same kernel in the same folder wait for each other, in other processes too.
pub fn build(variant: Variant, dirs: &Dirs, progress: &mut dyn Progress) -> Result<Built> {
    build_source(Source::patched()?, variant, dirs, progress)
}

/// As [`build`], but without the patches of these numbers: a kernel with known defects, for tests
/// that have to find them. Its interface is what programs expect only if they change none.
pub fn build_without(
    numbers: &[String],
    variant: Variant,
    dirs: &Dirs,
    progress: &mut dyn Progress,
) -> Result<Built> {
    build_source(Source::patched_without(numbers)?, variant, dirs, progress)
}

fn build_source(
    mut source: Source,
    variant: Variant,
    dirs: &Dirs,
    progress: &mut dyn Progress,
) -> Result<Built> {
    let config = Config::of(variant);
    source.replace("include/plat/pc99/autoconf.h", config.autoconf_h());
    let tools = Toolchain::find()?;

    fs::create_dir_all(&dirs.work).map_err(Error::io(&dirs.work))?;
    // The Makefile uses absolute paths.
    let work = dirs
        .work
        .canonicalize()
        .map_err(Error::io(&dirs.work))?
        .join(variant.name());
    let board = dirs.sdk.join("board").join(BOARD).join(variant.name());
    let mut built = Built {
        variant,
        elf: board.join("elf/sel4.elf"),
        elf_32: board.join("elf/sel4_32.elf"),
        gen_config: board.join("include/kernel/gen_config.json"),
        generated: work.join("build"),
        source: work.join("source"),
        log: work.with_extension("log"),
        took: None,
    };

    let lock_path = work.with_extension("lock");
    let lock = File::create(&lock_path).map_err(Error::io(&lock_path))?;
    lock.lock().map_err(Error::io(&lock_path))?;

    let arguments = arguments(&built, &tools);
    let identity = identity(&source, &config, &tools, &arguments);
    let stamp = work.join("stamp");
    let outputs = [&built.elf, &built.elf_32, &built.gen_config];
    if fs::read_to_string(&stamp).is_ok_and(|old| old == identity)
        && outputs.iter().all(|path| path.exists())
    {
        return Ok(built);
    }

    let start = Instant::now();
    if work.exists() {
        fs::remove_dir_all(&work).map_err(Error::io(&work))?;
    }
    source.write_to(&built.source)?;
    // The Makefile looks for files here, although it uses none of them.
    for folder in [&built.generated, &built.source.join("manual/tools")] {
        fs::create_dir_all(folder).map_err(Error::io(folder))?;
    }
    make(&built, &arguments, progress)?;
    install(&built, &config)?;
    fs::write(&stamp, identity).map_err(Error::io(&stamp))?;
    built.took = Some(start.elapsed());
    Ok(built)
}

/// What decides how the kernel turns out: source, configuration, compiler, and how make is called.
fn identity(source: &Source, config: &Config, tools: &Toolchain, arguments: &[String]) -> String {
    let mut hash = Sha1::new();
    let settings = [
        tools.compiler.clone(),
        config.gen_config_json(),
        toolchain::TEMPITA.into(),
    ];
    let settings = settings.iter().chain(arguments).map(String::as_str);
    let files = source.files().flat_map(|(path, text)| [path, text]);
    for part in settings.chain(files) {
        // With its length, so that no two lists of parts look the same.
        hash.update(part.len().to_le_bytes());
        hash.update(part);
    }
    hash.finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// Puts the results where the SDK has them.
fn install(built: &Built, config: &Config) -> Result<()> {
    for path in [&built.elf, &built.gen_config] {
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(Error::io(parent))?;
        }
    }
    let kernel = built.generated.join("kernel.elf");
    fs::copy(&kernel, &built.elf).map_err(Error::io(&built.elf))?;
    let log = File::options()
        .append(true)
        .open(&built.log)
        .map_err(Error::io(&built.log))?;
    let status = Command::new("objcopy")
        .args(["-O", "elf32-i386"])
        .args([&kernel, &built.elf_32])
        .stderr(log)
        .status()
        .map_err(Error::io("objcopy"))?;
    if !status.success() {
        return Err(failure(built));
    }
    fs::write(&built.gen_config, config.gen_config_json()).map_err(Error::io(&built.gen_config))
}

#[cfg(test)]
mod tests;
