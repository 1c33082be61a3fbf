// SPDX-License-Identifier: BSD-2-Clause
//! I/O ports: widths, strings, ports with nobody behind.
#![no_std]
#![no_main]

use core::arch::asm;

use bare::{Suite, TestResult, acpi, check, check_eq, port, suite, trap};

bare::guest!(main);

const SUITE: Suite<()> = suite!(
    "guest-ports",
    [
        absent_ports_read_as_ones,
        a_read_leaves_what_it_does_not_write,
        ports_in_the_instruction,
        scratch_register,
        string_out,
        string_in,
        string_in_downwards,
        string_of_nothing,
        long_string,
        string_of_wider_items,
        string_with_short_addresses,
        string_into_a_page_that_is_absent,
        clock,
        configuration_by_ports,
        configuration_in_both_ways,
        the_delay_port,
    ]
);

/// The scratch register of the serial port: a byte that does nothing.
const SCRATCH: u16 = 0x3ff;
/// A port that no machine has.
const ABSENT: u16 = 0x5f0;

fn main() -> ! {
    bare::run(&SUITE)
}

/// REP INSB. Returns RDI and RCX.
fn string_in_bytes(from: u16, to: *mut u8, count: u64, down: bool) -> (u64, u64) {
    let (mut rdi, mut rcx) = (to as u64, count);
    // SAFETY: the caller gives the place and how much there is.
    unsafe {
        if down {
            asm!("std", "rep insb", "cld", in("dx") from, inout("rdi") rdi, inout("rcx") rcx);
        } else {
            asm!("rep insb", in("dx") from, inout("rdi") rdi, inout("rcx") rcx);
        }
    }
    (rdi, rcx)
}

fn absent_ports_read_as_ones(_: &mut ()) -> TestResult {
    port::write8(ABSENT, 0);
    port::write16(ABSENT, 0);
    port::write32(ABSENT, 0);
    check_eq!(port::read8(ABSENT), u8::MAX);
    check_eq!(port::read16(ABSENT), u16::MAX);
    check_eq!(port::read32(ABSENT), u32::MAX);
    Ok(())
}

fn a_read_leaves_what_it_does_not_write(_: &mut ()) -> TestResult {
    let before = 0x1122_3344_5566_0000_u64;
    let (mut byte, mut word, mut dword) = (before, before, before);
    // SAFETY: nobody is there.
    unsafe {
        asm!("in al, dx", in("dx") ABSENT, inout("rax") byte);
        asm!("in ax, dx", in("dx") ABSENT, inout("rax") word);
        asm!("in eax, dx", in("dx") ABSENT, inout("rax") dword);
    }
    check_eq!(byte, before | 0xff);
    check_eq!(word, before | 0xffff);
    check_eq!(dword, 0xffff_ffff, "a result of 32 bits clears the rest");
    Ok(())
}

fn ports_in_the_instruction(_: &mut ()) -> TestResult {
    let value: u8;
    // SAFETY: the clock's register of the minute.
    unsafe { asm!("mov al, 2", "out 0x70, al", "in al, 0x71", out("al") value) };
    check!(value <= 0x59, "{value:#x}");
    Ok(())
}

fn scratch_register(_: &mut ()) -> TestResult {
    for value in [0, 0x5a, 0xa5, 0xff] {
        port::write8(SCRATCH, value);
        check_eq!(port::read8(SCRATCH), value);
    }
    Ok(())
}

fn string_out(_: &mut ()) -> TestResult {
    let bytes = [1, 2, 3, 0x77_u8];
    let (mut rsi, mut rcx) = (bytes.as_ptr() as u64, 4_u64);
    // SAFETY: it reads the four bytes.
    unsafe { asm!("rep outsb", in("dx") SCRATCH, inout("rsi") rsi, inout("rcx") rcx) };
    check_eq!((rsi - bytes.as_ptr() as u64, rcx), (4, 0));
    check_eq!(port::read8(SCRATCH), 0x77, "the last one");
    Ok(())
}

fn string_in(_: &mut ()) -> TestResult {
    port::write8(SCRATCH, 0x3c);
    let mut bytes = [0; 8];
    let end = string_in_bytes(SCRATCH, &raw mut bytes[2], 4, false);
    check_eq!(bytes, [0, 0, 0x3c, 0x3c, 0x3c, 0x3c, 0, 0]);
    check_eq!(end, (&raw const bytes[6] as u64, 0));
    Ok(())
}

fn string_in_downwards(_: &mut ()) -> TestResult {
    port::write8(SCRATCH, 0x3d);
    let mut bytes = [0; 8];
    let end = string_in_bytes(SCRATCH, &raw mut bytes[5], 3, true);
    check_eq!(bytes, [0, 0, 0, 0x3d, 0x3d, 0x3d, 0, 0]);
    check_eq!(end, (&raw const bytes[2] as u64, 0));
    Ok(())
}

fn string_of_nothing(_: &mut ()) -> TestResult {
    let mut byte = 0x11;
    let at = &raw mut byte;
    let end = string_in_bytes(SCRATCH, at, 0, false);
    check_eq!((end, byte), ((at as u64, 0), 0x11));
    Ok(())
}

fn long_string(_: &mut ()) -> TestResult {
    static mut BYTES: [u8; 20_000] = [0; 20_000];
    let bytes = &raw mut BYTES;
    port::write8(SCRATCH, 0x42);
    let end = string_in_bytes(SCRATCH, bytes.cast(), 20_000, false);
    check_eq!(end, (bytes as u64 + 20_000, 0));
    // SAFETY: nobody else uses it.
    check!(unsafe { (*bytes).iter().all(|byte| *byte == 0x42) });
    Ok(())
}

fn string_of_wider_items(_: &mut ()) -> TestResult {
    let mut bytes = [0_u8; 16];
    let (mut words, mut dwords) = (2_u64, 1_u64);
    let mut rdi = &raw mut bytes[1] as u64;
    // SAFETY: it writes eight of the bytes.
    unsafe {
        asm!("rep insw", in("dx") ABSENT, inout("rdi") rdi, inout("rcx") words);
        asm!("rep insd", in("dx") ABSENT, inout("rdi") rdi, inout("rcx") dwords);
    }
    check_eq!((words, dwords, rdi), (0, 0, &raw const bytes[9] as u64));
    check_eq!((bytes[0], bytes[9]), (0, 0));
    check!(bytes[1..9].iter().all(|byte| *byte == 0xff));
    Ok(())
}

fn string_with_short_addresses(_: &mut ()) -> TestResult {
    port::write8(SCRATCH, 0x3e);
    let mut bytes = [0_u8; 4];
    let (mut rdi, mut rcx) = (bytes.as_mut_ptr() as u64 | 1 << 40, 2_u64 | 1 << 40);
    // SAFETY: with addresses of 32 bits it writes the first two bytes.
    unsafe { asm!("addr32 rep insb", in("dx") SCRATCH, inout("rdi") rdi, inout("rcx") rcx) };
    check_eq!(bytes, [0x3e, 0x3e, 0, 0]);
    check_eq!(rdi & 0xffff_ffff, bytes.as_ptr() as u64 + 2);
    check_eq!(rcx & 0xffff_ffff, 0);
    Ok(())
}

fn string_into_a_page_that_is_absent(_: &mut ()) -> TestResult {
    // Nothing is mapped from 4 GiB on.
    let result = trap::catch(|| {
        string_in_bytes(SCRATCH, (1_u64 << 32) as *mut u8, 4, false);
    });
    let trap = result
        .err()
        .map(|trap| (trap.vector, trap.error, trap.address));
    check_eq!(trap, Some((14, 2, 1 << 32)));
    Ok(())
}

fn clock(_: &mut ()) -> TestResult {
    let read = |register| {
        port::write8(0x70, register);
        port::read8(0x71)
    };
    check!(read(0) <= 0x59 && read(2) <= 0x59, "second, minute");
    check!(
        (1..=0x31).contains(&read(7)) && (1..=0x12).contains(&read(8)),
        "day, month"
    );
    check!(read(13) & 0x80 != 0, "the battery is good");
    Ok(())
}

fn configuration_by_ports(_: &mut ()) -> TestResult {
    port::write32(0xcf8, 0x8000_0000);
    check_eq!(port::read32(0xcf8), 0x8000_0000);
    let ids = port::read32(0xcfc);
    check!(ids & 0xffff != 0xffff, "no host bridge");
    check_eq!(port::read16(0xcfc), ids as u16);
    check_eq!(port::read16(0xcfe), (ids >> 16) as u16);
    for (byte, at) in ids.to_le_bytes().into_iter().zip(0xcfc..) {
        check_eq!(port::read8(at), byte, "{at:#x}");
    }
    port::write32(0xcf8, 0x8000_f800 | 7 << 8);
    check_eq!(port::read32(0xcfc), u32::MAX, "00:1f.7 is absent");
    port::write32(0xcf8, 0);
    check_eq!(port::read32(0xcfc), u32::MAX, "not enabled");
    Ok(())
}

fn configuration_in_both_ways(_: &mut ()) -> TestResult {
    let Some(ecam) = acpi::ecam() else {
        bare::fail!("no table MCFG");
    };
    for offset in (0..256).step_by(4) {
        port::write32(0xcf8, 0x8000_0000 | offset);
        // SAFETY: it is mapped, and configuration space can be read.
        let other = unsafe { core::ptr::read_volatile((ecam + offset as usize) as *const u32) };
        check_eq!(port::read32(0xcfc), other, "{offset:#x}");
    }
    Ok(())
}

fn the_delay_port(_: &mut ()) -> TestResult {
    for _ in 0..100 {
        port::write8(0x80, 0x55);
    }
    Ok(())
}
