// SPDX-License-Identifier: BSD-2-Clause
//! The table of VF grants.

use image_spec::vf_grants::{ANTI_SPOOF, IGB, NVME, PROMISCUOUS, Table};
use microkit::model::System;
use microkit::{report, sdf};

use crate::bench::{Bench, CONFIG, pd};

const REGIONS: &str = r#"<memory_region name="dma_grants" size="0x1000"/>
    <memory_region name="vf_grants" size="0x1000"/><memory_region name="ring" size="0x2000"/>"#;
const MAP: &str = r#"<map mr="vf_grants" vaddr="0x1000000" perms="r"/>"#;
const FUNCTIONS: &str = r#"
    <?postern function="00:04.0" driver="nvme" vfs="3" bar0="0xc0300000" vf_bar0="0xc0400000"?>
    <?postern function="00:03.0" driver="igb" vfs="8" bar0="0xc0000000" bar3="0xc0020000"
              vf_bar0="0xc0100000" vf_bar3="0xc0200000"?>"#;
const OTHERS: &str = r#"
    <io_address_space name="nic" peripheral_id="00:13.2" domain_id="1">
        <?postern owner="net" function="00:03.0" vf="1" channel="9" mac="02:00:00:00:00:0a" vlan="5"
                  rate="100" multicast="7" promiscuous="true" anti_spoof="false" max_frame="9000"?>
        <iomap mr="ring" iovaddr="0x2000000"/>
    </io_address_space>
    <io_address_space name="other" peripheral_id="00:13.0" domain_id="2">
        <?postern owner="peer" function="00:03.0" vf="0"?>
    </io_address_space>
    <io_address_space name="disk" peripheral_id="00:04.3" domain_id="3">
        <?postern owner="net" function="00:04.0" vf="2" channel="8" namespace="4"?>
    </io_address_space>
    <channel><end pd="net" id="0" pp="true"/><end pd="pf" id="9"/></channel>
    <channel><end pd="pf" id="8"/><end pd="net" id="1" pp="true"/></channel>
    <channel><end pd="pf" id="7"/><end pd="peer" id="1" pp="true"/></channel>"#;

/// A whole description, whose PF manager has this content.
fn description(manager: &str) -> String {
    let manager =
        pd("pf", manager).replace("<protection_domain", "<protection_domain priority=\"9\"");
    let irqs = r#"<irq id="10" pcidev="00:13.2" handle="65535" vector="40"/>
        <irq id="9" pcidev="00:13.2" handle="0" vector="41"/><map mr="ring" vaddr="0x2000000"/>"#;
    let iommu = pd(
        "iommu",
        r#"<map mr="dma_grants" vaddr="0x1000000" perms="r"/>"#,
    );
    [
        REGIONS,
        &iommu,
        &manager,
        &pd("net", irqs),
        &pd("peer", ""),
        OTHERS,
    ]
    .concat()
}

#[test]
fn instructions_become_a_table() {
    let built = Bench::new().build(&description(&[MAP, FUNCTIONS].concat()));
    let bytes = built.memory("pf", 0x100_0000, 0x1000);
    let table = Table::parse(&bytes).unwrap();
    let functions: Vec<_> = table
        .functions()
        .iter()
        .map(|f| {
            (
                f.requester.get(),
                f.driver,
                f.vfs,
                f.bars.map(u64::from),
                f.vf_bars.map(u64::from),
            )
        })
        .collect();
    assert_eq!(
        functions,
        [
            (
                0x18,
                IGB,
                8,
                [0xc000_0000, 0, 0, 0xc002_0000, 0, 0],
                [0xc010_0000, 0, 0, 0xc020_0000, 0, 0]
            ),
            (
                0x20,
                NVME,
                3,
                [0xc030_0000, 0, 0, 0, 0, 0],
                [0xc040_0000, 0, 0, 0, 0, 0]
            ),
        ]
    );
    let grants: Vec<_> = table
        .grants()
        .iter()
        .map(|g| {
            (
                g.requester.get(),
                g.function,
                g.vf,
                g.channel,
                g.owner(),
                g.namespace.get(),
            )
        })
        .collect();
    assert_eq!(
        grants,
        [
            (0x98, 0, 0, 7, "peer", 0),
            (0x9a, 0, 1, 9, "net", 0),
            (0x23, 1, 2, 8, "net", 4)
        ]
    );
    let net = table.grant_of_requester(0x9a).unwrap();
    assert_eq!(net.mac(), Some([2, 0, 0, 0, 0, 10]));
    assert_eq!(
        (
            net.vlan.get(),
            net.rate.get(),
            net.multicast,
            net.max_frame.get()
        ),
        (5, 100, 7, 9000)
    );
    assert!(net.has(PROMISCUOUS) && !net.has(ANTI_SPOOF));
    assert_eq!(net.handles().collect::<Vec<_>>(), [65535, 0]);
    // What is left out is as strict as can be.
    let peer = table.grant_of_requester(0x98).unwrap();
    assert_eq!((peer.mac(), peer.vlan.get(), peer.rate.get()), (None, 0, 0));
    assert_eq!((peer.multicast, peer.max_frame.get()), (30, 1522));
    assert!(peer.has(ANTI_SPOOF) && !peer.has(PROMISCUOUS));
    assert_eq!(peer.handles().count(), 0);
}

#[test]
fn the_report_tells_of_devices() {
    let bench = Bench::new();
    let text = description(&[MAP, FUNCTIONS].concat());
    let built = bench.build(&text);
    let config = microkit::config::KernelConfig::parse(CONFIG).unwrap();
    let text = format!("<system>{text}</system>");
    let (system, _): (System, _) = sdf::parse("test.system", &text, &config, &[]).unwrap();
    let report = report::report(&built.spec, &system);
    for part in [
        "- physical function 00:03.0 of 'pf'\n\t* Driver: igb\n\t* Virtual functions: 8\n\t* BAR 0: 0xc0000000\n\t* BAR 3: 0xc0020000\n",
        "- io_address_space 'nic': 00:13.2, domain 1\n\t* Virtual function: 1 of 00:03.0\n\t* Owner: net\n\t* MAC: 02:00:00:00:00:0a\n\t* VLAN: 5\n\t* Rate: 100 Mbit/s\n",
        "\t* 0x2000000..=0x2001fff: memory region 'ring' (rw)\n",
        "\t* Namespace: 4\n",
    ] {
        assert!(report.contains(part), "{part} is not in\n{report}");
    }
}

#[test]
fn a_table_that_nobody_reads_is_refused() {
    for (content, why) in [
        (
            FUNCTIONS.to_owned(),
            "nobody maps memory region 'vf_grants'",
        ),
        (
            [&MAP.replace("\"r\"", "\"rw\""), FUNCTIONS].concat(),
            "'vf_grants' holds the VF grants and is mapped writable",
        ),
    ] {
        let errors = Bench::new().errors(&description(&content));
        assert_eq!(errors.len(), 1, "{errors:?}");
        assert!(errors[0].contains(why), "{errors:?}");
    }
    let elsewhere = description(FUNCTIONS).replace(
        r#"<map mr="ring" vaddr="0x2000000"/>"#,
        r#"<map mr="ring" vaddr="0x2000000"/><map mr="vf_grants" vaddr="0x1000000" perms="r"/>"#,
    );
    let errors = Bench::new().errors(&elsewhere);
    assert!(
        errors[0].contains("'pf' is not told of its physical functions: it does not map"),
        "{errors:?}"
    );
}

#[test]
fn a_table_may_be_prefilled_where_nothing_is_said() {
    let bench = Bench::new();
    bench.file("table.bin", b"a table");
    let region = r#"<memory_region name="vf_grants" prefill_path="table.bin"/>"#;
    let built = bench.build(&(region.to_owned() + &pd("pf", MAP)));
    assert_eq!(built.memory("pf", 0x100_0000, 8), *b"a table\0");
    let both = description(&[MAP, FUNCTIONS].concat())
        .replace(r#"<memory_region name="vf_grants" size="0x1000"/>"#, region);
    let errors = bench.errors(&both);
    assert!(
        errors[0].contains("gets the VF grants and is prefilled, too"),
        "{errors:?}"
    );
    let writable = MAP.replace("\"r\"", "\"rw\"");
    let errors = bench.errors(&(region.to_owned() + &pd("pf", &writable)));
    assert!(errors[0].contains("is mapped writable"), "{errors:?}");
}
