// SPDX-License-Identifier: BSD-2-Clause
//! Builds kernels, or unpacks their source to work on the patches.

use std::path::PathBuf;
use std::process::ExitCode;

use sel4_kernel::config::Variant;
use sel4_kernel::source::{self, Source};
use sel4_kernel::{Dirs, Progress, build};

const USAGE: &str = "\
usage: cargo run -p sel4-kernel -- build [VARIANT...]
           Builds kernels (debug, release, smp-debug, smp-release; default: all) into
           target/sdk, with the intermediate files and logs in target/kernel.
       cargo run -p sel4-kernel -- source FOLDER [NUMBER]
           Writes the kernel's source into FOLDER, with all patches or with those whose
           number is below NUMBER.";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let result = match args.as_slice() {
        ["build", names @ ..] => build_all(names),
        ["source", folder] => write_source(folder, None),
        ["source", folder, below] => write_source(folder, Some(below)),
        _ => Err(USAGE.into()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

type Result = std::result::Result<(), Box<dyn std::error::Error>>;

/// Prints each step on a line of its own.
struct Lines(&'static str);

impl Progress for Lines {
    fn step(&mut self, done: u32, total: u32, step: &str) {
        println!("{} {:3} % {step}", self.0, done * 100 / total);
    }
}

fn build_all(names: &[&str]) -> Result {
    let target =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| "target".into(), PathBuf::from);
    let dirs = Dirs {
        work: target.join("kernel"),
        sdk: target.join("sdk"),
    };
    let mut variants = Vec::new();
    for name in names {
        let unknown = || format!("there is no kernel `{name}`\n{USAGE}");
        variants.push(Variant::from_name(name).ok_or_else(unknown)?);
    }
    if variants.is_empty() {
        variants.extend(Variant::ALL);
    }
    for variant in variants {
        let built = build(variant, &dirs, &mut Lines(variant.name()))?;
        match built.took {
            Some(took) => println!("{} in {:.1} s", built.elf.display(), took.as_secs_f32()),
            None => println!("{} is up to date", built.elf.display()),
        }
    }
    Ok(())
}

fn write_source(folder: &str, below: Option<&str>) -> Result {
    let mut source = Source::unpatched()?;
    for patch in source::patches()? {
        if below.is_none_or(|below| patch.name.as_str() < below) {
            source.apply(&patch)?;
        }
    }
    source.write_to(folder.as_ref())?;
    Ok(())
}
