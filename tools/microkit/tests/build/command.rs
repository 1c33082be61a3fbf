// SPDX-License-Identifier: BSD-2-Clause
//! The program itself: what it writes, what it says, and that it leaves nothing behind when it fails.

use std::fs;
use std::process::{Command, Output};

use object::read::elf::{FileHeader, ProgramHeader};

use crate::bench::{Bench, CONFIG, files, pd};
use crate::fixture::{DATA, Fixture};

/// A folder with an SDK in `sdk` and an empty folder `out`.
fn bench() -> Bench {
    let bench = Bench::new();
    let elf = bench.path("sdk/board/pc/debug/elf");
    let include = bench.path("sdk/board/pc/debug/include/kernel");
    fs::create_dir_all(&elf).unwrap();
    fs::create_dir_all(&include).unwrap();
    fs::create_dir(bench.path("out")).unwrap();
    fs::write(include.join("gen_config.json"), CONFIG).unwrap();
    let task = Fixture::default()
        .with_symbol("postern_image", DATA + 0x80, 32)
        .with_symbol("postern_kernel_printing", DATA + 0xa0, 1);
    fs::write(elf.join("initialiser.elf"), task.bytes()).unwrap();
    fs::rename(bench.path("monitor"), elf.join("monitor.elf")).unwrap();
    fs::write(elf.join("sel4.elf"), "kernel").unwrap();
    fs::write(elf.join("sel4_32.elf"), "small kernel").unwrap();
    bench
}

fn run(bench: &Bench, system: &str, more: &[&str]) -> Output {
    bench.file(
        "test.system",
        format!("<system>{system}</system>").as_bytes(),
    );
    let mut command = Command::new(env!("CARGO_BIN_EXE_microkit"));
    command
        .current_dir(bench.dir.path())
        .env_remove("MICROKIT_SDK")
        .args([
            "test.system",
            "--sdk",
            "sdk",
            "--board",
            "pc",
            "--config",
            "debug",
            "-o",
            "out/loader.img",
            "-r",
            "out/report.txt",
        ]);
    command.args(more).output().unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

#[test]
fn an_image_with_its_kernel_and_report_is_written() {
    let bench = bench();
    let output = run(&bench, &pd("net", ""), &["--capdl-json", "out/spec.json"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let lines: Vec<&str> = text(&output.stdout).lines().collect();
    assert!(
        lines[0].starts_with("MICROKIT|CAPDL SPEC: number of root objects = "),
        "{lines:?}"
    );
    assert!(lines[1].starts_with("MICROKIT|INITIAL TASK: memory size = "));
    assert!(lines[2].starts_with("MICROKIT|BOOT MODULE: image file size = "));
    let out = bench.path("out");
    assert_eq!(
        files(&out),
        [
            "loader.img",
            "report.txt",
            "sel4.elf",
            "sel4_32.elf",
            "spec.json"
        ]
    );
    assert_eq!(fs::read(out.join("sel4_32.elf")).unwrap(), b"small kernel");
    let report = fs::read_to_string(out.join("report.txt")).unwrap();
    let sections: Vec<&str> = report
        .lines()
        .filter(|line| line.starts_with('#'))
        .collect();
    assert_eq!(
        sections,
        [
            "# Initial Task (CapDL Initialiser) Details",
            "# IRQ Details",
            "# TCB Details",
            "# CNode Details",
            "# Architecture Specific Details",
            "# Kernel Objects Details",
        ]
    );
    let json: serde_json::Value =
        serde_json::from_slice(&fs::read(out.join("spec.json")).unwrap()).unwrap();
    assert_eq!(json["threads"][1]["name"], "net");
}

#[test]
fn the_module_is_what_the_kernel_loads() {
    let bench = bench();
    assert!(run(&bench, &pd("net", ""), &[]).status.success());
    let bytes = fs::read(bench.path("out/loader.img")).unwrap();
    let header = object::elf::FileHeader64::<object::LittleEndian>::parse(&bytes[..]).unwrap();
    let endian = object::LittleEndian;
    let segments: Vec<_> = header
        .program_headers(endian, &bytes[..])
        .unwrap()
        .iter()
        .map(|header| {
            (
                header.p_vaddr(endian),
                header.data(endian, &bytes[..]).unwrap(),
            )
        })
        .collect();
    assert_eq!(segments.len(), 4);
    let variable = |index: usize| {
        let at = 0x80 + 8 * index;
        u64::from_le_bytes(segments[1].1[at..at + 8].try_into().unwrap())
    };
    assert_eq!(
        (segments[2].0, segments[2].1.len() as u64),
        (variable(0), variable(1))
    );
    assert_eq!(
        (segments[3].0, segments[3].1.len() as u64),
        (variable(2), variable(3))
    );
    assert_eq!(segments[1].1[0xa0], 1);
    object_spec::Spec::decode(segments[2].1, variable(3)).unwrap();
}

#[test]
fn a_failure_has_status_1_and_leaves_nothing_behind() {
    let good = bench();
    fs::write(good.path("out/loader.img"), "old").unwrap();
    let output = run(
        &good,
        &pd("net", r#"<map mr="none" vaddr="0x1000000"/>"#),
        &[],
    );
    assert_eq!(output.status.code(), Some(1));
    assert!(
        text(&output.stderr).contains("test.system:1:"),
        "{}",
        text(&output.stderr)
    );
    assert_eq!(files(&good.path("out")), ["loader.img"]);
    assert_eq!(fs::read(good.path("out/loader.img")).unwrap(), b"old");

    // A file of the SDK is missing only after the image was written.
    let bench = bench();
    fs::remove_file(bench.path("sdk/board/pc/debug/elf/sel4_32.elf")).unwrap();
    let output = run(&bench, &pd("net", ""), &[]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        text(&output.stderr).contains("sel4_32.elf"),
        "{}",
        text(&output.stderr)
    );
    assert!(files(&bench.path("out")).is_empty());
}

#[test]
fn a_check_writes_nothing() {
    let bench = bench();
    let output = run(&bench, &pd("net", ""), &["--check"]);
    assert!(output.status.success() && output.stdout.is_empty());
    assert!(files(&bench.path("out")).is_empty());
    bench.file("pd", b"");
    assert_eq!(
        run(&bench, &pd("net", ""), &["--check"]).status.code(),
        Some(1)
    );
}

#[test]
fn a_wrong_command_line_has_status_1() {
    let bench = bench();
    for more in [
        &["--board", "arm"][..],
        &["--unknown"],
        &["--image-type", "uimage"],
    ] {
        let output = run(&bench, &pd("net", ""), more);
        assert_eq!(output.status.code(), Some(1), "{more:?}");
        assert!(!output.stderr.is_empty());
    }
    let output = Command::new(env!("CARGO_BIN_EXE_microkit"))
        .arg("--help")
        .output()
        .unwrap();
    assert!(output.status.success());
}
