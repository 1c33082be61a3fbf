// SPDX-License-Identifier: BSD-2-Clause
//! Images of all forms, as they should be and as they should not.

use std::string::ToString;
use std::vec;
use std::vec::Vec;

use vmm_base::GuestRam;

use crate::tests::{RAM, bytes_in, guest, memory, put, u32_in, u64_in};
use crate::{Error, Guest, load};

const BASE: u32 = 0x10_0000;

fn words(numbers: &[u32]) -> Vec<u8> {
    numbers.iter().flat_map(|n| n.to_le_bytes()).collect()
}

/// A header without addresses.
fn header(flags: u32) -> Vec<u8> {
    let magic = 0x1bad_b002u32;
    words(&[magic, flags, 0u32.wrapping_sub(magic).wrapping_sub(flags)])
}

/// A flat image: 0x10 bytes of nothing, the header, 16 bytes of 0x5a, and 0x100 of zeros that are not
/// in the file.
pub fn flat() -> Vec<u8> {
    let mut file = vec![0; 0x10];
    file.extend(header(1 << 16));
    let end = BASE + 0x30;
    file.extend(words(&[BASE, BASE, end, end + 0x100, BASE + 0x20]));
    file.extend([0x5a; 0x10]);
    file
}

/// An ELF file with a header, a segment for code and one for zeros, linked elsewhere than loaded.
pub fn elf_32() -> Vec<u8> {
    let mut file = vec![0; 0x100];
    put(&mut file, 0, b"\x7fELF\x01\x01\x01");
    put(&mut file, 0x10, &[2, 0, 3, 0]);
    put(&mut file, 0x18, &words(&[0xc010_0004, 0x34]));
    put(&mut file, 0x2a, &[32, 0, 3, 0]);
    for (number, header) in [
        // A note, which is not loaded.
        [4, 0, 0, 0, u32::MAX, u32::MAX, 0, 0],
        [1, 0x100, 0xc010_0000, BASE, 8, 8, 0, 0],
        [1, 0x108, 0xc020_0000, BASE + 0x10_0000, 4, 0x1000, 0, 0],
    ]
    .iter()
    .enumerate()
    {
        put(&mut file, 0x34 + 32 * number, &words(header));
    }
    put(&mut file, 0xa0, &header_for_elf());
    put(&mut file, 0x100, b"postern!data");
    file
}

/// The same with 64 bits, and one segment.
pub fn elf_64() -> Vec<u8> {
    let mut file = vec![0; 0x100];
    put(&mut file, 0, b"\x7fELF\x02\x01\x01");
    put(&mut file, 0x10, &[2, 0, 62, 0]);
    put(&mut file, 0x18, &u64::from(BASE + 4).to_le_bytes());
    put(&mut file, 0x20, &0x40u64.to_le_bytes());
    put(&mut file, 0x36, &[56, 0, 1, 0]);
    put(&mut file, 0x40, &[1, 0, 0, 0, 7, 0, 0, 0]);
    for (number, value) in [0x100, BASE, BASE, 8, 0x2000, 0].iter().enumerate() {
        put(&mut file, 0x48 + 8 * number, &value.to_le_bytes());
    }
    put(&mut file, 0xa0, &header_for_elf());
    put(&mut file, 0x100, b"postern!");
    file
}

fn header_for_elf() -> Vec<u8> {
    header(3)
}

#[test]
fn images_are_loaded_to_where_they_want() {
    let mut memory = memory(RAM);
    let ram = GuestRam::of(&mut memory);
    let base = u64::from(BASE);
    let loaded = |file: &[u8]| load(ram, &guest(file)).expect("it is in order").rip;

    assert_eq!(loaded(&flat()), base + 0x20);
    assert_eq!(bytes_in(ram, base + 0x20, 0x10), [0x5a; 0x10]);
    assert_eq!(bytes_in(ram, base + 0x30, 0x100), [0; 0x100]);
    assert_eq!(u64_in(ram, base + 0x130), u64::MAX);

    assert_eq!(loaded(&elf_32()), base + 4, "physical, not virtual");
    assert_eq!(bytes_in(ram, base, 8), *b"postern!");
    assert_eq!(bytes_in(ram, base + 0x10_0000, 8), *b"data\0\0\0\0");
    assert_eq!(u64_in(ram, base + 0x10_0ff8), 0);

    assert_eq!(loaded(&elf_64()), base + 4);
    assert_eq!(u64_in(ram, base + 0x1ff8), 0);
}

#[test]
fn a_flat_image_without_ends_is_the_whole_file() {
    let mut memory = memory(RAM);
    let ram = GuestRam::of(&mut memory);
    let mut file = flat();
    put(&mut file, 0x10 + 20, &[0; 8]);
    file.extend([9; 100]);
    load(ram, &guest(&file)).expect("it is in order");
    assert_eq!(bytes_in(ram, u64::from(BASE) + 0x30, 100), [9; 100]);
}

#[test]
fn the_cpu_starts_in_32_bit_mode() {
    let mut memory = memory(RAM);
    let ram = GuestRam::of(&mut memory);
    let state = load(ram, &guest(&flat())).expect("it is in order");
    assert_eq!(state.rax, 0x2bad_b002);
    assert_eq!(
        (state.cr0, state.cr4, state.efer, state.cr3),
        (0x11, 0, 0, 0)
    );
    let code = state.segments[1];
    assert_eq!((code.limit, code.access_rights), (u32::MAX, 0xc09b));
    assert_eq!(u64_in(ram, state.gdt.base + 0x10), 0x00cf_9b00_0000_ffff);
}

#[test]
fn what_the_kernel_is_told() {
    let mut memory = memory(RAM);
    let ram = GuestRam::of(&mut memory);
    let file = flat();
    let guest = Guest {
        initramfs: b"module",
        command_line: b"a=1",
        ..guest(&file)
    };
    let at = load(ram, &guest).expect("it is in order").rbx;
    let word = |offset| u64::from(u32_in(ram, at + offset));
    assert_eq!(word(0), 0b100_1101);
    assert_eq!((word(4), word(8)), (640, 3 * 1024));
    assert_eq!(bytes_in(ram, word(16), 4), *b"a=1\0");
    assert_eq!(word(20), 1);
    let module = [0, 4, 8].map(|offset| u64::from(u32_in(ram, word(24) + offset)));
    assert_eq!(module[0], RAM as u64 - 0x1000);
    assert_eq!(bytes_in(ram, module[0], 6), *b"module");
    assert_eq!(module[1], module[0] + 6);
    assert_eq!(bytes_in(ram, module[2], 1), [0]);
    let (length, map) = (word(44), word(48));
    let ends: Vec<u64> = (map..map + length)
        .step_by(24)
        .map(|at| {
            assert_eq!(u32_in(ram, at), 20);
            u64_in(ram, at + 4) + u64_in(ram, at + 12)
        })
        .collect();
    let expected = [
        0xa_0000,
        0x10_0000,
        RAM as u64,
        0xe010_0000,
        0xfec0_1000,
        0xfee0_1000,
    ];
    assert_eq!(ends, expected);

    let without = Guest {
        initramfs: &[],
        ..guest
    };
    let at = load(ram, &without).expect("it is in order").rbx;
    assert_eq!((u32_in(ram, at), u32_in(ram, at + 20)), (0b100_0101, 0));
}

fn flat_with(changes: &[(usize, u32)]) -> Vec<u8> {
    let mut file = flat();
    for (offset, value) in changes {
        put(&mut file, 0x10 + offset, &value.to_le_bytes());
    }
    file
}

fn elf_32_with(offset: usize, value: u32) -> Vec<u8> {
    let mut file = elf_32();
    put(&mut file, offset, &value.to_le_bytes());
    file
}

#[test]
fn images_that_are_refused() {
    let mut memory = memory(RAM);
    let ram = GuestRam::of(&mut memory);
    let range = |start, end| Error::KernelRange { start, end };
    let video = [header(1 << 2), vec![0; 32]].concat();
    let mut wide = elf_64();
    put(&mut wide, 0x1c, &[1]);
    // The first segment's header, and its fields.
    let (first, paddr, filesz, memsz) = (0x34 + 32, 12, 16, 20);
    for (file, expected) in [
        (video, Error::Wants(4)),
        (header(1 << 16), Error::Truncated),
        (flat_with(&[(12, BASE - 1)]), Error::BadHeader),
        (flat_with(&[(12, BASE + 0x11)]), Error::BadHeader),
        (flat_with(&[(20, BASE - 1)]), Error::BadHeader),
        (flat_with(&[(20, BASE + 0x1000)]), Error::Truncated),
        (flat_with(&[(24, BASE + 1)]), Error::BadHeader),
        (
            flat_with(&[(24, u32::MAX)]),
            range(BASE.into(), 0xffff_ffff),
        ),
        (
            flat_with(&[(12, 0), (16, 0), (20, 0), (24, 0)]),
            range(0, 0x30),
        ),
        (
            flat_with(&[(12, 0x9_fff0), (16, 0x9_fff0), (20, 0), (24, 0)]),
            range(0x9_fff0, 0xa_0020),
        ),
        (header(0), Error::NoElf),
        (elf_32_with(0x10, 0x28_0002), Error::NoElf),
        (elf_32_with(4, 3), Error::NoElf),
        (elf_32_with(0x1c, u32::MAX), Error::Truncated),
        (elf_32_with(0x2c, 65), Error::Segments(65)),
        (elf_32_with(0x2c, 0), Error::Segments(0)),
        // A program header of 8 bytes.
        (elf_32_with(0x2a, 0x3_0008), Error::Segments(0)),
        (
            elf_32_with(first + paddr, 0xf_0000),
            range(0xf_0000, 0xf_0008),
        ),
        (
            elf_32_with(first + paddr, u32::MAX),
            range(0xffff_ffff, 0x1_0000_0007),
        ),
        (elf_32_with(first + filesz, 0x10_0000), Error::Truncated),
        (elf_32_with(first + memsz, 7), Error::BadHeader),
        (wide, Error::BadEntry(0x1_0010_0004)),
    ] {
        assert_eq!(load(ram, &guest(&file)), Err(expected), "{expected}");
    }
}

#[test]
fn a_module_lies_behind_the_image() {
    let mut memory = memory(RAM);
    let ram = GuestRam::of(&mut memory);
    let file = elf_32();
    // The image ends at 0x201000.
    let room = RAM - 0x20_1000;
    for (size, fits) in [(room, true), (room + 1, false)] {
        let module = vec![7; size];
        let guest = Guest {
            initramfs: &module,
            ..guest(&file)
        };
        let loaded = load(ram, &guest);
        assert_eq!(loaded.is_ok(), fits);
        if let Err(error) = loaded {
            let text =
                "its initramfs has 0x1ff001 bytes, and 0x1ff000 bytes of memory are free for it";
            assert_eq!(error.to_string(), text);
        }
    }
}

#[test]
fn a_header_counts_only_where_it_may_stand() {
    let mut memory = memory(RAM);
    let ram = GuestRam::of(&mut memory);
    let image = |at: usize| [vec![0; at], header(0)].concat();
    for (at, found) in [
        (8192 - 12, true),
        (8192 - 8, false),
        (2, false),
        (8196, false),
    ] {
        let expected = if found {
            Error::NoElf
        } else {
            Error::UnknownKernel
        };
        assert_eq!(load(ram, &guest(&image(at))), Err(expected), "{at}");
    }
    let mut wrong_sum = image(0);
    wrong_sum[8] ^= 1;
    assert_eq!(load(ram, &guest(&wrong_sum)), Err(Error::UnknownKernel));
}
