// SPDX-License-Identifier: BSD-2-Clause
//! Execution, exit and entry controls.

use sel4_test::{TestResult, check, check_eq};
use sel4_vcpu::{
    Controls, Pin, Primary, Secondary,
    field::{Field, control},
};
use test_guests::Lab;

/// Interrupts and NMIs of the host leave the guest, bitmaps and EPT are used, the host's state is
/// loaded.
const KEPT: [(Field<u32>, u32); 5] = [
    (control::PIN_BASED, 1 | 1 << 3 | 1 << 5),
    (
        control::PRIMARY,
        1 << 19 | 1 << 20 | 1 << 25 | 1 << 28 | 1 << 31,
    ),
    (control::SECONDARY, 1 << 1),
    (
        control::EXIT,
        1 << 9 | 1 << 18 | 1 << 19 | 1 << 20 | 1 << 21,
    ),
    (control::ENTRY, 1 << 14 | 1 << 15),
];

pub fn controls_show_what_the_kernel_keeps(lab: &mut Lab) -> TestResult {
    for (field, kept) in KEPT {
        let written = lab.vcpu.write(field, 0u32);
        check!(
            written.is_ok_and(|w| w & kept == kept),
            "{field:?}: {written:x?}"
        );
        check_eq!(lab.vcpu.read(field), written);
    }
    Ok(())
}

pub fn what_the_cpu_lacks_is_told(lab: &mut Lab) -> TestResult {
    let usual = Controls {
        primary: Primary::HLT | Primary::TSC_OFFSETTING,
        ..Controls::default()
    };
    check_eq!(lab.vcpu.negotiate(usual), Ok(Controls::default()));
    // No CPU can have one without the other.
    let wanted = Controls {
        secondary: Secondary::all(),
        ..usual
    };
    let Ok(missing) = lab.vcpu.negotiate(wanted) else {
        sel4_test::fail!("the controls cannot be written");
    };
    check!(missing.pin.is_empty() && missing.primary.is_empty());
    check_eq!(
        lab.vcpu.negotiate(wanted.without(missing)),
        Ok(Controls::default())
    );
    Ok(())
}

/// Of all bits, only those are set that this crate names and that the kernel keeps. The reserved
/// ones that the CPU fixes to 1 are in its capability registers; here they are the well-known.
pub fn no_control_reaches_the_host(lab: &mut Lab) -> TestResult {
    const FIXED: [u32; 5] = [0x16, 0x0401_e172, 0, 0x3_6dff, 0x13ff];
    const VPID: u32 = 1 << 5;
    const OPTIONAL_EXIT: u32 = 1 << 12 | 1 << 15;
    let chosen = [
        Pin::all().bits(),
        Primary::all().bits(),
        Secondary::all().bits() | VPID,
        sel4_vcpu::ExitControls::all().bits() | OPTIONAL_EXIT,
        sel4_vcpu::EntryControls::all().bits(),
    ];
    for (((field, kept), fixed), chosen) in KEPT.into_iter().zip(FIXED).zip(chosen) {
        let Ok(written) = lab.vcpu.write(field, u32::MAX) else {
            sel4_test::fail!("{field:?} cannot be written");
        };
        check_eq!(
            written & !(kept | fixed | chosen),
            0,
            "{field:x?}: {written:#x}"
        );
        check!(lab.vcpu.write(field, 0u32).is_ok());
    }
    Ok(())
}
