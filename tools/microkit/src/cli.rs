// SPDX-License-Identifier: BSD-2-Clause
//! The command line: the upstream tool's, and two options of our own.

use std::path::PathBuf;

use clap::{Parser, ValueEnum};

/// Makes a bootable image from a system description and the programs that it names.
#[derive(Debug, Parser)]
#[command(name = "microkit", version)]
pub struct Arguments {
    /// System description file
    pub system: PathBuf,
    /// Board to make the image for
    #[arg(long)]
    pub board: String,
    /// Configuration of the kernel: debug, release, smp-debug or smp-release
    #[arg(long)]
    pub config: String,
    /// Folders to look for programs and prefill files in, before the current one
    #[arg(long, num_args = 1.., value_name = "DIR")]
    pub search_path: Vec<PathBuf>,
    /// Image file; the kernel is put beside it
    #[arg(short, long, default_value = "loader.img")]
    pub output: PathBuf,
    /// Report file
    #[arg(short, long, default_value = "report.txt")]
    pub report: PathBuf,
    /// Kind of image file
    #[arg(long, value_enum, default_value_t = ImageType::Elf)]
    pub image_type: ImageType,
    /// Write the kernel objects to this file, as JSON
    #[arg(long, value_name = "FILE")]
    pub capdl_json: Option<PathBuf>,
    /// Folder of the SDK (default: $MICROKIT_SDK, or where this program is installed)
    #[arg(long, value_name = "DIR")]
    pub sdk: Option<PathBuf>,
    /// Check the description and the programs, write nothing
    #[arg(long)]
    pub check: bool,
}

/// Kinds of image files; on x86-64 there is one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ImageType {
    /// An ELF file: the kernel's boot module
    Elf,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_upstream_command_line_is_understood() {
        let line = "microkit system.xml --board pc --config debug -o out/loader.img -r out/report.txt \
                    --image-type elf --capdl-json spec.json --search-path a b --sdk sdk";
        let arguments = Arguments::try_parse_from(line.split_whitespace()).unwrap();
        assert_eq!(
            arguments.search_path,
            [PathBuf::from("a"), PathBuf::from("b")]
        );
        assert_eq!(arguments.output, PathBuf::from("out/loader.img"));
        assert!(!arguments.check);
        let short = [
            "microkit",
            "system.xml",
            "--board",
            "pc",
            "--config",
            "debug",
        ];
        let arguments = Arguments::try_parse_from(short).unwrap();
        assert_eq!(arguments.output, PathBuf::from("loader.img"));
        assert_eq!(arguments.report, PathBuf::from("report.txt"));
        assert!(Arguments::try_parse_from(&short[..4]).is_err());
    }
}
