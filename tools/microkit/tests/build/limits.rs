// SPDX-License-Identifier: BSD-2-Clause
//! Large systems, and that an image depends on its input alone.

use crate::bench::{Bench, pd};

#[test]
fn sixty_three_domains_are_built_and_one_more_is_not() {
    let system = |count: usize| {
        (0..count)
            .map(|index| pd(&format!("pd{index}"), ""))
            .collect::<String>()
    };
    let built = Bench::new().build(&system(63));
    assert_eq!(built.spec.threads.len(), 64);
    assert_eq!(built.shown("pd62", 2).2, Some(63));
    assert!(built.cap_in("CNode of the monitor", 10 + 62).is_some());
    assert!(!Bench::new().errors(&system(64)).is_empty());
}

#[test]
fn all_channels_of_a_domain_have_slots_of_their_own() {
    let others: String = (0..62).map(|index| pd(&format!("c{index}"), "")).collect();
    let hub = r#"<protection_domain name="hub" priority="5"><program_image path="pd"/></protection_domain>"#;
    let channels: String = (0..62)
        .map(|index| {
            format!(r#"<channel><end pd="c{index}" id="0" pp="true"/><end pd="hub" id="{index}"/></channel>"#)
        })
        .collect();
    let built = Bench::new().build(&[hub, &others, &channels].concat());
    for index in 0..62u32 {
        let (object, _, badge) = built.shown(&format!("c{index}"), 74);
        assert_eq!(
            (object, badge),
            ("endpoint of 'hub'", Some(1 << 63 | u64::from(index)))
        );
        assert_eq!(
            built.shown("hub", 10 + index).0,
            format!("notification of 'c{index}'")
        );
    }
}

#[test]
fn equal_input_gives_equal_images() {
    let bench = Bench::new();
    bench.file("blob", &[5; 5000]);
    let region = r#"<memory_region name="r" prefill_path="blob"/>"#;
    let content: String = (0..20)
        .map(|index| {
            pd(
                &format!("pd{index}"),
                r#"<map mr="r" vaddr="0x1000000" perms="r"/>"#,
            )
        })
        .collect();
    let build = || {
        let built = bench.build(&(region.to_owned() + &content));
        (built.spec.encode(), built.data)
    };
    assert!(build() == build());
}
