// SPDX-License-Identifier: BSD-2-Clause
//! Variables that the tool sets in programs.

use crate::bench::{Bench, pd};
use crate::fixture::{DATA, Fixture};

#[test]
fn the_runtimes_variables_are_set() {
    let built = Bench::new().build(&pd("net", ""));
    assert_eq!(built.memory("net", DATA, 5), b"net\0\0");
    assert_eq!(built.memory("net", DATA + 0x40, 1), [0]);
}

#[test]
fn every_kind_of_setvar_is_set() {
    let bench = Bench::new();
    let names = [
        "at", "len", "filled", "paddr", "chan", "irq", "port", "base", "child",
    ];
    let mut fixture = Fixture::default();
    for (index, name) in names.iter().enumerate() {
        fixture = fixture.with_symbol(name, DATA + 0x80 + 8 * index as u64, 8);
    }
    bench.program("pd", &fixture);
    bench.program("plain", &Fixture::default());
    bench.file("blob", &[7; 100]);
    let content = r#"<map mr="blob" vaddr="0x500000" setvar_vaddr="at" setvar_size="len" setvar_prefill_size="filled"/>
        <setvar symbol="paddr" region_paddr="device"/>
        <irq id="9" pin="4" vector="4" setvar_id="irq"/>
        <ioport id="8" addr="0x60" size="1" setvar_id="port" setvar_addr="base"/>
        <protection_domain name="b" id="6" setvar_id="child"><program_image path="plain"/></protection_domain>"#;
    let regions = r#"<memory_region name="blob" size="0x2000" prefill_path="blob"/>
        <memory_region name="device" size="0x1000" phys_addr="0xfee01000"/>"#;
    let channel =
        r#"<channel><end pd="a" id="11" setvar_id="chan"/><end pd="b" id="0"/></channel>"#;
    let built = bench.build(&[regions, &pd("a", content), channel].concat());
    let values: Vec<u64> = (0..names.len())
        .map(|index| built.word("a", DATA + 0x80 + 8 * index as u64))
        .collect();
    assert_eq!(
        values,
        [0x50_0000, 0x2000, 100, 0xfee0_1000, 11, 9, 8, 0x60, 6]
    );
    assert_eq!(
        built.memory("a", 0x50_0000, 101),
        [vec![7; 100], vec![0]].concat()
    );
}

#[test]
fn our_own_variables_tell_names_and_entries() {
    let bench = Bench::new();
    let fixture = Fixture {
        segments: vec![
            (0x20_0000, vec![0x90; 0x1800], 0x1800, false, true),
            (DATA, vec![0; 0x3000], 0x3000, true, false),
        ],
        ..Fixture::default()
    };
    let fixture = fixture
        .with_symbol("postern_kernel_printing", DATA + 0x68, 1)
        .with_symbol("postern_child_entry", DATA + 0x80, 62 * 8)
        .with_symbol("postern_child_names", DATA + 0x400, 62 * 64)
        .with_symbol("postern_peers", DATA + 0x1800, 62 * 64);
    bench.program("pd", &fixture);
    bench.program(
        "other",
        &Fixture {
            entry: 0x20_0020,
            ..Fixture::default()
        },
    );
    let child =
        r#"<protection_domain name="kid" id="3"><program_image path="other"/></protection_domain>"#;
    let channel = r#"<channel><end pd="a" id="61"/><end pd="kid" id="2"/></channel>"#;
    let built = bench.build(&(pd("a", child) + channel));
    assert_eq!(built.memory("a", DATA + 0x68, 1), [1]);
    assert_eq!(built.word("a", DATA + 0x80 + 3 * 8), 0x20_0020);
    assert_eq!(built.word("a", DATA + 0x80 + 2 * 8), 0);
    assert_eq!(built.memory("a", DATA + 0x400 + 3 * 64, 4), b"kid\0");
    assert_eq!(built.memory("a", DATA + 0x1800 + 61 * 64, 4), b"kid\0");
}

#[test]
fn two_domains_with_one_program_do_not_share_their_variables() {
    let built = Bench::new().build(&(pd("one", "") + &pd("two", "")));
    assert_eq!(built.memory("one", DATA, 3), b"one");
    assert_eq!(built.memory("two", DATA, 3), b"two");
    // What is equal is in the image once.
    let code = built
        .data
        .windows(0x1800)
        .filter(|window| window.iter().all(|byte| *byte == 0x90));
    assert_eq!(code.count(), 1);
}

#[test]
fn symbols_may_come_from_another_file() {
    let bench = Bench::new();
    bench.program(
        "stripped",
        &Fixture {
            symbols: vec![],
            ..Fixture::default()
        },
    );
    let content = r#"<protection_domain name="a"><program_image path="stripped" path_for_symbols="pd"/></protection_domain>"#;
    assert_eq!(bench.build(content).memory("a", DATA, 2), b"a\0");
}
