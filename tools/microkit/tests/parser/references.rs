// SPDX-License-Identifier: BSD-2-Clause
//! Variables, devices, channels, capabilities and domains as the parser gives them to the builder.

use microkit::model::{Bdf, CapKind, Duration, IrqSource, Perms, ScheduleEntry, SetVarValue};

use crate::valid::{RW, case, parse, pd};

#[test]
fn every_kind_of_variable_gets_its_value() {
    use SetVarValue::{Const, PrefillSize, RegionPaddr, RegionSize};
    let system = case("setvar_all_kinds_valid");
    let value = |pd: usize, symbol: &str| {
        let mut setvars = system.pds[pd].setvars.iter();
        setvars
            .find(|setvar| setvar.symbol == symbol)
            .map(|setvar| setvar.value)
    };
    for (pd, symbol, expected) in [
        (0, "fw", Const(0x200_0000)),
        (0, "fw_size", RegionSize(0)),
        (0, "fw_len", PrefillSize(0)),
        (0, "irq_id", Const(1)),
        (0, "msi_id", Const(2)),
        (0, "port_id", Const(5)),
        (0, "port", Const(0x70)),
        (0, "regs_paddr", RegionPaddr(1)),
        (0, "vcpu_id", Const(6)),
        (0, "channel_id", Const(8)),
        (1, "child_id", Const(7)),
        (1, "driver_id", Const(9)),
    ] {
        assert_eq!(value(pd, symbol), Some(expected), "{symbol}");
    }
    assert_eq!(
        system.pds.iter().map(|pd| pd.setvars.len()).sum::<usize>(),
        12
    );
}

#[test]
fn an_instruction_gives_a_variable_any_value() {
    let setvars = pd(
        "",
        "<?postern symbol=\"a\" value=\"0xffff_ffff_ffff_ffff\"?><?postern value='7' symbol='b'?>",
    );
    let setvars: Vec<_> = setvars.pds[0]
        .setvars
        .iter()
        .map(|setvar| (setvar.symbol.as_str(), setvar.value))
        .collect();
    let expected = [
        ("a", SetVarValue::Const(u64::MAX)),
        ("b", SetVarValue::Const(7)),
    ];
    assert_eq!(setvars, expected);
}

#[test]
fn spans_are_those_of_the_elements() {
    let text = "<system><memory_region name=\"m\" size=\"0x1000\"\n/><protection_domain name=\"a\">\
                <program_image path=\"a\"/><map mr=\"m\" vaddr=\"0x1000\" setvar_vaddr=\"x\" />\
                </protection_domain></system>";
    let system = parse(text);
    let pd = &system.pds[0];
    for (span, expected) in [
        (
            &system.memory_regions[0].span,
            "<memory_region name=\"m\" size=\"0x1000\"\n/>",
        ),
        (&pd.span, "<protection_domain name=\"a\">"),
        (&pd.program_image.span, "<program_image path=\"a\"/>"),
        (
            &pd.maps[0].span,
            "<map mr=\"m\" vaddr=\"0x1000\" setvar_vaddr=\"x\" />",
        ),
        (&pd.setvars[0].span, "x"),
    ] {
        assert_eq!(&text[span.clone()], expected);
    }
}

#[test]
fn interrupts_and_ports() {
    let system = pd(
        "",
        "<irq id=\"0\" pin=\"2\" vector=\"3\"/>\
         <irq id=\"1\" ioapic=\"1\" pin=\"4\" vector=\"5\" trigger=\"edge\" polarity=\"low\"/>\
         <irq id=\"2\" pcidev=\"a:1f.7\" handle=\"0x10\" vector=\"107\"/>\
         <ioport id=\"3\" addr=\"0x3f8\" size=\"8\"/><ioport id=\"4\" addr=\"0xffff\" size=\"1\"/>",
    );
    let pd = &system.pds[0];
    let ioapic = |ioapic, pin, level, active_low| IrqSource::Ioapic {
        ioapic,
        pin,
        level,
        active_low,
    };
    let bdf = Bdf {
        bus: 10,
        device: 31,
        function: 7,
    };
    let irqs: Vec<_> = pd
        .irqs
        .iter()
        .map(|irq| (irq.id, irq.vector, irq.source))
        .collect();
    let expected = [
        (0, 3, ioapic(0, 2, true, false)),
        (1, 5, ioapic(1, 4, false, true)),
        (
            2,
            107,
            IrqSource::Msi {
                pci: bdf,
                handle: 16,
            },
        ),
    ];
    assert_eq!(irqs, expected);
    let ports: Vec<_> = pd
        .ioports
        .iter()
        .map(|port| (port.id, port.first, port.last))
        .collect();
    assert_eq!(ports, [(3, 0x3f8, 0x3ff), (4, 0xffff, 0xffff)]);
}

#[test]
fn permissions() {
    let perms = |read, write, execute| Perms {
        read,
        write,
        execute,
    };
    for (letters, expected) in [
        ("r", perms(true, false, false)),
        ("rw", RW),
        ("wr", RW),
        ("rx", perms(true, false, true)),
        ("rwx", perms(true, true, true)),
        ("x", perms(true, false, true)),
    ] {
        let map = format!("<map mr=\"m\" vaddr=\"0x1000\" perms=\"{letters}\" cached=\"false\"/>");
        let system = pd("<memory_region name=\"m\" size=\"0x1000\"/>", &map);
        assert_eq!(system.pds[0].maps[0].perms, expected, "{letters}");
        assert!(!system.pds[0].maps[0].cached);
    }
    let system = case("iommu_perms_write_only");
    let iomap = &system.io_address_spaces[0].iomaps[0];
    assert_eq!(
        (iomap.perms, iomap.vaddr),
        (perms(false, true, false), 0x1000)
    );
}

#[test]
fn channels_and_io_address_spaces_refer_by_index() {
    let system = case("ch_valid");
    let [client, server] = &system.channels[0].ends;
    assert_eq!(
        (client.pd, client.id, client.pp, client.notify),
        (0, 0, true, false)
    );
    assert_eq!(
        (server.pd, server.id, server.pp, server.notify),
        (1, 61, false, true)
    );
    let system = case("iommu_same_mr_different_devices");
    let spaces = system.io_address_spaces.iter();
    let spaces: Vec<_> = spaces
        .map(|space| {
            (
                space.name.as_str(),
                space.domain_id,
                space.peripheral.device,
                space.iomaps[0].mr,
            )
        })
        .collect();
    assert_eq!(spaces, [("nic", 1, 3, 0), ("disk", 2, 4, 0)]);
}

#[test]
fn capabilities_and_machines() {
    let system = case("pd_cap_mappings_valid");
    let caps = system.pds[0].cspace.iter();
    let caps: Vec<_> = caps.map(|cap| (cap.slot, cap.kind, cap.pd)).collect();
    assert_eq!(caps, [(1, CapKind::Tcb, 0), (63, CapKind::VSpace, 1)]);
    let system = case("cap_vcpu_valid");
    assert_eq!(system.pds[0].cspace[0].kind, CapKind::Vcpu);
    let machine = system.pds[1].virtual_machine.as_ref().expect("it has one");
    assert_eq!((machine.name.as_str(), machine.vcpu_id), ("guest", 0));
}

#[test]
fn domains_have_their_own_numbers_or_the_lowest_free_ones() {
    let system = case("domain_with_ids_valid");
    let domains = system.domains.expect("it has domains");
    assert_eq!((domains.start_index, domains.index_shift), (3, 10));
    assert_eq!(domains.names.len(), 16);
    assert_eq!(
        (domains.names[15].as_str(), domains.names[0].as_str()),
        ("green", "blue")
    );
    assert_eq!(system.pds[0].domain, Some(15));
    let turn = |domain, duration| ScheduleEntry::Run { domain, duration };
    let turns = [
        turn(15, Duration::Microseconds(1000)),
        turn(0, Duration::Ticks(20)),
    ];
    let expected = [
        turns[0],
        turns[1],
        ScheduleEntry::EndMarker,
        turns[0],
        turns[1],
    ];
    assert_eq!(domains.schedule, expected);
}
