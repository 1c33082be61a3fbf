// SPDX-License-Identifier: BSD-2-Clause
//! `picture SYSTEM OUTPUT`: draws a system description as SVG.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use microkit::diag;

/// Draw a system description as an SVG picture.
#[derive(Parser)]
struct Arguments {
    /// The system description (XML).
    system: PathBuf,
    /// The picture to write (SVG).
    output: PathBuf,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let svg = match picture::read_and_render(&arguments.system) {
        Ok(svg) => svg,
        Err(errors) => {
            diag::report(&errors);
            return ExitCode::FAILURE;
        }
    };
    if let Err(error) = std::fs::write(&arguments.output, svg) {
        eprintln!(
            "picture: cannot write '{}': {error}",
            arguments.output.display()
        );
        return ExitCode::FAILURE;
    }
    println!("wrote {}", arguments.output.display());
    ExitCode::SUCCESS
}
