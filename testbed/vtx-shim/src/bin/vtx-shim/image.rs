// SPDX-License-Identifier: BSD-2-Clause
//! Loads the hypervisor as a multiboot loader would: it was given to the shim as the first module,
//! and what it is to get are the others.

use core::{ptr, slice};

use crate::console;
use crate::nested;

/// Where the hypervisor finds its boot information: a page that seL4 and firmware leave alone.
const INFORMATION: usize = 0x6_0000;
const MODULES: usize = INFORMATION + 0x100;
const MAP: usize = INFORMATION + 0x400;
const MAP_END: usize = INFORMATION + 0x1000;
/// Fields of the boot information, in words.
const MODULE_COUNT: usize = 5;
const MODULE_LIST: usize = 6;
const MAP_LENGTH: usize = 11;
const MAP_ADDRESS: usize = 12;
const WORDS: usize = 22;
const AVAILABLE: u32 = 1;
const RESERVED: u32 = 2;

/// Where the hypervisor starts, and its boot information.
pub struct Loaded {
    pub entry: u64,
    pub information: u64,
}

/// Loads it.
pub fn load(information: u64) -> Loaded {
    let given: [u32; WORDS] = read(information as usize);
    let count = given[MODULE_COUNT] as usize;
    if count == 0 {
        console::stop(format_args!(
            "there is no hypervisor: it has to be the first module"
        ));
    }
    let modules: &[[u32; 4]] = memory(given[MODULE_LIST] as usize, count * 16);
    let [start, end, ..] = modules[0];
    let entry = elf(memory(start as usize, (end - start) as usize));
    let mut words = given;
    words[MODULE_COUNT] = count as u32 - 1;
    words[MODULE_LIST] = MODULES as u32;
    write(MODULES, &modules[1..]);
    let length = memory_map(given[MAP_ADDRESS] as usize, given[MAP_LENGTH] as usize);
    words[MAP_ADDRESS] = MAP as u32;
    words[MAP_LENGTH] = length as u32;
    write(INFORMATION, &words);
    Loaded {
        entry,
        information: INFORMATION as u64,
    }
}

/// Loads the segments of a 32-bit ELF file to their physical addresses.
fn elf(file: &[u8]) -> u64 {
    let word = |at: usize| u32::from_le_bytes([file[at], file[at + 1], file[at + 2], file[at + 3]]);
    let half = |at: usize| u16::from_le_bytes([file[at], file[at + 1]]) as usize;
    if file.len() < 52 || &file[..5] != b"\x7fELF\x01" {
        console::stop(format_args!("the hypervisor is no 32-bit ELF file"));
    }
    let mut patched = 0;
    for header in (0..half(44)).map(|i| word(28) as usize + i * half(42)) {
        const LOAD: u32 = 1;
        if word(header) != LOAD {
            continue;
        }
        let [offset, at, size, full] = [4, 12, 16, 20].map(|field| word(header + field) as usize);
        if at + full > nested::FIRST as usize && at < nested::end() as usize {
            console::stop(format_args!(
                "the hypervisor wants the memory at {at:#x}, where the shim is"
            ));
        }
        // SAFETY: memory that nobody uses yet.
        let into = unsafe { slice::from_raw_parts_mut(at as *mut u8, full) };
        into[..size].copy_from_slice(&file[offset..offset + size]);
        into[size..].fill(0);
        patched += make_undefined(&mut into[..size]);
    }
    console::line(format_args!(
        "{patched} instructions of the hypervisor are patched, since QEMU up to 10.0 does not stop at them"
    ));
    word(24).into()
}

/// VMXON, VMCLEAR, VMPTRLD, VMPTRST do nothing in QEMU up to 10.0 instead of raising an exception. UD1
/// has the same length and the same operands, and always raises one.
fn make_undefined(code: &mut [u8]) -> usize {
    let mut count = 0;
    for at in 0..code.len().saturating_sub(2) {
        if let [0x0f, opcode @ 0xc7, modrm] = &mut code[at..at + 3]
            && *modrm < 0xc0
            && matches!(*modrm >> 3 & 7, 6 | 7)
        {
            *opcode = 0xb9;
            count += 1;
        }
    }
    count
}

/// Copies the memory map, without the shim's memory; its length.
fn memory_map(from: usize, length: usize) -> usize {
    let (mut at, mut to) = (from, MAP);
    let mut add = |base: u64, size: u64, kind: u32| {
        if size > 0 && to + 24 <= MAP_END {
            write(to, &[20u32]);
            write(to + 4, &[base, size]);
            write(to + 20, &[kind]);
            to += 24;
        }
    };
    while at < from + length {
        let [size]: [u32; 1] = read(at);
        let [base, bytes]: [u64; 2] = read(at + 4);
        let [kind]: [u32; 1] = read(at + 20);
        let end = base + bytes;
        if kind == AVAILABLE && base < nested::end() && end > nested::FIRST {
            add(base, nested::FIRST.saturating_sub(base), AVAILABLE);
            add(nested::FIRST, nested::end() - nested::FIRST, RESERVED);
            add(nested::end(), end.saturating_sub(nested::end()), AVAILABLE);
        } else {
            add(base, bytes, kind);
        }
        at += size as usize + 4;
    }
    to - MAP
}

fn read<T: Copy>(at: usize) -> T {
    // SAFETY: the boot loader left it there.
    unsafe { ptr::read_unaligned(at as *const T) }
}

fn write<T: Copy>(at: usize, values: &[T]) {
    // SAFETY: low memory that nobody uses.
    unsafe {
        ptr::copy_nonoverlapping(
            values.as_ptr().cast::<u8>(),
            at as *mut u8,
            size_of_val(values),
        )
    };
}

fn memory<T>(at: usize, bytes: usize) -> &'static [T] {
    // SAFETY: the boot loader's, which nobody changes before the hypervisor runs.
    unsafe { slice::from_raw_parts(at as *const T, bytes / size_of::<T>()) }
}
