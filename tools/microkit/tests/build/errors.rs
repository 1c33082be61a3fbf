// SPDX-License-Identifier: BSD-2-Clause
//! What only the builder can see to be wrong, each with its place.

use crate::bench::{Bench, pd};
use crate::fixture::{DATA, Fixture};

/// The only error, without the place that must end it.
fn only_error(bench: &Bench, content: &str, place: &str) -> String {
    let errors = bench.errors(content);
    assert_eq!(errors.len(), 1, "{errors:#?}");
    let start = errors[0].strip_suffix(&format!(": test.system:{place}"));
    start
        .unwrap_or_else(|| panic!("{} is not at {place}", errors[0]))
        .to_owned()
}

#[test]
fn files_that_are_no_programs_are_named() {
    let bench = Bench::new();
    let whole = Fixture::default().bytes();
    bench.file("half", &whole[..whole.len() / 2]);
    bench.file("empty", b"");
    bench.file("script", b"#!/bin/sh\nexit 0\n");
    bench.program(
        "foreign",
        &Fixture {
            machine: 183,
            ..Fixture::default()
        },
    );
    bench.program(
        "library",
        &Fixture {
            kind: 3,
            ..Fixture::default()
        },
    );
    std::fs::create_dir(bench.path("folder")).unwrap();
    for (file, what) in [
        ("half", "is cut short"),
        ("empty", "is empty"),
        ("script", "is not an ELF file"),
        (
            "foreign",
            "is for another CPU (ELF machine 183), not for x86-64",
        ),
        ("library", "is no static executable (ELF type 3)"),
        ("folder", "is not a file"),
        ("nowhere", "does not exist"),
    ] {
        let content = format!(
            "\n{}",
            pd("net", "").replace("\"pd\"", &format!("\"{file}\""))
        );
        let error = only_error(&bench, &content, "2:31");
        let expected = format!("Error: program image '{file}' of protection domain 'net' {what}");
        assert_eq!(error, expected);
    }
}

#[test]
fn a_program_of_another_world_lacks_every_symbol() {
    let bench = Bench::new();
    bench.program(
        "pd",
        &Fixture {
            symbols: vec![],
            ..Fixture::default()
        },
    );
    let errors = bench.errors(&pd("net", ""));
    assert_eq!(errors.len(), 6, "{errors:#?}");
    assert!(errors[0].starts_with(
        "Error: could not patch symbol 'microkit_name' in program image for PD 'net' (pd): no symbol"
    ));
}

#[test]
fn variables_that_cannot_be_set_are_reported_where_they_are_asked_for() {
    let bench = Bench::new();
    let fixture = Fixture::default()
        .with_symbol("small", DATA + 0x80, 4)
        .with_symbol("twice", DATA + 0x88, 8)
        .with_symbol("twice", DATA + 0x90, 8);
    bench.program("pd", &fixture);
    let region = r#"<memory_region name="r" size="0x1000"/>"#;
    for (symbol, what) in [
        ("missing", "no symbol of this name"),
        ("small", "the symbol has 4 bytes, expected 8"),
        ("twice", "several symbols of this name"),
    ] {
        let map = format!("\n<map mr=\"r\" vaddr=\"0x1000000\" setvar_vaddr=\"{symbol}\"/>");
        let errors = bench.errors(&(region.to_owned() + &pd("net", &map)));
        let expected = format!(
            "Error: could not patch symbol '{symbol}' in program image for PD 'net' (pd): {what}: test.system:2:"
        );
        assert!(
            errors.len() == 1 && errors[0].starts_with(&expected),
            "{errors:#?}"
        );
    }
}

#[test]
fn a_map_over_the_program_is_reported_at_the_map() {
    let bench = Bench::new();
    let region = r#"<memory_region name="r" size="0x2000"/>"#;
    let map =
        |at: &str| region.to_owned() + &pd("net", &format!("\n<map mr=\"r\" vaddr=\"{at}\"/>"));
    let expected = "Error: map of 'r' at 0x401000..0x403000 overlaps the program of protection domain 'net', which has a segment at 0x400000..0x403000";
    assert_eq!(only_error(&bench, &map("0x401000"), "2:1"), expected);
    assert!(bench.errors(&map("0x402000")).len() == 1);
    assert!(bench.errors(&map("0x1ff000")).len() == 1);
    assert!(bench.errors(&map("0x403000")).is_empty());
    assert!(bench.errors(&map("0x1fe000")).is_empty());
}

#[test]
fn a_program_in_the_stack_is_reported() {
    let bench = Bench::new();
    let mut fixture = Fixture::default();
    fixture
        .segments
        .push((0x7fff_ffff_a000, vec![1], 0x1001, false, false));
    bench.program("pd", &fixture);
    let error = only_error(&bench, &pd("net", ""), "1:39");
    assert!(
        error.contains("segment at 0x7fffffffa000..0x7fffffffc000"),
        "{error}"
    );
}

#[test]
fn memory_that_no_kernel_can_hold_is_reported() {
    let bench = Bench::new();
    let region = r#"<memory_region name="huge" size="0x80000000" page_size="0x1000"/>"#;
    let content = region.to_owned() + &pd("a", r#"<map mr="huge" vaddr="0x10000000"/>"#);
    let error = only_error(&bench, &content, "1:9");
    assert!(
        error.contains("has 524288 pages, the kernel has room for less than 524288"),
        "{error}"
    );
    // Every mapping but the first takes capabilities of its own.
    let region = r#"<memory_region name="r" size="0x40000000" page_size="0x1000"/>"#;
    let map = r#"<map mr="r" vaddr="0x100000000"/>"#;
    let errors = bench.errors(&[region, &pd("a", map), &pd("b", map)].concat());
    let expected = "objects and mapped pages, the kernel has room for 524288";
    assert!(
        errors.len() == 1 && errors[0].contains(expected),
        "{errors:#?}"
    );
}

#[test]
fn several_errors_are_reported_together() {
    let bench = Bench::new();
    bench.file("empty", b"");
    let empty = |name| pd(name, "").replace("\"pd\"", "\"empty\"");
    let errors = bench.errors(&[empty("a"), empty("b"), pd("c", ""), empty("d")].concat());
    assert_eq!(errors.len(), 3, "{errors:#?}");
}
