// SPDX-License-Identifier: BSD-2-Clause
//! Builds, boots and tests Postern: the program behind the Makefile.
//!
//! [`setup`] finds or installs what is needed, [`cargo`], [`kernel`] and [`image`] build, [`run`]
//! boots, and [`smoke`], [`test`] and [`bench`] do something with what boots. Nothing of this is
//! part of a bootable system.

mod bench;
mod cargo;
mod check;
mod cli;
mod command;
mod description;
mod guests;
mod image;
mod kernel;
mod lint;
mod linux;
mod run;
mod serial;
mod setup;
mod smoke;
mod test;
mod ui;
mod workspace;

use std::process::ExitCode;

use anyhow::{Result, bail};
use clap::Parser;

use cli::{Boot, Cli, Command};
use workspace::{Workspace, shown};

fn main() -> ExitCode {
    let cli = Cli::parse();
    match execute(&cli.command) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            run::terminal::restore();
            eprintln!("postern: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Carries a command out; false is a failure that has been reported.
fn execute(command: &Command) -> Result<bool> {
    let workspace = Workspace::find()?;
    run::reaper::install()?;
    match command {
        Command::Run(boot) => run::interactive(&workspace, existing(boot)?)?,
        Command::Smoke(boot) => smoke::smoke(&workspace, existing(boot)?)?,
        Command::Image(boot) => image(&workspace, existing(boot)?)?,
        Command::Test { name } => return test::run(&workspace, name.as_deref()),
        Command::Check { system, config } => return check::check(&workspace, system, *config),
        Command::Bench { name } => bench::run(&workspace, name.as_deref())?,
        Command::Lint => return lint::run(&workspace),
        Command::Setup { bochs, linux } => {
            let mut uses = vec![setup::For::Building, setup::For::Qemu];
            uses.extend(bochs.then_some(setup::For::Bochs));
            uses.extend(linux.then_some(setup::For::Linux));
            setup::ensure(&workspace, &uses)?;
        }
    }
    Ok(true)
}

/// A system that is not there is noticed before anything is built.
fn existing(boot: &Boot) -> Result<&Boot> {
    if !boot.system.is_file() {
        bail!("there is no system description {}", boot.system.display());
    }
    Ok(boot)
}

/// The command `image`.
fn image(workspace: &Workspace, boot: &Boot) -> Result<()> {
    setup::ensure(workspace, &[setup::For::Building])?;
    let (_, image) = image::Builder::new(workspace).everything(&boot.system, boot.variant())?;
    for (what, path) in [
        ("kernel", &image.kernel),
        ("image", &image.loader),
        ("report", &image.report),
    ] {
        println!("{what}: {}", shown(&workspace.root, path));
    }
    Ok(())
}
