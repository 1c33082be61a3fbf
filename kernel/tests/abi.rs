// SPDX-License-Identifier: BSD-2-Clause
//! The generated interface against numbers that are known: those of the kernel before our
//! patches, found by running it, and what the patches change about them.

use sel4_kernel::abi::{Abi, Constants, generate_rust};
use sel4_kernel::config::{Config, Setting, Variant};
use sel4_kernel::source::Source;

fn value(constants: &Constants, name: &str) -> Option<i64> {
    constants
        .iter()
        .find(|(found, _)| found == name)
        .map(|(_, value)| *value)
}

fn set(config: &mut Config, option: &str, setting: Setting) {
    let found = config.options.iter_mut().find(|(name, _)| *name == option);
    found.unwrap().1 = setting;
}

#[test]
fn numbers_of_the_unpatched_kernel() {
    let source = Source::unpatched().unwrap();
    let mut config = Config::of(Variant::Debug);
    set(&mut config, "HUGE_PAGE", Setting::On);
    let abi = Abi::of(&source, &config).unwrap();
    for (name, expected) in [
        ("UntypedRetype", 1),
        ("TCBConfigure", 5),
        ("TCBUnbindNotification", 13),
        ("CNodeRevoke", 14),
        ("CNodeSaveCaller", 22),
        ("IRQAckIRQ", 24),
        ("DomainSetSet", 27),
        ("X86PDPTMap", 28),
        ("X86PageTableMap", 33),
        ("X86PageMap", 37),
        ("X86PageMapEPT", 42),
        ("X86ASIDPoolAssign", 44),
        ("X86IOPortOut32", 50),
        ("X86IRQIssueIRQHandlerMSI", 52),
        ("TCBSetEPTRoot", 53),
        ("X86VCPUWriteRegisters", 59),
        ("X86EPTPTUnmap", 65),
    ] {
        assert_eq!(value(&abi.invocations, name), Some(expected), "{name}");
    }
    assert_eq!(value(&abi.invocations, "TCBSetAffinity"), None);
    for (name, expected) in [
        ("Call", -1),
        ("NBRecv", -8),
        ("DebugPutChar", -9),
        ("DebugRun", -14),
        ("VMEnter", -22),
    ] {
        assert_eq!(value(&abi.syscalls, name), Some(expected), "{name}");
    }
    for (name, expected) in [
        ("Untyped", 0),
        ("CapTable", 4),
        ("X86_PDPT", 5),
        ("X64_HugePage", 7),
        ("X86_4K", 8),
        ("X86_PageDirectory", 11),
        ("X86_VCPU", 12),
        ("X86_EPTPT", 16),
    ] {
        assert_eq!(value(&abi.object_types, name), Some(expected), "{name}");
    }
    for (name, expected) in [("TCB", 11), ("Endpoint", 4), ("Slot", 5), ("X86_VCPU", 14)] {
        assert_eq!(value(&abi.size_bits, name), Some(expected), "{name}");
    }
    assert_eq!(value(&abi.faults, "VMFault"), Some(5));
    assert_eq!(value(&abi.errors, "NotEnoughMemory"), Some(10));
}

#[test]
fn options_shift_the_numbers() {
    let source = Source::unpatched().unwrap();
    let smp = Abi::of(&source, &Config::of(Variant::SmpDebug)).unwrap();
    assert_eq!(value(&smp.invocations, "TCBSetAffinity"), Some(14));
    assert_eq!(value(&smp.invocations, "CNodeRevoke"), Some(15));
    let mut config = Config::of(Variant::Debug);
    set(&mut config, "IOMMU", Setting::On);
    let iommu = Abi::of(&source, &config).unwrap();
    assert_eq!(value(&iommu.object_types, "X86_IOPageTable"), Some(11));
    assert_eq!(value(&iommu.object_types, "X86_VCPU"), Some(12));
    let error = Abi::common(&source).unwrap_err().to_string();
    assert!(error.contains("debug and smp-debug disagree on"), "{error}");
    assert!(error.contains("TCBSetAffinity = 14"), "{error}");
}

#[test]
fn the_patched_kernels_agree() {
    let source = Source::patched().unwrap();
    let common = Abi::common(&source).unwrap();
    for variant in Variant::ALL {
        assert_eq!(
            Abi::of(&source, &Config::of(variant)).unwrap(),
            common,
            "{}",
            variant.name()
        );
    }
    for (name, expected) in [
        ("TCBSetAffinity", 14),
        ("DomainScheduleSetStart", 30),
        ("X86PageMap", 40),
        ("X86IRQIssueIRQHandlerIOAPICRemapped", 56),
        ("X86VCPUWriteMSR", 65),
        ("X86VCPUPostInterrupt", 69),
        ("X86EPTPTUnmap", 75),
    ] {
        assert_eq!(value(&common.invocations, name), Some(expected), "{name}");
    }
    assert_eq!(value(&common.size_bits, "X86_VCPU"), Some(15));
    assert_eq!(value(&common.syscalls, "VMEnter"), Some(-22));
    assert_eq!(value(&common.syscalls, "DebugPutString"), Some(-23));
    assert_eq!(value(&common.object_types, "X64_HugePage"), None);
    for (name, expected) in [
        ("MAX_NUM_NODES", 4),
        ("NUM_DOMAINS", 16),
        ("NUM_DOMAIN_SCHEDULES", 100),
        ("ROOT_CNODE_SIZE_BITS", 19),
        ("MAX_IRQ", 107),
        ("IRQ_VECTOR_OFFSET", 0x30),
    ] {
        assert_eq!(value(&common.config, name), Some(expected), "{name}");
    }
}

#[test]
fn the_rust_source_has_a_module_for_each_group() {
    let folder = tempfile::tempdir().unwrap();
    let inputs = generate_rust(folder.path()).unwrap();
    assert!(inputs.iter().all(|input| input.is_dir()), "{inputs:?}");
    let text = std::fs::read_to_string(folder.path().join("abi.rs")).unwrap();
    for line in [
        "pub mod syscall_id {",
        "    pub const Call: isize = -1;",
        "pub mod invocation_label {",
        "    pub const UntypedRetype: u64 = 1;",
        "pub mod object_type {",
        "pub mod object_size_bits {",
        "pub mod fault_label {",
        "    pub const UserException: u64 = 3;",
        "pub mod error {",
        "pub mod config {",
    ] {
        assert!(text.lines().any(|found| found == line), "{line}");
    }
}
