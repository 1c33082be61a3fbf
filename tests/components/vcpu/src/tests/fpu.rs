// SPDX-License-Identifier: BSD-2-Clause
//! The guest's FPU state beside ours.

use core::hint::black_box;
use sel4_test::{TestResult, check_eq};
use sel4_vcpu::Exit;
use test_guests::{DATA, Lab, program};

use super::{go_on, load, run};

program! {
    reset_state: "fnstcw [0x6000]", "stmxcsr [0x6008]", "movq [0x6010], xmm5", "vmcall",
}

pub fn the_fpu_starts_as_after_reset(lab: &mut Lab) -> TestResult {
    let mut context = load(lab, reset_state())?;
    check_eq!(run(lab, &mut context)?, Exit::Vmcall);
    check_eq!(lab.memory.read64(DATA) as u16, 0x37f, "control word");
    check_eq!(lab.memory.read64(DATA + 8) as u32, 0x1f80, "MXCSR");
    check_eq!(lab.memory.read64(DATA + 16), 0, "XMM5");
    Ok(())
}

program! {
    sum:
    "fninit", "fld1", "mov rax, 0x1122334455667788", "movq xmm7, rax",
    "vmcall",
    "fld1", "faddp st(1), st", "fistp qword ptr [0x6000]", "movq [0x6008], xmm7",
    "vmcall",
}

/// Registers of the FPU hold something of ours while the guest waits.
pub fn the_fpu_is_the_guests_own(lab: &mut Lab) -> TestResult {
    for round in 1..=3 {
        let mut context = load(lab, sum())?;
        check_eq!(run(lab, &mut context)?, Exit::Vmcall);
        let ours: [f64; 8] = core::array::from_fn(|i| black_box(i as f64) * f64::from(round));
        let total: f64 = ours.iter().sum();
        check_eq!(total as u32, 28 * round);
        check_eq!(go_on(lab, &mut context)?, Exit::Vmcall);
        check_eq!(lab.memory.read64(DATA), 2);
        check_eq!(lab.memory.read64(DATA + 8), 0x1122_3344_5566_7788);
        let again: f64 = black_box(ours).iter().sum();
        check_eq!(again as u32, total as u32);
    }
    Ok(())
}
