// SPDX-License-Identifier: BSD-2-Clause
//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use sel4_kernel::config::Variant;

/// Builds, boots and tests Postern. The Makefile calls it; `make help` shows the short way.
#[derive(Debug, Parser)]
#[command(name = "postern", version)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Boot the system with its serial port on this terminal; Ctrl-A x quits.
    Run(Boot),
    /// Boot the system unattended, check what every protection domain says, print a table.
    Smoke(Boot),
    /// Build the bootable image and say where it is.
    Image(Boot),
    /// Run the tests: on the host, of system descriptions, and in booted systems.
    Test {
        /// Only tests whose name contains this.
        name: Option<String>,
    },
    /// Check a system description and report all errors at once.
    Check {
        /// The description.
        system: PathBuf,
        /// The kernel that it is for: debug, release, smp-debug or smp-release.
        #[arg(long, value_parser = parse_variant, default_value = "debug")]
        config: Variant,
    },
    /// Run the benchmarks.
    Bench {
        /// Only benchmarks whose name contains this.
        name: Option<String>,
    },
    /// Check the format of the sources and the compiler's and Clippy's lints.
    Lint,
    /// Install or build what the commands need and do nothing else.
    Setup {
        /// Also Bochs, which only the tests need.
        #[arg(long)]
        bochs: bool,
        /// Also the Linux that benchmarks compare with.
        #[arg(long)]
        linux: bool,
    },
}

/// What to boot, and where.
#[derive(Args, Clone, Debug)]
pub struct Boot {
    /// The system description.
    #[arg(long, default_value = "system.xml")]
    pub system: PathBuf,
    /// The emulator.
    #[arg(long, value_enum, default_value_t = Emulator::Qemu)]
    pub emulator: Emulator,
    /// The kernel: debug, release, smp-debug or smp-release [default: debug, or smp-debug if
    /// several CPUs are asked for].
    #[arg(long, value_parser = parse_variant)]
    pub config: Option<Variant>,
    /// Number of CPUs [default: 1, or 2 with an smp kernel].
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=4))]
    pub cpus: Option<u32>,
}

/// The emulators.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Emulator {
    /// QEMU: has an IOMMU and PCI devices.
    Qemu,
    /// Bochs: has VT-x with posted interrupts, no IOMMU.
    Bochs,
    /// QEMU with a shim that stands in for VT-x: has all of it, slowly.
    Shim,
}

fn parse_variant(name: &str) -> Result<Variant, String> {
    let names = || Variant::ALL.map(Variant::name).join(", ");
    Variant::from_name(name).ok_or_else(|| format!("the kernels are {}", names()))
}

impl Boot {
    /// The kernel to boot.
    pub fn variant(&self) -> Variant {
        let several = self.cpus.is_some_and(|n| n > 1);
        self.config.unwrap_or(if several {
            Variant::SmpDebug
        } else {
            Variant::Debug
        })
    }

    /// The number of CPUs that the emulator gets.
    pub fn cpu_count(&self) -> u32 {
        self.cpus
            .unwrap_or(if self.variant().is_smp() { 2 } else { 1 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn boot(arguments: &[&str]) -> Boot {
        let line = ["postern", "run"].iter().chain(arguments);
        match Cli::parse_from(line).command {
            Command::Run(boot) => boot,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn kernel_and_cpus_follow_each_other() {
        let cases: [(&[&str], &str, u32); 5] = [
            (&[], "debug", 1),
            (&["--cpus", "2"], "smp-debug", 2),
            (&["--config", "smp-release"], "smp-release", 2),
            (&["--config", "release", "--cpus", "2"], "release", 2),
            (&["--config", "smp-debug", "--cpus", "1"], "smp-debug", 1),
        ];
        for (arguments, variant, cpus) in cases {
            let boot = boot(arguments);
            assert_eq!(
                (boot.variant().name(), boot.cpu_count()),
                (variant, cpus),
                "{arguments:?}"
            );
        }
    }

    #[test]
    fn an_unknown_kernel_is_answered_with_the_known_ones() {
        let error = Cli::try_parse_from(["postern", "run", "--config", "smp"]).unwrap_err();
        let text = error.to_string();
        assert!(
            text.contains("debug, release, smp-debug, smp-release"),
            "{text}"
        );
    }
}
