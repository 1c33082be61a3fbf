// SPDX-License-Identifier: BSD-2-Clause
//! Capabilities that come from channels, children, interrupts, I/O ports and `<cspace>`.

use object_spec::{CapData, IrqSource, Kind, Rights};

use crate::bench::{Bench, pd};
use crate::fixture::DATA;

const WRITE: u8 = 1;
const READ: u8 = 2;
const CALL: u8 = 5;
const ALL: u8 = 7;

#[test]
fn every_domain_has_its_basics() {
    let built = Bench::new().build(&(pd("a", "") + &pd("b", "")));
    assert_eq!(built.shown("b", 1), ("notification of 'b'", READ, None));
    assert_eq!(
        built.shown("a", 2),
        ("endpoint of the monitor", CALL, Some(1))
    );
    assert_eq!(
        built.shown("b", 2),
        ("endpoint of the monitor", CALL, Some(2))
    );
    assert_eq!(built.shown("b", 3), ("protection domain 'b'", ALL, None));
    assert!((4..512).all(|slot| built.cap("b", slot).is_none()));
    let main = built.cap_in("root CNode of 'b'", 0).unwrap();
    assert_eq!(
        (main.object, main.data),
        (built.object("CNode of 'b'"), CapData::Guard(49))
    );
    let size = |name: &str| built.spec.objects[built.object(name) as usize].kind.clone();
    assert_eq!(size("root CNode of 'b'"), Kind::CNode { size_bits: 6 });
    assert_eq!(size("CNode of 'b'"), Kind::CNode { size_bits: 9 });
}

#[test]
fn a_channel_gives_each_end_what_it_may() {
    let server = r#"<protection_domain name="server" priority="9"><program_image path="pd"/></protection_domain>"#;
    let client = pd("client", "");
    let channel = r#"<channel><end pd="client" id="3" pp="true"/><end pd="server" id="61" notify="false"/></channel>"#;
    let built = Bench::new().build(&[server, &client, channel].concat());
    assert_eq!(
        built.shown("client", 10 + 3),
        ("notification of 'server'", WRITE, Some(1 << 61))
    );
    assert_eq!(
        built.shown("client", 74 + 3),
        ("endpoint of 'server'", CALL, Some(1 << 63 | 61))
    );
    assert!(built.cap("server", 10 + 61).is_none());
    assert!(built.cap("server", 74 + 61).is_none());
    assert_eq!(
        built.shown("server", 1),
        ("endpoint of 'server'", READ, None)
    );
    assert_eq!(
        built.shown("client", 1),
        ("notification of 'client'", READ, None)
    );
    assert_eq!(built.word("client", DATA + 0x50), 1 << 3);
    assert_eq!(built.word("client", DATA + 0x58), 1 << 3);
    assert_eq!(built.word("server", DATA + 0x50), 0);
    assert_eq!(built.word("server", DATA + 0x58), 0);
}

#[test]
fn a_child_belongs_to_its_parent() {
    let child =
        r#"<protection_domain name="child" id="7"><program_image path="pd"/></protection_domain>"#;
    let built = Bench::new().build(&pd("parent", child));
    assert_eq!(
        built.shown("parent", 202 + 7),
        ("thread of 'child'", ALL, None)
    );
    assert_eq!(
        built.shown("parent", 1),
        ("endpoint of 'parent'", READ, None)
    );
    assert_eq!(
        built.shown("child", 2),
        ("endpoint of 'parent'", CALL, Some(1 << 62 | 7))
    );
    assert_eq!(
        built.shown("parent", 2),
        ("endpoint of the monitor", CALL, Some(1))
    );
}

#[test]
fn interrupts_signal_their_channel() {
    let irqs = r#"<irq id="0" pin="2" vector="0" trigger="edge" polarity="low"/>
        <irq id="61" pcidev="1f:1f.7" handle="5" vector="107"/>"#;
    let built = Bench::new().build(&pd("driver", irqs));
    assert_eq!(built.shown("driver", 138), ("irq 0 of 'driver'", ALL, None));
    assert_eq!(
        built.shown("driver", 138 + 61),
        ("irq 61 of 'driver'", ALL, None)
    );
    assert_eq!(built.word("driver", DATA + 0x48), 1 << 61 | 1);
    let kind = |name: &str| built.spec.objects[built.object(name) as usize].kind.clone();
    let source = IrqSource::Ioapic {
        ioapic: 0,
        pin: 2,
        level: false,
        active_low: true,
        irte: None,
    };
    assert_eq!(
        kind("irq 0 of 'driver'"),
        Kind::IrqHandler { vector: 0, source }
    );
    let source = IrqSource::Msi {
        bus: 0x1f,
        device: 0x1f,
        function: 7,
        handle: 5,
    };
    assert_eq!(
        kind("irq 61 of 'driver'"),
        Kind::IrqHandler {
            vector: 107,
            source
        }
    );
    let badges: Vec<u64> = built.spec.interrupts.iter().map(|irq| irq.badge).collect();
    assert_eq!(badges, [1, 1 << 61]);
    let notification = built.object("notification of 'driver'");
    assert!(
        built
            .spec
            .interrupts
            .iter()
            .all(|irq| irq.notification == notification)
    );
}

#[test]
fn io_ports_are_ranges() {
    let built = Bench::new().build(&pd("uart", r#"<ioport id="5" addr="0x3f8" size="8"/>"#));
    assert_eq!(
        built.shown("uart", 394 + 5),
        ("ioport 5 of 'uart'", ALL, None)
    );
    let id = built.object("ioport 5 of 'uart'");
    assert_eq!(
        built.spec.objects[id as usize].kind,
        Kind::IoPorts {
            first: 0x3f8,
            last: 0x3ff
        }
    );
    assert_eq!(built.word("uart", DATA + 0x60), 1 << 5);
}

#[test]
fn user_slots_are_in_the_root_cnode() {
    let caps = r#"<cspace><cap_tcb slot="1" pd="b"/><cap_vspace slot="63" pd="a"/><cap_vcpu slot="2" pd="vmm"/></cspace>"#;
    let vm = r#"<virtual_machine name="guest"><vcpu id="0"/></virtual_machine>"#;
    let built = Bench::new().build(&(pd("a", caps) + &pd("b", "") + &pd("vmm", vm)));
    let at = |slot| built.cap_in("root CNode of 'a'", slot).unwrap();
    assert_eq!(at(1).object, built.object("thread of 'b'"));
    assert_eq!(at(63).object, built.object("protection domain 'a'"));
    assert_eq!(at(2).object, built.object("VCPU of 'guest'"));
    assert_eq!(at(2).rights, Rights::WRITE);
}

#[test]
fn a_virtual_machine_runs_on_its_vmms_thread() {
    let region = r#"<memory_region name="ram" size="0x400000" page_size="0x200000"/>"#;
    let vm = r#"<map mr="ram" vaddr="0x40000000"/>
        <virtual_machine name="guest"><vcpu id="4"/><map mr="ram" vaddr="0x0"/></virtual_machine>"#;
    let built = Bench::new().build(&(region.to_owned() + &pd("vmm", vm)));
    assert_eq!(built.shown("vmm", 330 + 4), ("VCPU of 'guest'", ALL, None));
    assert_eq!(built.shown("vmm", 1), ("endpoint of 'vmm'", READ, None));
    let thread = built
        .spec
        .threads
        .iter()
        .find(|thread| thread.name == "vmm")
        .unwrap();
    let guest = built.object("virtual machine 'guest'");
    assert_eq!(thread.vcpu, Some((built.object("VCPU of 'guest'"), guest)));
    let maps: Vec<_> = built
        .spec
        .mappings
        .iter()
        .filter(|map| map.space == guest)
        .collect();
    assert_eq!((maps.len(), maps[0].vaddr, maps[0].count), (1, 0, 2));
    let tables = built.spec.objects.iter().filter(
        |object| matches!(object.kind, Kind::Tables { space, count: 1, .. } if space == guest),
    );
    // Large pages need no page table.
    assert_eq!(tables.count(), 2);
}
