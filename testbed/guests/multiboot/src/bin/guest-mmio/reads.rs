// SPDX-License-Identifier: BSD-2-Clause
//! Reads of all widths: configuration space of the host bridge, which the ports give too.

use core::arch::asm;

use bare::{TestResult, acpi, check_eq, fail, port};

/// Where it is, and the first 64 bytes.
fn header() -> Result<(usize, [u8; 64]), bare::Failure> {
    let mut bytes = [0; 64];
    for (offset, four) in (0..64).step_by(4).zip(bytes.as_chunks_mut::<4>().0) {
        port::write32(0xcf8, 0x8000_0000 | offset);
        *four = port::read32(0xcfc).to_le_bytes();
    }
    match acpi::ecam() {
        Some(at) => Ok((at, bytes)),
        None => Err(bare::Failure::failed(
            file!(),
            line!(),
            format_args!("no table MCFG"),
        )),
    }
}

fn expected<const N: usize>(bytes: &[u8; 64], at: usize) -> [u8; N] {
    core::array::from_fn(|i| bytes[at + i])
}

/// Runs instructions with RSI at the device and returns RAX, which is -1 before.
macro_rules! read {
    ($at:expr, $($instruction:literal),+) => {{
        let mut rax = u64::MAX;
        // SAFETY: they read configuration space.
        unsafe { asm!($($instruction),+, inout("rax") rax, inout("rsi") $at => _, out("rcx") _) };
        rax
    }};
}

pub fn widths_of_reads(_: &mut ()) -> TestResult {
    let (ecam, bytes) = header()?;
    for offset in 0..60 {
        let at = ecam + offset;
        check_eq!(read!(at, "mov al, [rsi]"), !0xff | u64::from(bytes[offset]));
        check_eq!(
            read!(at, "xor eax, eax", "mov ah, [rsi]"),
            u64::from(bytes[offset]) << 8
        );
        if offset % 2 == 0 {
            let word = u16::from_le_bytes(expected(&bytes, offset));
            check_eq!(
                read!(at, "mov ax, [rsi]"),
                !0xffff | u64::from(word),
                "{offset:#x}"
            );
        }
        if offset % 4 == 0 {
            let dword = u32::from_le_bytes(expected(&bytes, offset));
            check_eq!(read!(at, "mov eax, [rsi]"), u64::from(dword), "{offset:#x}");
        }
    }
    Ok(())
}

pub fn extending_reads(_: &mut ()) -> TestResult {
    let (ecam, bytes) = header()?;
    for offset in (0..60).step_by(2) {
        let at = ecam + offset;
        let byte = bytes[offset];
        let word = u16::from_le_bytes(expected(&bytes, offset));
        check_eq!(read!(at, "movzx eax, byte ptr [rsi]"), u64::from(byte));
        check_eq!(
            read!(at, "movzx ax, byte ptr [rsi]"),
            !0xffff | u64::from(byte)
        );
        check_eq!(read!(at, "movzx eax, word ptr [rsi]"), u64::from(word));
        check_eq!(read!(at, "movsx rax, byte ptr [rsi]"), byte as i8 as u64);
        check_eq!(
            read!(at, "movsx eax, word ptr [rsi]"),
            u64::from(word as i16 as u32)
        );
        check_eq!(read!(at, "movsx rax, word ptr [rsi]"), word as i16 as u64);
        if offset % 4 == 0 {
            let dword = i32::from_le_bytes(expected(&bytes, offset));
            check_eq!(read!(at, "movsxd rax, dword ptr [rsi]"), dword as u64);
        }
    }
    Ok(())
}

pub fn quadword_reads(_: &mut ()) -> TestResult {
    let (ecam, bytes) = header()?;
    for offset in (0..56).step_by(8) {
        let at = ecam + offset;
        let expected = u64::from_le_bytes(expected(&bytes, offset));
        check_eq!(read!(at, "mov rax, [rsi]"), expected, "{offset:#x}");
        check_eq!(read!(at, "and rax, [rsi]"), expected, "{offset:#x}");
    }
    Ok(())
}

pub fn string_reads(_: &mut ()) -> TestResult {
    let (ecam, expected) = header()?;
    macro_rules! copy {
        ($instruction:literal, $count:expr) => {{
            let mut bytes = [0_u8; 64];
            // SAFETY: it writes the 64 bytes.
            unsafe {
                asm!($instruction, inout("rsi") ecam => _, inout("rdi") bytes.as_mut_ptr() => _,
                     inout("rcx") $count => _);
            }
            check_eq!(bytes == expected, true, "{}", $instruction);
        }};
    }
    copy!("rep movsb", 64);
    copy!("rep movsw", 32);
    copy!("rep movsd", 16);
    copy!("rep movsq", 8);
    let found = read!(
        ecam,
        "lodsb",
        "movzx rcx, al",
        "lodsb",
        "mov ah, al",
        "mov al, cl"
    );
    check_eq!(found as u16, u16::from_le_bytes([expected[0], expected[1]]));
    Ok(())
}

pub fn segment_and_prefixes(_: &mut ()) -> TestResult {
    let (ecam, bytes) = header()?;
    let expected = u64::from(u32::from_le_bytes(expected(&bytes, 0)));
    const GS_BASE: u32 = 0xc000_0101;
    bare::cpu::write_msr(GS_BASE, ecam as u64 - 0x100)?;
    let found = read!(0x100_usize, "mov eax, gs:[rsi]");
    bare::cpu::write_msr(GS_BASE, 0)?;
    if found != expected {
        fail!("by GS: {found:#x}, not {expected:#x}");
    }
    check_eq!(read!(ecam, "mov eax, ds:[rsi]"), expected);
    check_eq!(
        read!(ecam as u64, ".byte 0x48, 0x67, 0x8b, 0x06") as u32 as u64,
        expected
    );
    Ok(())
}
