// SPDX-License-Identifier: BSD-2-Clause
//! The registers of floating point and SSE are the guest's alone: no exit changes them, nor does
//! another guest. The command line's first word makes the values, so that two guests differ.
#![no_std]
#![no_main]

use core::arch::asm;

use bare::apic::{self, register};
use bare::{Suite, TestResult, check, check_eq, cpu, port, suite, trap};

bare::guest!(main);

const SUITE: Suite<()> = suite!(
    "guest-fpu",
    [
        initial_state,
        across_cpuid,
        across_ports,
        across_devices,
        across_refusals,
        across_sleep,
        across_a_long_time,
        lazy_switching,
        arithmetic_goes_on,
    ]
);

fn main() -> ! {
    bare::run(&SUITE)
}

/// The area of FXSAVE (SDM vol. 1 10.5).
#[repr(C, align(16))]
#[derive(Clone, Copy)]
struct Area([u8; 512]);

impl Area {
    fn save() -> Self {
        let mut area = Self([0; 512]);
        // SAFETY: it writes the area.
        unsafe { asm!("fxsave64 [{}]", in(reg) &mut area) };
        area
    }

    /// Values that depend on the guest and the round.
    fn pattern(round: u8) -> Self {
        let seed = bare::command_line()
            .bytes()
            .fold(round, |sum, byte| sum.wrapping_mul(31) ^ byte);
        let mut area = Self::save();
        for (at, byte) in area.0[32..416].iter_mut().enumerate() {
            // Registers of 80 bits stand in 16 bytes each.
            let unused = at < 128 && at % 16 >= 10;
            *byte = if unused {
                0
            } else {
                seed.wrapping_add(at as u8)
            };
        }
        area
    }

    /// The registers, and the control words.
    fn state(&self) -> (&[u8], &[u8]) {
        (&self.0[32..416], &self.0[..4])
    }
}

/// Fills the registers, runs what must not change them, and looks.
fn across(rounds: u8, exit: impl Fn()) -> TestResult {
    for round in 0..rounds {
        let before = Area::pattern(round);
        // SAFETY: the compiler keeps nothing in these registers across a call in assembly that says
        // so: all of them are named.
        unsafe {
            asm!("fxrstor64 [{}]", in(reg) &before,
                 out("xmm0") _, out("xmm1") _, out("xmm2") _, out("xmm3") _, out("xmm4") _,
                 out("xmm5") _, out("xmm6") _, out("xmm7") _, out("xmm8") _, out("xmm9") _,
                 out("xmm10") _, out("xmm11") _, out("xmm12") _, out("xmm13") _, out("xmm14") _,
                 out("xmm15") _);
        }
        exit();
        let after = Area::save();
        check!(before.state() == after.state(), "round {round}");
    }
    Ok(())
}

fn initial_state(_: &mut ()) -> TestResult {
    let area = Area::save();
    check_eq!(
        u32::from_le_bytes([area.0[24], area.0[25], area.0[26], area.0[27]]),
        0x1f80,
        "MXCSR"
    );
    Ok(())
}

fn across_cpuid(_: &mut ()) -> TestResult {
    // SAFETY: CPUID writes these four registers.
    across(50, || unsafe {
        asm!("push rbx", "cpuid", "pop rbx", inout("eax") 0 => _, out("ecx") _, out("edx") _);
    })
}

fn across_ports(_: &mut ()) -> TestResult {
    across(50, || {
        port::read8(0x80);
        port::write8(0x80, 0);
    })
}

fn across_devices(_: &mut ()) -> TestResult {
    across(50, || {
        apic::read(register::VERSION);
        apic::write(register::TPR, 0);
    })
}

fn across_refusals(_: &mut ()) -> TestResult {
    // SAFETY: it is caught.
    across(20, || unsafe {
        let _ = trap::catch(|| asm!("ud2"));
    })
}

fn across_sleep(_: &mut ()) -> TestResult {
    const VECTOR: u8 = 0x60;
    trap::on_interrupt(VECTOR, |_| apic::eoi());
    apic::write(register::DIVIDE, 0xb);
    apic::write(register::LVT_TIMER, u32::from(VECTOR));
    let result = across(20, || {
        apic::write(register::INITIAL_COUNT, 20_000);
        cpu::wait_for_interrupt();
    });
    apic::write(register::LVT_TIMER, apic::MASKED);
    result
}

/// Long enough for others to have had the processor.
fn across_a_long_time(_: &mut ()) -> TestResult {
    across(40, || {
        for _ in 0..100_000 {
            core::hint::spin_loop();
        }
    })
}

/// A system that switches late: CR0.TS, and the registers are restored in the exception.
fn lazy_switching(_: &mut ()) -> TestResult {
    trap::on_interrupt(7, |_| {
        // SAFETY: the task may use them.
        unsafe { asm!("clts") };
    });
    let mut good = true;
    for round in 0..20_u64 {
        let found: u64;
        // SAFETY: sets CR0.TS; the first use of XMM1 raises #NM.
        unsafe {
            asm!("movq xmm1, {word}", "mov {zero}, cr0", "or {zero}, 8", "mov cr0, {zero}",
                 "mov eax, 0", "push rbx", "cpuid", "pop rbx", "movq {found}, xmm1",
                 word = in(reg) round * 0x0101_0101, zero = out(reg) _, found = lateout(reg) found,
                 out("rax") _, out("rcx") _, out("rdx") _, out("xmm1") _);
        }
        good &= found == round * 0x0101_0101;
    }
    check!(good);
    Ok(())
}

fn arithmetic_goes_on(_: &mut ()) -> TestResult {
    let mut sum = 0.0_f64;
    for term in 0..2_000 {
        let sign = if term % 2 == 0 { 4.0 } else { -4.0 };
        sum += sign / (2.0 * f64::from(term) + 1.0);
        port::read8(0x80);
    }
    check!((sum - core::f64::consts::PI).abs() < 0.001);
    Ok(())
}
