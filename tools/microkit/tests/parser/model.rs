// SPDX-License-Identifier: BSD-2-Clause
//! What the parser makes of valid descriptions: the values, not only that it accepts them.

use crate::common::{cases_dir, kernel_config};
use microkit::model::{
    Bdf, BootinfoKind, CapKind, Duration, IrqSource, PageSize, Perms, Prefill, ScheduleEntry,
    SetVarValue, System,
};
use microkit::sdf;

fn parse(text: &str) -> System {
    let search = [cases_dir().join("prefill")];
    match sdf::parse("model.system", text, &kernel_config(), &search) {
        Ok((system, _)) => system,
        Err(errors) => panic!("{}", errors[0].one_line()),
    }
}

/// A conformance case that is valid.
fn case(name: &str) -> System {
    let path = cases_dir().join(name).with_extension("system");
    parse(&std::fs::read_to_string(path).expect("the case exists"))
}

/// A system of one protection domain with this content.
fn pd(regions: &str, content: &str) -> System {
    parse(&format!(
        "<system>{regions}<protection_domain name=\"a\"><program_image path=\"bin/a\"/>{content}\
         </protection_domain></system>"
    ))
}

const RW: Perms = Perms {
    read: true,
    write: true,
    execute: false,
};

#[test]
fn what_is_left_out_has_upstreams_defaults() {
    let system = pd(
        "<memory_region name=\"m\" size=\"0x1000\"/>",
        "<map mr=\"m\" vaddr=\"0x1000\"/>",
    );
    let pd = &system.pds[0];
    assert_eq!((pd.priority, pd.cpu, pd.stack_size), (0, 0, 0x2000));
    assert!(pd.fpu && !pd.passive && pd.parent.is_none() && pd.domain.is_none());
    assert_eq!(pd.restarts, 0);
    assert_eq!(pd.program_image.path.to_str(), Some("bin/a"));
    assert_eq!(pd.program_image.path_for_symbols, None);
    assert_eq!(pd.maps[0].perms, RW);
    assert!(pd.maps[0].cached);
    assert!(system.domains.is_none());
}

#[test]
fn attributes_arrive() {
    let system = parse(
        "<system><protection_domain name=\"p\" priority=\"0xfe\" stack_size=\"0x10_000\" fpu=\"false\">\
         <program_image path=\"p\" path_for_symbols=\"p.debug\"/><?postern restart=\"5\"?>\
         </protection_domain></system>",
    );
    let pd = &system.pds[0];
    assert_eq!((pd.priority, pd.stack_size, pd.fpu), (254, 0x10000, false));
    assert_eq!(pd.restarts, 5);
    let symbols = pd.program_image.path_for_symbols.as_deref();
    assert_eq!(symbols.and_then(|path| path.to_str()), Some("p.debug"));
}

#[test]
fn parents_come_before_their_children() {
    let image = "<program_image path=\"x\"/>";
    let system = parse(&format!(
        "<system><protection_domain name=\"a\">{image}\
         <protection_domain name=\"b\" id=\"3\">{image}<protection_domain name=\"c\" id=\"0\">{image}\
         </protection_domain></protection_domain>\
         <protection_domain name=\"d\" id=\"61\">{image}</protection_domain></protection_domain>\
         <protection_domain name=\"e\">{image}</protection_domain></system>"
    ));
    let tree: Vec<_> = system
        .pds
        .iter()
        .map(|pd| {
            let parent = pd
                .parent
                .as_ref()
                .map(|parent| (parent.pd, parent.child_id));
            (pd.name.as_str(), parent)
        })
        .collect();
    let expected = [
        ("a", None),
        ("b", Some((0, 3))),
        ("c", Some((1, 0))),
        ("d", Some((0, 61))),
        ("e", None),
    ];
    assert_eq!(tree, expected);
}

#[test]
fn large_pages_are_taken_where_everything_allows_them() {
    let map = |address: u64| format!("<map mr=\"m\" vaddr=\"{address:#x}\"/>");
    let aligned = map(0x4000_0000);
    let io = "<io_address_space name=\"i\" peripheral_id=\"0:0.0\" domain_id=\"1\">\
              <iomap mr=\"m\" iovaddr=\"0\"/></io_address_space>";
    let guest = |address: u64| {
        let map = map(address);
        format!("<virtual_machine name=\"g\"><vcpu id=\"0\"/>{map}</virtual_machine>")
    };
    let region = |attributes: &str| format!("<memory_region name=\"m\" {attributes}/>");
    let size = "size=\"0x400000\"";
    for (regions, content, expected) in [
        (region(size), aligned.clone(), PageSize::Large),
        (
            region("size=\"0x401000\""),
            aligned.clone(),
            PageSize::Small,
        ),
        (region(size), map(0x4000_1000), PageSize::Small),
        (
            region(size),
            aligned.clone() + &map(0x5000_1000),
            PageSize::Small,
        ),
        (region(size), guest(0x20_0000), PageSize::Large),
        (
            region(size),
            aligned.clone() + &guest(0x1000),
            PageSize::Small,
        ),
        (
            region(&format!("{size} phys_addr=\"0x1000000\"")),
            aligned.clone(),
            PageSize::Large,
        ),
        (
            region(&format!("{size} phys_addr=\"0x1001000\"")),
            aligned.clone(),
            PageSize::Small,
        ),
        (
            region(&format!("{size} page_size=\"0x1000\"")),
            aligned.clone(),
            PageSize::Small,
        ),
        (
            region(&format!("{size} page_size=\"0x200000\"")),
            aligned.clone(),
            PageSize::Large,
        ),
        (region(size) + io, aligned.clone(), PageSize::Small),
    ] {
        let system = pd(&regions, &content);
        assert_eq!(
            system.memory_regions[0].page_size, expected,
            "{regions} {content}"
        );
    }
}

#[test]
fn prefilled_regions_have_the_size_of_what_fills_them() {
    for (attributes, size) in [
        ("prefill_path=\"5000-bytes.bin\"", 0x2000),
        ("prefill_path=\"4096-bytes.bin\"", 0x1000),
        (
            "prefill_path=\"5000-bytes.bin\" page_size=\"0x200000\"",
            0x20_0000,
        ),
        ("prefill_path=\"5000-bytes.bin\" size=\"0x10000\"", 0x1_0000),
        ("prefill_bootinfo=\"x86_mbmmap\"", 0x1000),
        ("prefill_bootinfo=\"x86_vbe\" size=\"0x3000\"", 0x3000),
    ] {
        let region = format!("<memory_region name=\"m\" {attributes}/>");
        assert_eq!(pd(&region, "").memory_regions[0].size, size, "{attributes}");
    }
    let system = case("mr_prefill_no_size_valid");
    let expected = Prefill::File {
        path: cases_dir().join("prefill/5000-bytes.bin"),
        len: 5000,
    };
    assert_eq!(system.memory_regions[0].prefill, Some(expected));
    let kinds: Vec<_> = case("mr_prefill_bootinfo_valid")
        .memory_regions
        .into_iter()
        .map(|region| region.prefill)
        .collect();
    let expected = [
        BootinfoKind::Vbe,
        BootinfoKind::MemoryMap,
        BootinfoKind::AcpiRsdp,
        BootinfoKind::FrameBuffer,
        BootinfoKind::TscFrequency,
        BootinfoKind::Fdt,
    ];
    assert_eq!(kinds, expected.map(|kind| Some(Prefill::Bootinfo(kind))));
}

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
