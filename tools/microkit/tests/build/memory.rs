// SPDX-License-Identifier: BSD-2-Clause
//! Memory regions and their content.

use object_spec::plan::{Request, Step, Untyped, plan};
use object_spec::{BootinfoKind, FillSource, Kind, PageSize, Rights};

use crate::bench::{Bench, pd};

#[test]
fn a_region_is_one_object_however_often_it_is_mapped() {
    let region = r#"<memory_region name="ring" size="0x3000" phys_addr="0x4000000"/>"#;
    let writer = pd("w", r#"<map mr="ring" vaddr="0x1000000"/>"#);
    let reader = pd(
        "r",
        r#"<map mr="ring" vaddr="0x2000000" perms="r" cached="false"/>"#,
    );
    let built = Bench::new().build(&[region, &writer, &reader].concat());
    let ring = built.object("memory region 'ring'");
    let kind = Kind::Frames {
        count: 3,
        size: PageSize::Small,
        paddr: Some(0x400_0000),
        contiguous: false,
    };
    assert_eq!(built.spec.objects[ring as usize].kind, kind);
    let maps: Vec<_> = built
        .spec
        .mappings
        .iter()
        .filter(|map| map.frames == ring)
        .collect();
    let shown: Vec<_> = maps
        .iter()
        .map(|map| (map.vaddr, map.rights, map.cached))
        .collect();
    let expected = [
        (0x100_0000, Rights::READ_WRITE, true),
        (0x200_0000, Rights::READ, false),
    ];
    assert_eq!(shown, expected);
}

#[test]
fn regions_nobody_uses_are_left_out() {
    let region = r#"<memory_region name="spare" size="0x1000"/>"#;
    let built = Bench::new().build(&(region.to_owned() + &pd("a", "")));
    assert!(
        built
            .spec
            .objects
            .iter()
            .all(|object| object.name != "memory region 'spare'")
    );
}

#[test]
fn prefill_comes_from_files_and_from_the_machine() {
    let bench = Bench::new();
    bench.file("blob", b"hello");
    let regions = r#"<memory_region name="file" prefill_path="blob"/>
        <memory_region name="text"><?postern text='say "<hello>"'?></memory_region>
        <memory_region name="acpi" size="0x1000" prefill_bootinfo="x86_acpi_rsdp"/>"#;
    let maps = r#"<map mr="file" vaddr="0x1000000"/><map mr="acpi" vaddr="0x1001000"/>
        <map mr="text" vaddr="0x1002000"/>"#;
    let built = bench.build(&(regions.to_owned() + &pd("a", maps)));
    assert_eq!(built.memory("a", 0x100_0000, 6), b"hello\0");
    assert_eq!(built.memory("a", 0x100_2000, 14), b"say \"<hello>\"\0");
    let acpi = built.object("memory region 'acpi'");
    let fill = built
        .spec
        .fills
        .iter()
        .find(|fill| fill.frames == acpi)
        .unwrap();
    assert_eq!(fill.source, FillSource::Bootinfo(BootinfoKind::AcpiRsdp));
}

#[test]
fn a_built_system_fits_a_machine() {
    let regions = r#"<memory_region name="ram" size="0x8000000"/>
        <memory_region name="hpet" size="0x1000" phys_addr="0xfed00000"/>"#;
    let maps =
        r#"<map mr="ram" vaddr="0x10000000"/><map mr="hpet" vaddr="0x8000000" cached="false"/>"#;
    let built = Bench::new().build(&(regions.to_owned() + &pd("a", maps)));
    let untyped = |paddr, size_bits, device| Untyped {
        paddr,
        size_bits,
        device,
    };
    let machine = [
        untyped(0x100_0000, 24, false),
        untyped(0x800_0000, 27, false),
        untyped(0xfed0_0000, 20, true),
    ];
    let size_bits = |kind: &Kind| match kind {
        Kind::Frames { size, .. } => size.bits(),
        Kind::Endpoint => 4,
        Kind::Notification => 5,
        Kind::Tcb => 11,
        Kind::CNode { size_bits } => size_bits + 5,
        _ => 12,
    };
    let requests: Vec<Request> = built
        .spec
        .objects
        .iter()
        .map(|object| match object.kind {
            Kind::Frames {
                count,
                size,
                paddr,
                contiguous,
            } => Request {
                size_bits: size.bits(),
                count,
                paddr,
                contiguous,
            },
            ref kind => Request {
                size_bits: size_bits(kind),
                count: kind.slots(),
                paddr: None,
                contiguous: false,
            },
        })
        .collect();
    let steps = plan(&machine, &requests).unwrap();
    let hpet = built.object("memory region 'hpet'") as usize;
    assert!(steps.iter().any(|step| matches!(
        step,
        Step::Make { request, paddr: 0xfed0_0000, .. } if *request == hpet
    )));
}
