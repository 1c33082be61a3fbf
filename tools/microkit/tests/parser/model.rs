// SPDX-License-Identifier: BSD-2-Clause
//! Protection domains and memory regions as the parser gives them to the builder.

use microkit::model::{BootinfoKind, PageSize, Prefill};

use crate::common::cases_dir;
use crate::valid::{RW, case, parse, pd};

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
    let text = |attributes: &str, length: usize| {
        let text = "x".repeat(length);
        let region = format!(
            "<memory_region name=\"m\"{attributes}><?postern text=\"{text}\"?></memory_region>"
        );
        pd(&region, "").memory_regions.remove(0)
    };
    assert_eq!(text("", 0x1000).size, 0x1000);
    assert_eq!(text("", 0x1001).size, 0x2000);
    assert_eq!(text(" size=\"0x3000\"", 1).size, 0x3000);
    assert_eq!(text("", 2).prefill, Some(Prefill::Text("xx".into())));
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
