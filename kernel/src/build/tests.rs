// SPDX-License-Identifier: BSD-2-Clause
use std::path::Path;

use super::make::STEPS;
use super::*;

#[derive(Default)]
struct Steps(Vec<(u32, u32)>);

impl Progress for Steps {
    fn step(&mut self, done: u32, total: u32, _: &str) {
        self.0.push((done, total));
    }
}

/// A source whose Makefile does what `recipe` says and announces two steps before.
fn source(recipe: &str) -> Source {
    let mut source = Source::default();
    let makefile = format!(
        "kernel.elf:\n\t@echo ' [FIRST] a'\n\t@echo '.globl _start\\n_start: hlt' > a.s\n\
         \t@echo ' [SECOND] b'\n\t{recipe}\n"
    );
    source.replace("Makefile", makefile);
    source
}

fn dirs(folder: &Path) -> Dirs {
    Dirs {
        work: folder.join("work"),
        sdk: folder.join("sdk"),
    }
}

const LINK: &str = "$(CC) -nostdlib -static -Wl,-Ttext=0x100000 a.s -o $@";

#[test]
fn a_kernel_is_built_once() {
    let folder = tempfile::tempdir().unwrap();
    let dirs = dirs(folder.path());
    let mut steps = Steps::default();
    let built = build_source(source(LINK), Variant::Release, &dirs, &mut steps).unwrap();
    assert!(built.took.is_some());
    assert_eq!(steps.0, [(0, STEPS), (1, STEPS), (STEPS, STEPS)]);
    let elf_32 = fs::read(
        dirs.sdk
            .join("board/x86_64_generic_vtx/release/elf/sel4_32.elf"),
    );
    assert_eq!(elf_32.unwrap()[..5], [0x7f, b'E', b'L', b'F', 1]);
    assert_eq!(fs::read(&built.elf).unwrap()[4], 2);
    let json = fs::read_to_string(&built.gen_config).unwrap();
    assert_eq!(json, Config::of(Variant::Release).gen_config_json());

    let again = build_source(source(LINK), Variant::Release, &dirs, &mut ()).unwrap();
    assert!(again.took.is_none());
    // Another source, or a result that is gone: build.
    let other = format!("@true\n\t{LINK}");
    let changed = build_source(source(&other), Variant::Release, &dirs, &mut ()).unwrap();
    assert!(changed.took.is_some());
    fs::remove_file(&changed.elf_32).unwrap();
    let lost = build_source(source(&other), Variant::Release, &dirs, &mut ()).unwrap();
    assert!(lost.took.is_some());
}

#[test]
fn a_failure_shows_the_end_of_the_log_and_where_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let dirs = dirs(folder.path());
    let recipe = "@seq 100 && echo 'a.c:1: error: broken' >&2 && exit 1";
    let error = build_source(source(recipe), Variant::Debug, &dirs, &mut ()).unwrap_err();
    let Error::Build { variant, log, tail } = &error else {
        panic!("{error}")
    };
    assert_eq!(*variant, "debug");
    assert!(
        tail.contains("\n100\n") && tail.contains("a.c:1: error: broken"),
        "{tail}"
    );
    assert!(!tail.contains("\n50\n"), "{tail}");
    let text = fs::read_to_string(log).unwrap();
    assert!(
        text.contains(" [FIRST] a\n") && text.contains("\n50\n"),
        "{text}"
    );
    assert!(
        error.to_string().contains(&log.display().to_string()),
        "{error}"
    );
    assert!(!dirs.sdk.exists());
    // The failed build is not taken for a finished one.
    build_source(source(recipe), Variant::Debug, &dirs, &mut ()).unwrap_err();
}

#[test]
fn a_result_that_is_no_kernel_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let recipe = "@echo no kernel > $@";
    let dirs = dirs(folder.path());
    let error = build_source(source(recipe), Variant::Debug, &dirs, &mut ()).unwrap_err();
    assert!(error.to_string().contains("objcopy"), "{error}");
}
