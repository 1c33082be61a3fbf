// SPDX-License-Identifier: BSD-2-Clause
//! The table of DMA grants.

use image_spec::dma_grants::{READ, Table, WRITE, paddr_offset};
use object_spec::{FillSource, Kind};

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
