// SPDX-License-Identifier: BSD-2-Clause
//! From the source to the SDK: patch, configure, make.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use sha1::{Digest, Sha1};

use crate::config::{Config, Variant};
use crate::source::Source;
use crate::toolchain::{self, Toolchain};
use crate::{Error, Result};

/// The SDK's name for the machine that all kernels are for.
const BOARD: &str = "x86_64_generic_vtx";
/// Steps that the kernel's Makefile announces when it builds everything.
const STEPS: u32 = 26;
/// How much of the log an error shows.
const TAIL_LINES: usize = 20;

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
    let config = Config::of(variant);
    let mut source = Source::patched()?;
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
    let settings = [tools.compiler.clone(), config.gen_config_json()];
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

/// The arguments for make.
fn arguments(built: &Built, tools: &Toolchain) -> Vec<String> {
    let source = built.source.display();
    let python = tools.python;
    let (cc, warnings) = (toolchain::CC, toolchain::WARNINGS);
    let mut arguments = vec![
        "-j2".into(),
        "-f".into(),
        format!("{source}/Makefile"),
        "kernel.elf".into(),
        "ARCH=x86".into(),
        "PLAT=pc99".into(),
        "SEL4_ARCH=x86_64".into(),
        "SKIP_PATH_CHECKS=1".into(),
        format!("SOURCE_ROOT={source}"),
        format!("CC={cc} -ffile-prefix-map={source}=seL4"),
        format!("WARNINGS={warnings}"),
        format!("PYTHON={python}"),
        format!("INVOCATION_ID_GEN_PATH={python} {source}/tools/invocation_header_gen.py"),
        format!("SYSCALL_ID_GEN_PATH={python} {source}/tools/syscall_header_gen.py"),
        format!("CONFIG_DOMAIN_SCHEDULE={source}/src/kernel/domain.c"),
        // Checks of the source that do not change the result: of include cycles, which
        // does not understand the output of current preprocessors, and of XML schemata.
        "CIRCULAR_INCLUDES=true".into(),
        "XMLLINT_PATH=true".into(),
        // Keep the generated headers: the interface is compared with them.
        "--eval=.SECONDARY:".into(),
    ];
    if built.variant.is_debug() {
        arguments.push("DEBUG=1".into());
    }
    arguments
}

/// Runs the kernel's own Makefile.
fn make(built: &Built, arguments: &[String], progress: &mut dyn Progress) -> Result<()> {
    let mut command = Command::new("make");
    command
        .args(arguments)
        .env(
            "PYTHONPATH",
            Path::new(env!("CARGO_MANIFEST_DIR")).join("tools"),
        )
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("LC_ALL", "C");
    // When we are started by make ourselves, its settings are not for the kernel's Makefile.
    for variable in ["MAKEFLAGS", "MFLAGS", "MAKELEVEL", "MAKEOVERRIDES"] {
        command.env_remove(variable);
    }

    let mut log = File::create(&built.log).map_err(Error::io(&built.log))?;
    let errors = File::options()
        .append(true)
        .open(&built.log)
        .map_err(Error::io(&built.log))?;
    let mut child = command
        .current_dir(&built.generated)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(errors)
        .spawn()
        .map_err(Error::io("make"))?;
    let mut done = 0;
    for line in child
        .stdout
        .take()
        .into_iter()
        .flat_map(|out| BufReader::new(out).lines())
    {
        let line = line.map_err(Error::io("make"))?;
        writeln!(log, "{line}").map_err(Error::io(&built.log))?;
        // Like ` [CPP] kernel_all.c_pp`.
        if let Some(step) = line.strip_prefix(" [") {
            progress.step(done, STEPS, &step.replace(']', ""));
            done = (done + 1).min(STEPS);
        }
    }
    let status = child.wait().map_err(Error::io("make"))?;
    if !status.success() {
        return Err(failure(built));
    }
    progress.step(STEPS, STEPS, "done");
    Ok(())
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

/// The error with the end of the log.
fn failure(built: &Built) -> Error {
    let text = fs::read_to_string(&built.log).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    let tail = lines[lines.len().saturating_sub(TAIL_LINES)..].join("\n");
    Error::Build {
        variant: built.variant.name(),
        log: built.log.clone(),
        tail,
    }
}
