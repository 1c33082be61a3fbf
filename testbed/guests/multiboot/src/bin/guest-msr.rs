// SPDX-License-Identifier: BSD-2-Clause
//! Model-specific registers: those that a system needs work, and others are refused.
#![no_std]
#![no_main]

use core::arch::asm;

use bare::cpu::{self, read_msr, write_msr};
use bare::{Suite, TestResult, apic, check, check_eq, skip, suite};

bare::guest!(main);

const SUITE: Suite<()> = suite!(
    "guest-msr",
    [
        results_have_32_bits,
        efer_says_long_mode,
        efer_refuses_reserved_bits,
        efer_no_execute,
        long_mode_cannot_be_left,
        fs_and_gs_bases,
        swapgs_uses_the_kernel_base,
        syscall_registers,
        sysenter_registers,
        page_attributes,
        bad_page_attributes_are_refused,
        non_canonical_bases_are_refused,
        apic_base,
        time_stamp_counter,
        unknown_registers_are_refused,
        a_storm_of_refusals,
        no_vmx_registers,
        microcode_revision,
    ]
);

const EFER: u32 = 0xc000_0080;
const STAR: u32 = 0xc000_0081;
const LSTAR: u32 = 0xc000_0082;
const SFMASK: u32 = 0xc000_0084;
const FS_BASE: u32 = 0xc000_0100;
const GS_BASE: u32 = 0xc000_0101;
const KERNEL_GS_BASE: u32 = 0xc000_0102;
const PAT: u32 = 0x277;
const PROTECTION: u8 = 13;

fn main() -> ! {
    bare::run(&SUITE)
}

/// The register keeps what is written; afterwards it is as before.
fn keeps(register: u32, values: &[u64]) -> TestResult {
    let before = read_msr(register)?;
    for value in values {
        write_msr(register, *value)?;
        check_eq!(read_msr(register)?, *value, "{register:#x}");
    }
    write_msr(register, before)?;
    Ok(())
}

/// Writing this is refused, and changes nothing.
fn refuses(register: u32, value: u64) -> TestResult {
    let before = read_msr(register)?;
    let Err(trap) = write_msr(register, value) else {
        write_msr(register, before)?;
        bare::fail!("{register:#x} took {value:#x}");
    };
    check_eq!((trap.vector, trap.error), (PROTECTION, 0));
    check_eq!(read_msr(register)?, before);
    Ok(())
}

fn results_have_32_bits(_: &mut ()) -> TestResult {
    let (mut rax, mut rdx) = (u64::MAX, u64::MAX);
    // SAFETY: reading EFER does nothing.
    unsafe { asm!("rdmsr", in("ecx") EFER, inout("rax") rax, inout("rdx") rdx) };
    check_eq!((rax >> 32, rdx >> 32), (0, 0));
    Ok(())
}

fn efer_says_long_mode(_: &mut ()) -> TestResult {
    check_eq!(read_msr(EFER)? & 0x500, 0x500);
    Ok(())
}

fn efer_refuses_reserved_bits(_: &mut ()) -> TestResult {
    if cpu::is_tcg() {
        skip!("TCG takes them");
    }
    let efer = read_msr(EFER)?;
    refuses(EFER, efer | 1 << 1)?;
    refuses(EFER, efer | 1 << 63)
}

fn efer_no_execute(_: &mut ()) -> TestResult {
    let efer = read_msr(EFER)?;
    keeps(EFER, &[efer | 1 << 11, efer & !(1 << 11), efer | 1])
}

fn long_mode_cannot_be_left(_: &mut ()) -> TestResult {
    if cpu::is_tcg() {
        skip!("TCG ignores it");
    }
    let efer = read_msr(EFER)?;
    refuses(EFER, efer & !(1 << 8))
}

fn fs_and_gs_bases(_: &mut ()) -> TestResult {
    let word = 0x1234_5678_9abc_def0_u64;
    for register in [FS_BASE, GS_BASE] {
        keeps(register, &[0x7fff_ffff_f000, 0xffff_8000_0000_0000, 0])?;
        write_msr(register, &raw const word as u64)?;
        let (fs, gs): (u64, u64);
        // SAFETY: one of the two is the word; the other base is 0, where memory is too.
        unsafe { asm!("mov {}, fs:[0]", "mov {}, gs:[0]", out(reg) fs, out(reg) gs) };
        check_eq!(if register == FS_BASE { fs } else { gs }, word);
        write_msr(register, 0)?;
    }
    Ok(())
}

fn swapgs_uses_the_kernel_base(_: &mut ()) -> TestResult {
    write_msr(KERNEL_GS_BASE, 0x1111_0000)?;
    write_msr(GS_BASE, 0x2222_0000)?;
    // SAFETY: nothing here uses GS.
    unsafe { asm!("swapgs") };
    check_eq!(
        (read_msr(GS_BASE)?, read_msr(KERNEL_GS_BASE)?),
        (0x1111_0000, 0x2222_0000)
    );
    Ok(())
}

fn syscall_registers(_: &mut ()) -> TestResult {
    keeps(STAR, &[0x0023_0008_0000_0000])?;
    keeps(LSTAR, &[0xffff_ffff_8100_0000, 0x10_0000])?;
    keeps(SFMASK, &[0x4_7700])
}

fn sysenter_registers(_: &mut ()) -> TestResult {
    keeps(0x174, &[0x10])?;
    keeps(0x175, &[0xffff_ffff_8200_0000])?;
    keeps(0x176, &[0xffff_ffff_8100_0000])
}

fn page_attributes(_: &mut ()) -> TestResult {
    check_eq!(read_msr(PAT)? & 0xff, 6, "the first type is write-back");
    keeps(PAT, &[0x0407_0506_0007_0106, 0x0007_0406_0007_0406])
}

fn bad_page_attributes_are_refused(_: &mut ()) -> TestResult {
    if cpu::is_tcg() {
        skip!("TCG takes them");
    }
    for pat in [0x0007_0406_0007_0402, 0x0807_0406_0007_0406] {
        refuses(PAT, pat)?;
    }
    Ok(())
}

fn non_canonical_bases_are_refused(_: &mut ()) -> TestResult {
    if cpu::is_tcg() {
        skip!("TCG takes them");
    }
    for register in [FS_BASE, GS_BASE, KERNEL_GS_BASE, LSTAR] {
        refuses(register, 0x8000_0000_0000_0000)?;
    }
    Ok(())
}

fn apic_base(_: &mut ()) -> TestResult {
    let value = read_msr(apic::APIC_BASE)?;
    check_eq!(value & 0xf_ffff_f000, apic::BASE as u64);
    check_eq!(value & 0xd00, 0x900, "enabled, no x2APIC, first CPU");
    Ok(())
}

fn time_stamp_counter(_: &mut ()) -> TestResult {
    if cpu::is_tcg() {
        skip!("TCG does not have it there");
    }
    let before = cpu::tsc();
    let register = read_msr(0x10)?;
    let after = cpu::tsc();
    check!(
        before <= register && register <= after,
        "{before} {register} {after}"
    );
    Ok(())
}

fn unknown_registers_are_refused(_: &mut ()) -> TestResult {
    if cpu::is_tcg() {
        skip!("TCG has all registers");
    }
    for register in [0x1_0000, 0x3fff_ffff, 0xc000_2000, 0xdead_beef, u32::MAX] {
        let read = read_msr(register)
            .err()
            .map(|trap| (trap.vector, trap.error));
        check_eq!(read, Some((PROTECTION, 0)), "reading {register:#x}");
        let write = write_msr(register, 0)
            .err()
            .map(|trap| (trap.vector, trap.error));
        check_eq!(write, Some((PROTECTION, 0)), "writing {register:#x}");
    }
    Ok(())
}

fn a_storm_of_refusals(_: &mut ()) -> TestResult {
    if cpu::is_tcg() {
        skip!("TCG has all registers");
    }
    for register in 0..2_000 {
        check!(read_msr(0xdead_0000 + register).is_err());
    }
    Ok(())
}

fn no_vmx_registers(_: &mut ()) -> TestResult {
    if cpu::is_tcg() {
        skip!("TCG has all registers");
    }
    for register in [0x480, 0x481, 0x482, 0x48b] {
        check!(read_msr(register).is_err(), "{register:#x}");
    }
    Ok(())
}

/// Systems write 0, ask for CPUID, and read (SDM vol. 3A 11.11.7.1).
fn microcode_revision(_: &mut ()) -> TestResult {
    write_msr(0x8b, 0)?;
    let _ = cpu::cpuid(1, 0);
    read_msr(0x8b)?;
    Ok(())
}
