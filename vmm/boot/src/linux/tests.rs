// SPDX-License-Identifier: BSD-2-Clause
//! Kernels with made-up headers, and Debian's.

use std::vec;
use std::vec::Vec;
use std::{env, fs, println};

use vmm_base::{Gpa, GuestRam};

use crate::tests::{RAM, bytes_in, guest, memory, put, u32_in, u64_in};
use crate::{Error, Guest, SegmentState, load};

const LOADED_TO: u64 = 0x10_0000;
const MEMORY: u32 = 0x8000;

/// A kernel with one sector of setup code, whose loaded part is 0x600 bytes of 0x5a.
pub fn kernel() -> Vec<u8> {
    let mut file = vec![0; 0x400];
    for (offset, bytes) in [
        (0x1f1, &[1][..]),
        (0x1fe, &[0x55, 0xaa]),
        (0x200, &[0xeb, 0x6a]),
        (0x202, b"HdrS"),
        (0x206, &0x20fu16.to_le_bytes()),
        (0x22c, &0x7fff_ffffu32.to_le_bytes()),
        (0x230, &0x1000u32.to_le_bytes()),
        (0x236, &0x7fu16.to_le_bytes()),
        (0x238, &0x7ffu32.to_le_bytes()),
        (0x258, &LOADED_TO.to_le_bytes()),
        (0x260, &MEMORY.to_le_bytes()),
        // Behind the header, as 0x6a says.
        (0x26c, &[0xee]),
    ] {
        put(&mut file, offset, bytes);
    }
    put(&mut file, 0x400, &[0x5a; 0x600]);
    file
}

#[test]
fn all_is_in_place() {
    let mut words = memory(RAM);
    let ram = GuestRam::of(&mut words);
    let kernel = kernel();
    let initramfs = [0x77; 0x1801];
    let guest = Guest {
        kernel: &kernel,
        initramfs: &initramfs,
        command_line: b"console=hvc0",
        rsdp: Some(Gpa(0xe_0000)),
    };
    let state = load(ram, &guest).expect("it is in order");
    assert_eq!(state.rip, LOADED_TO + 0x200);
    assert_eq!(bytes_in(ram, LOADED_TO, 0x600), [0x5a; 0x600]);

    let page = state.rsi;
    assert_eq!(bytes_in(ram, page, 0x70), [0; 0x70]);
    assert_eq!(u64_in(ram, page + 0x70), 0xe_0000);
    assert_eq!(bytes_in(ram, page + 0x202, 4), *b"HdrS");
    assert_eq!(bytes_in(ram, page + 0x26c, 1), [0], "ends with the header");
    assert_eq!(bytes_in(ram, page + 0x1fa, 2), [0xff; 2]);
    assert_eq!(bytes_in(ram, page + 0x210, 1), [0xff]);
    let at = u64::from(u32_in(ram, page + 0x218));
    assert_eq!(at, RAM as u64 - 0x2000, "whole pages at the end");
    assert_eq!(u32_in(ram, page + 0x21c), 0x1801);
    assert_eq!(bytes_in(ram, at, 0x1801), initramfs);
    let command_line = u64::from(u32_in(ram, page + 0x228));
    assert_eq!(bytes_in(ram, command_line, 13), *b"console=hvc0\0");

    let ranges: Vec<_> = (0..6)
        .map(|number| page + 0x2d0 + 20 * number)
        .map(|at| (u64_in(ram, at), u64_in(ram, at + 8), u32_in(ram, at + 16)))
        .collect();
    assert_eq!(bytes_in(ram, page + 0x1e8, 1), [6]);
    let expected = [
        (0, 0xa_0000, 1),
        (0xe_0000, 0x2_0000, 2),
        (0x10_0000, RAM as u64 - 0x10_0000, 1),
        (0xe000_0000, 0x10_0000, 2),
        (0xfec0_0000, 0x1000, 2),
        (0xfee0_0000, 0x1000, 2),
    ];
    assert_eq!(ranges, expected);
}

#[test]
fn the_cpu_starts_in_64_bit_mode() {
    let mut words = memory(RAM);
    let ram = GuestRam::of(&mut words);
    let state = load(ram, &guest(&kernel())).expect("it is in order");
    assert_eq!(
        (state.cr0, state.cr4, state.efer),
        (0x8000_0011, 0x20, 0x500)
    );
    assert_eq!((state.rflags, state.rax, state.rbx), (2, 0, 0));
    // What the tables say is what the registers hold: SDM vol. 3A 3.4.5.
    let descriptors = [1, 3].map(|register: usize| {
        let SegmentState {
            selector,
            limit,
            access_rights,
        } = state.segments[register];
        assert!(u32::from(selector) + 7 <= state.gdt.limit);
        let descriptor = u64_in(ram, state.gdt.base + u64::from(selector));
        assert_eq!(descriptor >> 40 & 0xf0ff, access_rights.into());
        let pages = descriptor & 0xffff | descriptor >> 32 & 0xf_0000;
        assert_eq!(pages << 12 | 0xfff, limit.into());
        selector
    });
    assert_eq!(descriptors, [0x10, 0x18], "what boot.rst asks for");
    // A walk through four levels.
    for address in [0, LOADED_TO, 0x1234_5678, 0xffff_ffff] {
        let entry = |table: u64, shift: u32| {
            let entry = u64_in(ram, table + (address >> shift & 0x1ff) * 8);
            assert_eq!(entry & 3, 3, "present and writable");
            entry
        };
        let pointers = entry(state.cr3, 39) & !0xfff;
        let directory = entry(pointers, 30) & !0xfff;
        let page = entry(directory, 21);
        assert_eq!(page, address & !0x1f_ffff | 0x83);
    }
    assert_eq!(u64_in(ram, state.cr3 + 8), 0, "and nothing else");
}

#[test]
fn headers_that_are_refused() {
    let mut words = memory(RAM);
    let ram = GuestRam::of(&mut words);
    let end = LOADED_TO + u64::from(MEMORY);
    for (offset, bytes, expected) in [
        (0x202, &b"HdrX"[..], Error::UnknownKernel),
        (0x1fe, &[0], Error::UnknownKernel),
        (0x206, &[0x0b, 2], Error::Protocol(0x20b)),
        (0x236, &[0x7e], Error::No64BitEntry),
        // 255 sectors, and the file ends before.
        (0x1f1, &[255], Error::Truncated),
        // No power of two.
        (0x230, &[0, 0x30], Error::BadAddress(LOADED_TO)),
        (0x230, &[0, 0], Error::BadAddress(LOADED_TO)),
        (0x258, &[8], Error::BadAddress(LOADED_TO + 8)),
        (0x25a, &[0], Error::BadAddress(0)),
        (
            0x25c,
            &[1],
            Error::KernelRange {
                start: LOADED_TO | 1 << 32,
                end: end | 1 << 32,
            },
        ),
        (
            0x260,
            &[0, 5],
            Error::InitSize {
                size: 0x500,
                file: 0x600,
            },
        ),
        (
            0x262,
            &[0x30],
            Error::KernelRange {
                start: LOADED_TO,
                end: end + 0x30_0000,
            },
        ),
    ] {
        let mut kernel = kernel();
        put(&mut kernel, offset, bytes);
        assert_eq!(load(ram, &guest(&kernel)), Err(expected), "{offset:#x}");
    }
    for length in [0x208, 0x250, 0x263, 0x400] {
        let kernel = &kernel()[..length];
        assert_eq!(load(ram, &guest(kernel)), Err(Error::Truncated));
    }
}

#[test]
fn the_initramfs_lies_where_the_kernel_reaches_it() {
    let mut words = memory(RAM);
    let ram = GuestRam::of(&mut words);
    // Up to the end of the second MiB; the kernel takes 0x8000 of it.
    let mut kernel = kernel();
    put(&mut kernel, 0x22c, &0x1f_ffffu32.to_le_bytes());
    let room = 0x10_0000 - MEMORY as usize;
    for (size, expected) in [(0, 0), (1, 0x1f_f000), (room, LOADED_TO + 0x8000)] {
        let initramfs = vec![7; size];
        let guest = Guest {
            initramfs: &initramfs,
            ..guest(&kernel)
        };
        let page = load(ram, &guest).expect("there is room").rsi;
        assert_eq!(u64::from(u32_in(ram, page + 0x218)), expected);
        assert_eq!(u32_in(ram, page + 0x21c) as usize, size);
    }
    let initramfs = vec![7; room + 1];
    let guest = Guest {
        initramfs: &initramfs,
        ..guest(&kernel)
    };
    let refused = Error::Initramfs {
        size: room + 1,
        free: room as u64,
    };
    assert_eq!(load(ram, &guest), Err(refused));
}

#[test]
fn command_lines_of_all_lengths() {
    let mut words = memory(RAM);
    let ram = GuestRam::of(&mut words);
    for (limit, length, expected) in [
        (0x7ffu32, 0x7ff, Ok(())),
        (0x7ff, 0x800, Err(0x7ff)),
        (u32::MAX, 0xffff, Ok(())),
        (u32::MAX, 0x1_0000, Err(0xffff)),
    ] {
        let mut kernel = kernel();
        put(&mut kernel, 0x238, &limit.to_le_bytes());
        let command_line = vec![b'x'; length];
        let guest = Guest {
            command_line: &command_line,
            ..guest(&kernel)
        };
        let expected = expected.map_err(|limit| Error::CommandLine {
            size: length,
            limit,
        });
        assert_eq!(load(ram, &guest).map(|_| ()), expected);
    }
}

/// The kernel that guests boot in the tests, on machines that have fetched it.
#[test]
fn debian() {
    let cache = env::var("POSTERN_CACHE").ok();
    let home = env::var("HOME").map(|home| home + "/.cache/postern").ok();
    let Some(cache) = cache.or(home) else { return };
    let Ok(kernel) = fs::read(cache + "/linux/vmlinuz") else {
        println!("there is no Linux here");
        return;
    };
    let mut words = memory(128 << 20);
    let ram = GuestRam::of(&mut words);
    let state = load(ram, &guest(&kernel)).expect("this one boots");
    assert_eq!(state.rip % 0x1000, 0x200);
    // The entry follows the one for 32 bits, which begins with CLD and CLI.
    assert_eq!(bytes_in(ram, state.rip - 0x200, 2), [0xfc, 0xfa]);
    let mut words = memory(32 << 20);
    let refused = load(GuestRam::of(&mut words), &guest(&kernel));
    assert!(matches!(refused, Err(Error::KernelRange { .. })));
}
