// SPDX-License-Identifier: BSD-2-Clause
//! The table of DMA grants.

use image_spec::dma_grants::{
    FLAGS_OFFSET, IOAPIC_PIN, MSI, READ, TABLES_PADDR_OFFSET, Table, WRITE, paddr_offset,
};
use object_spec::{FillSource, IrqSource, Kind};

use crate::bench::{Bench, pd};

const REGIONS: &str = r#"<memory_region name="dma_grants" size="0x1000"/>
    <memory_region name="ring" size="0x2000"/>
    <memory_region name="buffers" size="0x3000" phys_addr="0x5000000"/>"#;
const SPACES: &str = r#"<io_address_space name="second" peripheral_id="03:10.1" domain_id="5">
        <iomap mr="ring" iovaddr="0x10000" perms="w"/><iomap mr="buffers" iovaddr="0x0" perms="rw"/>
    </io_address_space>
    <io_address_space name="first" peripheral_id="00:02.0" domain_id="9">
        <iomap mr="buffers" iovaddr="0x7ffffff000" perms="r"/>
    </io_address_space>"#;

fn manager(perms: &str) -> String {
    pd(
        "iommu",
        &format!(r#"<map mr="dma_grants" vaddr="0x1000000" perms="{perms}"/>"#),
    )
}

#[test]
fn io_address_spaces_become_a_table() {
    let driver = pd("nic", r#"<map mr="ring" vaddr="0x1000000"/>"#);
    // The last page of the description's IOVAs takes one page only.
    let spaces = SPACES.replace("0x7ffffff000", "0x7ffffc000");
    let built = Bench::new().build(&[REGIONS, &manager("r"), &driver, &spaces].concat());
    let bytes = built.memory("iommu", 0x100_0000, 0x1000);
    let table = Table::parse(&bytes).unwrap();
    let devices: Vec<_> = table
        .devices()
        .iter()
        .map(|device| (device.name(), device.requester.get(), device.domain.get()))
        .collect();
    assert_eq!(devices, [("first", 0x0010, 9), ("second", 0x0381, 5)]);
    let grants: Vec<_> = table
        .grants(&table.devices()[1])
        .iter()
        .map(|grant| (grant.iova.get(), grant.len.get(), grant.rights.get()))
        .collect();
    assert_eq!(
        grants,
        [(0, 0x3000, READ | WRITE), (0x1_0000, 0x2000, WRITE)]
    );

    // Physical addresses come when the system starts.
    let region = built.object("memory region 'dma_grants'");
    let ring = built.object("memory region 'ring'");
    let buffers = built.object("memory region 'buffers'");
    let addresses: Vec<_> = built
        .spec
        .fills
        .iter()
        .filter_map(|fill| match fill.source {
            FillSource::PhysicalAddress(of) if fill.frames == region => Some((fill.offset, of)),
            _ => None,
        })
        .collect();
    let at = |index| paddr_offset(2, index) as u64;
    assert_eq!(
        addresses,
        [(at(0), buffers), (at(1), buffers), (at(2), ring)]
    );
    let kind = |id: u32| built.spec.objects[id as usize].kind.clone();
    assert!(matches!(
        kind(ring),
        Kind::Frames {
            contiguous: true,
            paddr: None,
            ..
        }
    ));
    assert!(matches!(
        kind(buffers),
        Kind::Frames {
            contiguous: false,
            paddr: Some(_),
            ..
        }
    ));
}

const TABLES: &str = r#"<memory_region name="dma_grants" size="0x1000"/>
    <memory_region name="iommu_tables" size="0x200000"/>
    <memory_region name="acpi_dmar" size="0x1000"/>"#;
const OWNER: &str = r#"<map mr="dma_grants" vaddr="0x1000000" perms="r"/>
    <map mr="iommu_tables" vaddr="0x2000000"/><map mr="acpi_dmar" vaddr="0x1001000" perms="r"/>
    <irq id="0" pcidev="00:00.0" handle="0" vector="0"/>"#;

#[test]
fn every_interrupt_has_an_entry_but_those_of_the_owner() {
    let driver = pd(
        "driver",
        r#"<irq id="0" pin="20" vector="20" ioapic="1"/>
        <irq id="1" pcidev="00:13.0" handle="1" vector="107"/>
        <irq id="2" pin="4" vector="4" trigger="edge"/>
        <irq id="3" pcidev="00:02.0" handle="0" vector="5"/>"#,
    );
    let built = Bench::new().build(&[TABLES, &pd("iommu", OWNER), &driver].concat());
    let bytes = built.memory("iommu", 0x100_0000, 0x1000);
    let table = Table::parse(&bytes).unwrap();
    let interrupts: Vec<_> = table
        .interrupts()
        .iter()
        .map(|i| {
            let kind = (i.kind, i.source.get(), i.level, i.ioapic, i.pin);
            (i.index.get(), i.vector, kind)
        })
        .collect();
    assert_eq!(
        interrupts,
        [
            (0, 0x35, (MSI, 0x10, 0, 0, 0)),
            (1, 0x9b, (MSI, 0x98, 0, 0, 0)),
            (2, 0x44, (IOAPIC_PIN, 0, 1, 1, 20)),
            (3, 0x34, (IOAPIC_PIN, 0, 0, 0, 4)),
        ]
    );
    let irte = |name: &str| match built.spec.objects[built.object(name) as usize].kind {
        Kind::IrqHandler {
            source: IrqSource::Ioapic { irte, .. },
            ..
        } => irte,
        _ => panic!("{name} is no pin"),
    };
    assert_eq!(irte("irq 0 of 'driver'"), Some(2));
    assert_eq!(irte("irq 2 of 'driver'"), Some(3));
}

#[test]
fn without_an_owner_of_the_iommu_nothing_is_remapped() {
    let region = r#"<memory_region name="dma_grants" size="0x1000"/>"#;
    let built = Bench::new()
        .build(&(region.to_owned() + &pd("driver", r#"<irq id="0" pin="2" vector="0"/>"#)));
    assert!(matches!(
        built.spec.objects[built.object("irq 0 of 'driver'") as usize].kind,
        Kind::IrqHandler {
            source: IrqSource::Ioapic { irte: None, .. },
            ..
        }
    ));
}

#[test]
fn the_owner_of_the_iommu_is_told_of_the_machine_at_boot() {
    let built = Bench::new().build(&[TABLES, &pd("iommu", OWNER)].concat());
    let region = |name: &str| built.object(&format!("memory region '{name}'"));
    let (grants, tables, dmar) = (
        region("dma_grants"),
        region("iommu_tables"),
        region("acpi_dmar"),
    );
    let late = |frames, offset| {
        let mut fills = built.spec.fills.iter();
        fills
            .find(|fill| {
                (fill.frames, fill.offset) == (frames, offset as u64)
                    && !matches!(fill.source, FillSource::Data { .. })
            })
            .map(|fill| fill.source.clone())
    };
    assert_eq!(late(dmar, 0), Some(FillSource::AcpiDmar));
    assert_eq!(
        late(grants, FLAGS_OFFSET),
        Some(FillSource::IoapicRemapped(dmar))
    );
    assert_eq!(
        late(grants, TABLES_PADDR_OFFSET),
        Some(FillSource::PhysicalAddress(tables))
    );
    assert!(matches!(
        built.spec.objects[tables as usize].kind,
        Kind::Frames {
            contiguous: true,
            ..
        }
    ));
    let bytes = built.memory("iommu", 0x100_0000, 0x1000);
    // Its place is not known yet.
    assert_eq!(Table::parse(&bytes).unwrap().tables(), 0..0x20_0000);
}

#[test]
fn a_file_may_stand_in_for_the_acpi_table() {
    let bench = Bench::new();
    bench.file("dmar.bin", b"broken");
    let regions = r#"<memory_region name="dma_grants" size="0x1000"/>
        <memory_region name="acpi_dmar" prefill_path="dmar.bin"/>"#;
    let maps = r#"<map mr="dma_grants" vaddr="0x1000000" perms="r"/>
        <map mr="acpi_dmar" vaddr="0x1001000" perms="r"/>"#;
    let built = bench.build(&[regions, &pd("iommu", maps)].concat());
    assert_eq!(built.memory("iommu", 0x100_1000, 8), *b"broken\0\0");
    let sources: Vec<_> = built.spec.fills.iter().map(|fill| &fill.source).collect();
    assert!(!sources.contains(&&FillSource::AcpiDmar));
    let dmar = built.object("memory region 'acpi_dmar'");
    assert!(sources.contains(&&FillSource::IoapicRemapped(dmar)));

    let bootinfo = regions.replace(
        "prefill_path=\"dmar.bin\"",
        "prefill_bootinfo=\"x86_acpi_rsdp\"",
    );
    let errors = bench.errors(&[&bootinfo[..], &pd("iommu", maps)].concat());
    assert!(
        errors[0].contains("'acpi_dmar' is filled with something else"),
        "{errors:?}"
    );
    let filled = regions.replace("size=\"0x1000\"", "prefill_path=\"dmar.bin\"");
    let errors = bench.errors(&[&filled[..], &pd("iommu", maps)].concat());
    assert!(
        errors[0].contains("'dma_grants' gets the DMA grants and is prefilled, too"),
        "{errors:?}"
    );
    let writable = maps.replace("0x1001000\" perms=\"r\"", "0x1001000\" perms=\"rw\"");
    let errors = bench.errors(&[regions, &pd("iommu", &writable)].concat());
    assert!(
        errors[0].contains("'acpi_dmar' holds the ACPI table DMAR and is mapped writable"),
        "{errors:?}"
    );
}

#[test]
fn nobody_else_reaches_the_iommus_tables() {
    let other = pd(
        "other",
        r#"<map mr="iommu_tables" vaddr="0x2000000" perms="r"/>"#,
    );
    let device = r#"<io_address_space name="d" peripheral_id="0:2.0" domain_id="1"><iomap mr="iommu_tables" iovaddr="0x2000000" perms="r"/></io_address_space>"#;
    let errors = Bench::new().errors(&[TABLES, &pd("iommu", OWNER), &other, device].concat());
    assert_eq!(errors.len(), 2, "{errors:?}");
    for error in errors {
        assert!(
            error.contains("'iommu_tables' holds the IOMMU's tables and is mapped here"),
            "{error}"
        );
    }
}

#[test]
fn a_system_without_devices_has_an_empty_table() {
    let region = r#"<memory_region name="dma_grants" size="0x1000"/>"#;
    let built = Bench::new().build(&(region.to_owned() + &manager("r")));
    let bytes = built.memory("iommu", 0x100_0000, 0x1000);
    assert!(Table::parse(&bytes).unwrap().devices().is_empty());
}

#[test]
fn grants_that_nobody_would_enforce_are_refused() {
    let space = r#"<io_address_space name="x" peripheral_id="00:02.0" domain_id="1"/>"#;
    let errors = Bench::new().errors(&(pd("a", "") + space));
    assert_eq!(errors.len(), 1, "{errors:?}");
    assert!(errors[0].contains("'x' is enforced by nobody: there is no memory region"));
    let region = r#"<memory_region name="dma_grants" size="0x1000"/>"#;
    let errors = Bench::new().errors(&[region, &pd("a", ""), space].concat());
    assert!(
        errors[0].contains("nobody maps memory region 'dma_grants'"),
        "{errors:?}"
    );
}

#[test]
fn the_table_is_written_by_nobody_and_fits() {
    let region = r#"<memory_region name="dma_grants" size="0x1000"/>"#;
    let errors = Bench::new().errors(&(region.to_owned() + &manager("rw")));
    assert_eq!(errors.len(), 1);
    assert!(
        errors[0].contains("holds the DMA grants and is mapped writable"),
        "{errors:?}"
    );
    let many: String = (0..70)
        .map(|index| {
            format!(
                r#"<io_address_space name="d{index}" peripheral_id="{index:02x}:00.0" domain_id="{}"/>"#,
                index + 1
            )
        })
        .collect();
    let errors = Bench::new().errors(&[region, &manager("r"), &many].concat());
    assert!(
        errors[0].contains("has 0x1000 bytes, the DMA grants need 0x11a8"),
        "{errors:?}"
    );
}
