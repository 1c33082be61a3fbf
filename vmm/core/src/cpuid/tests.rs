// SPDX-License-Identifier: BSD-2-Clause

use proptest::prelude::*;

use super::*;

/// A CPU that says yes to everything.
fn all(leaf: u32, _: u32) -> Leaf {
    match leaf {
        0 => [0x20, 0x756e_6547, 0x6c65_746e, 0x4965_6e69],
        0x8000_0000 => [0x8000_0008, 0, 0, 0],
        _ => [u32::MAX; 4],
    }
}

/// A CPU that has nothing but its name.
fn nothing(leaf: u32, _: u32) -> Leaf {
    match leaf {
        0 => [1, 1, 2, 3],
        0x8000_0000 => [0x8000_0000, 0, 0, 0],
        _ => [0; 4],
    }
}

#[test]
fn the_vendor_is_the_cpus() {
    let cpuid = Cpuid::new(all, 1_000_000_000);
    assert_eq!(
        cpuid.get(0, 0),
        [0x16, 0x756e_6547, 0x6c65_746e, 0x4965_6e69]
    );
}

#[test]
fn what_needs_the_monitor_or_more_state_is_hidden() {
    let cpuid = Cpuid::new(all, 1_000_000_000);
    let [_, ebx, ecx, edx] = cpuid.get(1, 0);
    assert_eq!(ebx >> 16, 0, "one CPU, whose APIC is 0");
    for (name, bit) in [
        ("MONITOR", 3),
        ("VMX", 5),
        ("SMX", 6),
        ("FMA", 12),
        ("PDCM", 15),
        ("XSAVE", 26),
        ("OSXSAVE", 27),
        ("AVX", 28),
        ("F16C", 29),
    ] {
        assert_eq!(ecx >> bit & 1, 0, "{name}");
    }
    for (name, bit) in [
        ("MCE", 7),
        ("MTRR", 12),
        ("MCA", 14),
        ("DS", 21),
        ("HTT", 28),
    ] {
        assert_eq!(edx >> bit & 1, 0, "{name}");
    }
    let [_, ebx, ecx, edx] = cpuid.get(7, 0);
    for (name, bit) in [
        ("SGX", 2),
        ("AVX2", 5),
        ("MPX", 14),
        ("AVX512F", 16),
        ("PT", 25),
    ] {
        assert_eq!(ebx >> bit & 1, 0, "{name}");
    }
    for (name, bit) in [("PKU", 3), ("WAITPKG", 5), ("LA57", 16)] {
        assert_eq!(ecx >> bit & 1, 0, "{name}");
    }
    assert_eq!(edx >> 26, 0, "speculation control needs MSRs");
}

#[test]
fn what_the_monitor_adds_is_there_on_any_cpu() {
    let cpuid = Cpuid::new(nothing, 1_000_000_000);
    let [_, _, ecx, edx] = cpuid.get(1, 0);
    for (name, bit) in [("x2APIC", 21), ("TSC deadline", 24), ("hypervisor", 31)] {
        assert_eq!(ecx >> bit & 1, 1, "{name}");
    }
    assert_eq!((ecx, edx), (MONITOR_ECX, MONITOR_EDX));
    assert_eq!(cpuid.get(7, 0), [0; 4], "there is no such leaf");
    assert_eq!(cpuid.get(0x8000_0007, 0)[3], 1 << 8, "the TSC is invariant");
}

#[test]
fn the_hypervisor_has_a_name() {
    let [highest, ebx, ecx, edx] = Cpuid::new(all, 1).get(0x4000_0000, 0);
    let name = [ebx, ecx, edx].map(u32::to_le_bytes).concat();
    assert_eq!(
        (highest, name.as_slice()),
        (0x4000_0000, b"Postern seL4".as_slice())
    );
    assert_eq!(Cpuid::new(all, 1).get(0x4000_0001, 0), [0; 4]);
}

#[test]
fn frequencies_are_told() {
    for (hz, expected) in [
        (100_000_000, [1, 1, 100_000_000, 0]),
        (2_500_000_000, [1, 1, 2_500_000_000, 0]),
        (5_000_000_000, [1, 2, 2_500_000_000, 0]),
    ] {
        let cpuid = Cpuid::new(all, hz);
        assert_eq!(cpuid.get(0x15, 0), expected);
        assert_eq!(u64::from(cpuid.get(0x16, 0)[0]), hz / 1_000_000);
    }
}

#[test]
fn subleaves() {
    let cpuid = Cpuid::new(all, 1);
    assert_eq!(cpuid.get(4, 0)[0], 0x3fff, "nobody shares a cache");
    assert_eq!(cpuid.get(4, 4), [0; 4]);
    assert_eq!(cpuid.get(7, 1), [0; 4]);
    assert_eq!(cpuid.get(0xb, 0), [0, 1, 0x100, 0]);
    assert_eq!(cpuid.get(0xb, 1), [0, 1, 0x201, 0]);
    assert_eq!(cpuid.get(0xb, 2), [0, 0, 2, 0]);
    assert_eq!(cpuid.get(1, 5), cpuid.get(1, 0), "it has none");
}

proptest! {
    /// What no table has is zero, for any CPU.
    #[test]
    fn nothing_else_is_told(leaf: u32, subleaf: u32, hz: u64) {
        let cpuid = Cpuid::new(all, hz);
        let known = leaf <= BASIC || leaf == HYPERVISOR || (0x8000_0000..=EXTENDED).contains(&leaf);
        prop_assert!(known || cpuid.get(leaf, subleaf) == [0; 4]);
    }

    /// No feature reaches the guest that the CPU lacks, but for those that the monitor makes.
    #[test]
    fn features_are_the_cpus(ecx: u32, edx: u32, ebx: u32) {
        let host = |leaf: u32, _: u32| match leaf {
            0 => [7, 0, 0, 0],
            1 => [0, 0, ecx, edx],
            7 => [0, ebx, ecx, edx],
            _ => [0; 4],
        };
        let cpuid = Cpuid::new(host, 1_000_000);
        let [_, _, seen_ecx, seen_edx] = cpuid.get(1, 0);
        prop_assert_eq!(seen_ecx & !ecx & !MONITOR_ECX, 0);
        prop_assert_eq!(seen_edx & !edx & !MONITOR_EDX, 0);
        let [_, seen_ebx, seen_ecx, seen_edx] = cpuid.get(7, 0);
        prop_assert_eq!(seen_ebx & !ebx & !TSC_ADJUST, 0);
        prop_assert_eq!((seen_ecx & !ecx, seen_edx & !edx), (0, 0));
    }
}
