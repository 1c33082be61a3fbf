// SPDX-License-Identifier: BSD-2-Clause
//! The image tool. Exit status: 0, or 1 if there was any error, and then no file is written.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;
use microkit::build::{self, Image, Input};
use microkit::cli::Arguments;
use microkit::config::KernelConfig;
use microkit::diag::{self, Diagnostic, Source};
use microkit::output::Output;
use microkit::pack::Module;
use microkit::sdk::Sdk;
use microkit::{json, report, sdf};

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // Nothing is left to do if standard error is closed.
            let _ = error.print();
            return ExitCode::from(u8::from(error.use_stderr()));
        }
    };
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(errors) => {
            diag::report(&errors);
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<(), Vec<Diagnostic>> {
    let one = |error: Diagnostic| vec![error];
    let sdk = Sdk::find(
        arguments.sdk.as_deref(),
        &arguments.board,
        &arguments.config,
    )
    .map_err(one)?;
    let config = KernelConfig::load(&sdk.kernel_config()).map_err(|error| {
        one(Diagnostic::without_place(
            error.to_string(),
            "build the SDK again",
        ))
    })?;
    let mut search = arguments.search_path.clone();
    search.push(PathBuf::from("."));
    let name = arguments.system.display().to_string();
    let text = sdf::load(&arguments.system).map_err(one)?;
    let (system, warnings) = sdf::parse(&name, &text, &config, &search)?;
    diag::report(&warnings);
    let image = build::build(&Input {
        system: &system,
        source: &Source::new(&name, &text),
        config: &config,
        search: &search,
        monitor: &sdk.monitor(),
    })?;
    if arguments.check {
        return Ok(());
    }
    let text = report::report(&image.spec, &system);
    write(arguments, &sdk, &image, &text, config.printing).map_err(one)
}

fn write(
    arguments: &Arguments,
    sdk: &Sdk,
    image: &Image,
    report: &str,
    printing: bool,
) -> Result<(), Diagnostic> {
    let module = Module::new(&sdk.initial_task(), image, printing)?;
    let mut output = Output::default();
    let size = output.add(&arguments.output, |out| module.write(out))?;
    output.add(&arguments.report, |out| out.write_all(report.as_bytes()))?;
    if let Some(path) = &arguments.capdl_json {
        output.add(path, |out| json::write(&image.spec, out))?;
    }
    let folder = arguments.output.parent().unwrap_or(Path::new(""));
    for (name, kernel) in sdk.kernels() {
        output.add(&folder.join(name), |out| {
            let named = |error: io::Error| {
                io::Error::new(error.kind(), format!("'{}': {error}", kernel.display()))
            };
            let mut file = File::open(&kernel).map_err(named)?;
            io::copy(&mut file, out)
        })?;
    }
    output.commit()?;
    println!(
        "MICROKIT|CAPDL SPEC: number of root objects = {}, spec footprint = {}",
        image.spec.objects.len(),
        human(module.spec_len())
    );
    println!(
        "MICROKIT|INITIAL TASK: memory size = {}",
        human(module.memory_size())
    );
    println!("MICROKIT|BOOT MODULE: image file size = {}", human(size));
    Ok(())
}

/// A size as people read it.
fn human(bytes: u64) -> String {
    match bytes {
        0..1024 => format!("{bytes} B"),
        1024..0x10_0000 => format!("{:.2} KiB", bytes as f64 / 1024.0),
        _ => format!("{:.2} MiB", bytes as f64 / 1_048_576.0),
    }
}
