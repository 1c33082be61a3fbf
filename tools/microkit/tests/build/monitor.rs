// SPDX-License-Identifier: BSD-2-Clause
//! What the monitor is given.

use image_spec::monitor::Table;

use crate::bench::{Bench, pd};
use crate::fixture::DATA;

#[test]
fn the_monitor_knows_every_domain() {
    let restarting = pd("b", "<?postern restart=\"3\"?>");
    let child =
        r#"<protection_domain name="c" id="0"><program_image path="pd"/></protection_domain>"#;
    let built = Bench::new().build(&(pd("a", child) + &restarting));
    let cap = |slot| {
        let cap = built.cap_in("CNode of the monitor", slot).unwrap();
        built.spec.objects[cap.object as usize].name.as_str()
    };
    assert_eq!(cap(1), "endpoint of the monitor");
    assert_eq!((cap(10), cap(11)), ("thread of 'a'", "thread of 'c'"));
    assert_eq!(cap(12), "thread of 'b'");

    let (at, len) = (
        built.word("monitor", DATA + 0x80),
        built.word("monitor", DATA + 0x88) as usize,
    );
    let bytes = built.memory("monitor", at, len);
    let table = Table::parse(&bytes).unwrap();
    let shown: Vec<_> = table
        .pds()
        .iter()
        .map(|pd| {
            (
                table.name(pd),
                pd.entry.get(),
                pd.restarts.get(),
                pd.monitored.get(),
            )
        })
        .collect();
    let expected = [
        ("a", 0x20_0010, 0, 1),
        ("c", 0x20_0010, 0, 0),
        ("b", 0x20_0010, 3, 1),
    ];
    assert_eq!(shown, expected);
    assert_eq!(
        table.function(&table.pds()[2], 0x20_0018),
        Some(("_start", 8))
    );
    // One program, one list of its functions.
    assert_eq!(
        table.pds()[0].first_symbol.get(),
        table.pds()[2].first_symbol.get()
    );
}

#[test]
fn a_monitor_that_is_none_is_reported() {
    let bench = Bench::new();
    bench.program("monitor", &crate::fixture::Fixture::default());
    let errors = bench.errors(&pd("a", ""));
    assert_eq!(errors.len(), 1);
    assert!(
        errors[0].contains("lacks 'postern_monitor_info': no symbol"),
        "{errors:?}"
    );
    bench.file("monitor", b"");
    assert!(bench.errors(&pd("a", ""))[0].ends_with("monitor' is empty"));
}
