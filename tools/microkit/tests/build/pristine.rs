// SPDX-License-Identifier: BSD-2-Clause
//! Programs that can be started again.

use object_spec::{FillSource, Rights};

use crate::bench::{Bench, pd};
use crate::fixture::{DATA, Fixture};

/// Where the table lies: in the code's segment, which is read-only.
const TABLE: u64 = 0x20_0800;

fn restartable() -> Fixture {
    let mut fixture = Fixture::default().with_symbol("postern_pristine", TABLE, 33 * 8);
    fixture.segments[1].1 = (0..0x1100u32).map(|byte| byte as u8).collect();
    fixture
        .segments
        .push((0x41_0000, vec![], 0x2000, true, false));
    fixture
}

#[test]
fn writable_segments_are_empty_and_their_content_is_beside_them() {
    let bench = Bench::new();
    bench.program("pd", &restartable());
    let region = r#"<memory_region name="near" size="0x1000"/>"#;
    let built =
        bench.build(&(region.to_owned() + &pd("a", r#"<map mr="near" vaddr="0x413000"/>"#)));
    let words: Vec<u64> = (0..33)
        .map(|index| built.word("a", TABLE + 8 * index))
        .collect();
    let source = words[2];
    assert_eq!(words[..5], [2, DATA, source, 0x1100, 0x3000]);
    assert_eq!(words[5..9], [0x41_0000, 0, 0, 0x2000]);
    assert!(words[9..].iter().all(|word| *word == 0));
    // Neither beside the program nor beside the region.
    assert_eq!(source, 0x41_5000);
    assert_eq!(built.memory("a", source, 2), b"a\0");
    assert_eq!(built.memory("a", source + 0x80, 3), [0x80, 0x81, 0x82]);
    assert_eq!(built.memory("a", DATA + 0x80, 3), [0; 3]);
    let copy = built
        .spec
        .mappings
        .iter()
        .find(|map| map.vaddr == source)
        .unwrap();
    assert_eq!((copy.rights, copy.count), (Rights::READ, 2));
    let written = built
        .spec
        .mappings
        .iter()
        .find(|map| map.vaddr == DATA)
        .unwrap();
    assert_eq!(written.rights, Rights::READ_WRITE);
    let filled = built.spec.fills.iter().any(|fill| {
        fill.frames == written.frames && matches!(fill.source, FillSource::Data { .. })
    });
    assert!(!filled);
}

#[test]
fn the_table_must_be_readable_before_the_copy() {
    let bench = Bench::new();
    bench.program(
        "pd",
        &Fixture::default().with_symbol("postern_pristine", DATA + 0x200, 33 * 8),
    );
    let errors = bench.errors(&pd("a", ""));
    assert_eq!(errors.len(), 1);
    assert!(
        errors[0].contains("'postern_pristine' in writable memory"),
        "{errors:?}"
    );
    bench.program(
        "pd",
        &Fixture::default().with_symbol("postern_pristine", TABLE, 8),
    );
    assert!(bench.errors(&pd("a", ""))[0].contains("the symbol has 8 bytes, expected 264"));
    let mut many = restartable();
    for index in 0..7 {
        many.segments
            .push((0x50_0000 + index * 0x1000, vec![1], 1, true, false));
    }
    bench.program("pd", &many);
    assert!(bench.errors(&pd("a", ""))[0].contains("has 9 writable segments, at most 8"));
}
