// SPDX-License-Identifier: BSD-2-Clause
use super::*;

#[test]
fn names_of_variants_are_read_back() {
    for variant in Variant::ALL {
        assert_eq!(Variant::from_name(variant.name()), Some(variant));
    }
    assert_eq!(Variant::from_name("smp"), None);
}

#[test]
fn variants_differ_as_their_names_say() {
    for (variant, nodes, domains, printing) in [
        (Variant::Debug, 1, 16, Setting::On),
        (Variant::Release, 1, 16, Setting::Off),
        (Variant::SmpDebug, 4, 1, Setting::On),
        (Variant::SmpRelease, 4, 1, Setting::Off),
    ] {
        let config = Config::of(variant);
        assert_eq!(config.number("MAX_NUM_NODES"), nodes);
        assert_eq!(config.number("NUM_DOMAINS"), domains);
        for option in ["PRINTING", "DEBUG_BUILD", "IRQ_REPORTING"] {
            assert_eq!(config.get(option), printing, "{option}");
            let line = format!("#define CONFIG_{option} 1\n");
            assert_eq!(config.autoconf_h().contains(&line), printing == Setting::On);
        }
    }
}

#[test]
fn every_kernel_is_for_virtual_machines_without_an_iommu_driver() {
    for variant in Variant::ALL {
        let header = Config::of(variant).autoconf_h();
        assert!(header.contains("#define CONFIG_VTX 1\n"));
        assert!(header.contains("#define CONFIG_ROOT_CNODE_SIZE_BITS 19\n"));
        assert!(!header.contains("CONFIG_IOMMU "));
        assert!(!header.contains("CONFIG_HUGE_PAGE "));
    }
}

#[test]
fn options_are_named_once() {
    let config = Config::of(Variant::Debug);
    let mut names: Vec<_> = config.options.iter().map(|(name, _)| name).collect();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), config.options.len());
}

#[test]
fn the_sdk_configuration_has_what_the_image_tool_reads() {
    for variant in Variant::ALL {
        let json = Config::of(variant).gen_config_json();
        let json: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!(json["SEL4_ARCH"], "x86_64");
        assert_eq!(json["ENABLE_SMP_SUPPORT"], variant.is_smp());
        assert_eq!(json["PRINTING"], variant.is_debug());
        for flag in ["VTX", "IOMMU", "HAVE_FPU", "KERNEL_MCS"] {
            assert!(json[flag].is_boolean(), "{flag}");
        }
        for number in [
            "WORD_SIZE",
            "MAX_NUM_NODES",
            "NUM_DOMAINS",
            "NUM_DOMAIN_SCHEDULES",
            "ROOT_CNODE_SIZE_BITS",
            "RETYPE_FAN_OUT_LIMIT",
            "MAX_NUM_BOOTINFO_UNTYPED_CAPS",
            "PADDR_USER_DEVICE_TOP",
        ] {
            let value = json[number].as_str().unwrap_or_default();
            assert!(value.parse::<u64>().is_ok(), "{number} is `{value}`");
        }
    }
}
