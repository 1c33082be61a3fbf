// SPDX-License-Identifier: BSD-2-Clause
//! CPUID: it is consistent with itself and with what the CPU does.
#![no_std]
#![no_main]

use core::arch::asm;

use bare::cpu::{cpuid, is_tcg, read_msr};
use bare::trap::{Trap, catch};
use bare::{Suite, TestResult, apic, check, check_eq, skip, suite};

bare::guest!(main);

const SUITE: Suite<()> = suite!(
    "guest-cpuid",
    [
        vendor,
        what_is_always_there,
        hypervisor,
        results_have_32_bits,
        other_registers_stay,
        long_mode_is_claimed,
        apic_id,
        address_sizes,
        same_answer_twice,
        no_virtual_machines_inside,
        monitor_as_claimed,
        popcnt_as_claimed,
        rdrand_as_claimed,
        rdtscp_as_claimed,
        xsave_as_claimed,
        osxsave_follows_cr4,
        xgetbv_without_osxsave,
    ]
);

const UNDEFINED: u8 = 6;
const PROTECTION: u8 = 13;
const OSXSAVE: u64 = 1 << 18;

fn main() -> ! {
    bare::run(&SUITE)
}

fn has(leaf: u32, register: usize, bit: u32) -> bool {
    let found = cpuid(leaf, 0);
    [found.eax, found.ebx, found.ecx, found.edx][register] & 1 << bit != 0
}

/// Runs the instruction, which is to be undefined unless it is claimed.
fn as_claimed(claimed: bool, run: Result<(), Trap>) -> TestResult {
    let vector = run.err().map(|trap| trap.vector);
    check_eq!(
        vector,
        (!claimed).then_some(UNDEFINED),
        "claimed: {claimed}"
    );
    Ok(())
}

fn vendor(_: &mut ()) -> TestResult {
    let leaf = cpuid(0, 0);
    check!(leaf.eax >= 1, "the last leaf is {:#x}", leaf.eax);
    for word in [leaf.ebx, leaf.edx, leaf.ecx] {
        check!(
            word.to_le_bytes().iter().all(u8::is_ascii_graphic),
            "{word:#x}"
        );
    }
    Ok(())
}

fn what_is_always_there(_: &mut ()) -> TestResult {
    // FPU, TSC, MSR, PAE, CX8, APIC, CMOV, FXSR, SSE, SSE2: long mode implies or these guests need.
    for bit in [0, 4, 5, 6, 8, 9, 15, 24, 25, 26] {
        check!(has(1, 3, bit), "CPUID.1:EDX has no bit {bit}");
    }
    Ok(())
}

fn hypervisor(_: &mut ()) -> TestResult {
    check!(has(1, 2, 31), "no hypervisor bit");
    let last = cpuid(0x4000_0000, 0).eax;
    check!((0x4000_0000..0x4001_0000).contains(&last), "{last:#x}");
    Ok(())
}

fn results_have_32_bits(_: &mut ()) -> TestResult {
    let (mut rax, mut rcx, mut rdx) = (0xdead_beef_0000_0000_u64, u64::MAX << 32, u64::MAX);
    let rbx: u64;
    // SAFETY: CPUID writes these registers and nothing else.
    unsafe {
        asm!("mov {saved}, rbx", "mov rbx, -1", "cpuid", "xchg {saved}, rbx",
             saved = out(reg) rbx, inout("rax") rax, inout("rcx") rcx, inout("rdx") rdx);
    }
    for value in [rax, rbx, rcx, rdx] {
        check_eq!(value >> 32, 0);
    }
    Ok(())
}

fn other_registers_stay(_: &mut ()) -> TestResult {
    let mut found = [0_u64; 10];
    // SAFETY: the registers are saved, and the words are the array's.
    unsafe {
        asm!(
            "push rbx", "push rbp", "push r12",
            "mov r12, rdi",
            "mov rsi, 2", "mov rdi, 3", "mov rbp, 4", "mov r8, 5", "mov r9, 6", "mov r10, 7",
            "mov r11, 8", "mov r13, 9", "mov r14, 10", "mov r15, 11",
            "xor eax, eax", "xor ecx, ecx",
            "cpuid",
            "mov [r12], rsi", "mov [r12 + 8], rdi", "mov [r12 + 16], rbp", "mov [r12 + 24], r8",
            "mov [r12 + 32], r9", "mov [r12 + 40], r10", "mov [r12 + 48], r11",
            "mov [r12 + 56], r13", "mov [r12 + 64], r14", "mov [r12 + 72], r15",
            "pop r12", "pop rbp", "pop rbx",
            inout("rdi") found.as_mut_ptr() => _,
            out("rax") _, out("rcx") _, out("rdx") _, out("rsi") _, out("r8") _, out("r9") _,
            out("r10") _, out("r11") _, out("r13") _, out("r14") _, out("r15") _,
        );
    }
    check_eq!(found, [2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
    Ok(())
}

fn long_mode_is_claimed(_: &mut ()) -> TestResult {
    check!(cpuid(0x8000_0000, 0).eax >= 0x8000_0008);
    check!(has(0x8000_0001, 3, 29), "no long mode");
    Ok(())
}

fn apic_id(_: &mut ()) -> TestResult {
    check_eq!(cpuid(1, 0).ebx >> 24, apic::read(apic::register::ID) >> 24);
    if cpuid(0, 0).eax >= 0xb && cpuid(0xb, 0).ebx != 0 {
        check_eq!(cpuid(0xb, 0).edx, apic::read(apic::register::ID) >> 24);
    }
    Ok(())
}

fn address_sizes(_: &mut ()) -> TestResult {
    let sizes = cpuid(0x8000_0008, 0).eax;
    check!(
        (36..=52).contains(&(sizes & 0xff)),
        "physical: {}",
        sizes & 0xff
    );
    check!(
        [48, 57].contains(&(sizes >> 8 & 0xff)),
        "linear: {}",
        sizes >> 8 & 0xff
    );
    Ok(())
}

fn same_answer_twice(_: &mut ()) -> TestResult {
    for base in [0, 0x4000_0000, 0x8000_0000] {
        let last = cpuid(base, 0).eax.min(base + 0x40);
        for leaf in base..=last.max(base) + 2 {
            for subleaf in [0, 1, 2, u32::MAX] {
                check_eq!(cpuid(leaf, subleaf), cpuid(leaf, subleaf), "{leaf:#x}");
            }
        }
    }
    Ok(())
}

fn no_virtual_machines_inside(_: &mut ()) -> TestResult {
    const VMXE: u64 = 1 << 13;
    check!(!has(1, 2, 5), "VMX is claimed");
    if is_tcg() {
        skip!("TCG takes CR4.VMXE, and hangs at VMCALL");
    }
    let result = catch(|| set_cr4(cr4() | VMXE));
    check_eq!(
        result.err().map(|trap| trap.vector),
        Some(PROTECTION),
        "CR4.VMXE"
    );
    // SAFETY: undefined here.
    as_claimed(false, catch(|| unsafe { asm!("vmcall", out("rax") _) }))
}

fn monitor_as_claimed(_: &mut ()) -> TestResult {
    let here = 0_u64;
    // SAFETY: it only reads.
    let run = catch(|| unsafe {
        asm!("monitor", in("rax") &here, in("ecx") 0, in("edx") 0, options(nostack));
    });
    as_claimed(has(1, 2, 3), run)
}

fn popcnt_as_claimed(_: &mut ()) -> TestResult {
    // SAFETY: registers only.
    let run = catch(|| unsafe { asm!("popcnt {0}, {0}", inout(reg) 5_u64 => _) });
    // A CPU that has it executes it whether it is told of or not.
    if has(1, 2, 23) {
        as_claimed(true, run)?;
    }
    Ok(())
}

fn rdrand_as_claimed(_: &mut ()) -> TestResult {
    let (mut value, mut good) = (0_u64, 0_u8);
    // SAFETY: registers only.
    let run = catch(|| unsafe { asm!("rdrand {}", "setc {}", out(reg) value, out(reg_byte) good) });
    as_claimed(has(1, 2, 30), run)?;
    check!(
        run.is_err() || good == 1,
        "no random number, and {value:#x}"
    );
    Ok(())
}

fn rdtscp_as_claimed(_: &mut ()) -> TestResult {
    // SAFETY: registers only.
    let run = catch(|| unsafe { asm!("rdtscp", out("rax") _, out("rcx") _, out("rdx") _) });
    as_claimed(has(0x8000_0001, 3, 27), run)
}

fn xsave_as_claimed(_: &mut ()) -> TestResult {
    let before = cr4();
    let run = catch(|| set_cr4(before | OSXSAVE));
    set_cr4(before);
    check_eq!(run.is_ok(), has(1, 2, 26), "setting CR4.OSXSAVE");
    if let Err(trap) = run {
        check_eq!(trap.vector, PROTECTION);
    }
    Ok(())
}

fn osxsave_follows_cr4(_: &mut ()) -> TestResult {
    check_eq!(has(1, 2, 27), cr4() & OSXSAVE != 0);
    if has(1, 2, 26) {
        set_cr4(cr4() | OSXSAVE);
        let on = has(1, 2, 27);
        set_cr4(cr4() & !OSXSAVE);
        check!(on && !has(1, 2, 27));
    }
    Ok(())
}

fn xgetbv_without_osxsave(_: &mut ()) -> TestResult {
    // SAFETY: undefined here, since CR4.OSXSAVE is off.
    let run = catch(|| unsafe { asm!("xgetbv", in("ecx") 0, out("eax") _, out("edx") _) });
    as_claimed(false, run)?;
    check!(read_msr(0xc000_0080).is_ok(), "EFER");
    Ok(())
}

fn cr4() -> u64 {
    let value;
    // SAFETY: reads only.
    unsafe { asm!("mov {}, cr4", out(reg) value) };
    value
}

fn set_cr4(value: u64) {
    // SAFETY: the tests change bits that mean nothing to memory or are refused.
    unsafe { asm!("mov cr4, {}", in(reg) value) };
}
