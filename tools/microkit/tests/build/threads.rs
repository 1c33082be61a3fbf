// SPDX-License-Identifier: BSD-2-Clause
//! Threads and when they run.

use object_spec::ScheduleEntry;

use crate::bench::Bench;

fn pd(name: &str, attributes: &str) -> String {
    format!(
        r#"<protection_domain name="{name}" {attributes}><program_image path="pd"/></protection_domain>"#
    )
}

#[test]
fn threads_start_by_falling_priority() {
    let content = pd("low", r#"priority="1""#)
        + &pd("high", r#"priority="254""#)
        + &pd("first", r#"priority="9""#)
        + &pd("second", r#"priority="9""#);
    let built = Bench::new().build(&content);
    let order: Vec<_> = built
        .spec
        .threads
        .iter()
        .map(|thread| (thread.name.as_str(), thread.priority))
        .collect();
    let expected = [
        ("monitor", 255),
        ("high", 254),
        ("first", 9),
        ("second", 9),
        ("low", 1),
    ];
    assert_eq!(order, expected);
}

#[test]
fn a_thread_starts_where_its_program_does() {
    let built = Bench::new().build(&pd("a", r#"stack_size="0x4000""#));
    let thread = built
        .spec
        .threads
        .iter()
        .find(|thread| thread.name == "a")
        .unwrap();
    assert_eq!(
        (thread.entry, thread.stack_pointer),
        (0x20_0010, 0x7fff_ffff_d000)
    );
    assert_eq!(
        (thread.fault_endpoint, thread.core, thread.domain),
        (2, 0, 0)
    );
    assert_eq!(
        thread.notification,
        Some(built.object("notification of 'a'"))
    );
    assert_eq!(thread.ipc_buffer, built.object("IPC buffer of 'a'"));
    let stack = built.object("stack of 'a'");
    let map = built
        .spec
        .mappings
        .iter()
        .find(|map| map.frames == stack)
        .unwrap();
    assert_eq!((map.vaddr, map.count), (0x7fff_ffff_9000, 4));
    let buffer = built
        .spec
        .mappings
        .iter()
        .find(|map| map.frames == thread.ipc_buffer)
        .unwrap();
    assert_eq!(
        (buffer.vaddr, thread.ipc_buffer_vaddr),
        (0x7fff_ffff_e000, 0x7fff_ffff_e000)
    );
    // The page between them is a guard.
    assert!(
        built
            .spec
            .mappings
            .iter()
            .all(|map| map.vaddr != 0x7fff_ffff_d000)
    );
}

#[test]
fn a_schedule_is_in_ticks_and_never_too_short() {
    let domains = r#"<domains>
        <domain name="one"/><domain name="two"/>
        <domain_schedule start_index="1" index_shift="2">
            <schedule_entry domain="one" duration="4001 us"/>
            <schedule_entry domain="two" duration="7 ticks"/>
            <schedule_end_marker/>
        </domain_schedule></domains>"#;
    let content = domains.to_owned() + &pd("a", r#"domain="one""#) + &pd("b", r#"domain="two""#);
    let built = Bench::new().build(&content);
    let schedule = built.spec.schedule.as_ref().unwrap();
    assert_eq!((schedule.shift, schedule.start), (2, 1));
    let ids: Vec<u8> = ["a", "b"]
        .map(|name| {
            built
                .spec
                .threads
                .iter()
                .find(|thread| thread.name == name)
                .unwrap()
                .domain
        })
        .into();
    let entry = |domain, ticks| ScheduleEntry { domain, ticks };
    assert_eq!(
        schedule.entries,
        [entry(ids[0], 3), entry(ids[1], 7), entry(0, 0)]
    );
    assert_ne!(ids[0], ids[1]);
}
