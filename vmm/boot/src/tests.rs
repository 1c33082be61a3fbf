// SPDX-License-Identifier: BSD-2-Clause
//! What both kinds of kernels have in common, and files that nobody meant well with.

use std::string::ToString;
use std::vec;
use std::vec::Vec;

use proptest::prelude::*;
use vmm_base::{Gpa, GuestRam};

use crate::{Error, Guest, layout, linux, load, multiboot};

/// Bytes of memory of most tests' guests.
pub const RAM: usize = 4 << 20;

pub fn memory(size: usize) -> Vec<u64> {
    vec![u64::MAX; size / 8]
}

pub fn guest(kernel: &[u8]) -> Guest<'_> {
    Guest {
        kernel,
        initramfs: &[],
        command_line: b"",
        rsdp: None,
    }
}

/// `bytes` put into `file`, which grows if it has to.
pub fn put(file: &mut Vec<u8>, offset: usize, bytes: &[u8]) {
    file.resize(file.len().max(offset + bytes.len()), 0);
    file[offset..][..bytes.len()].copy_from_slice(bytes);
}

pub fn u32_in(ram: GuestRam<'_>, at: u64) -> u32 {
    u32::from_le_bytes(ram.get(Gpa(at)).expect("inside"))
}

pub fn u64_in(ram: GuestRam<'_>, at: u64) -> u64 {
    u64::from_le_bytes(ram.get(Gpa(at)).expect("inside"))
}

pub fn bytes_in(ram: GuestRam<'_>, at: u64, length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    ram.read(Gpa(at), &mut bytes).expect("inside");
    bytes
}

#[test]
fn sizes_of_memory() {
    for (size, expected) in [(0x1f_f000, false), (0x20_0000, true), (RAM, true)] {
        let mut words = memory(size);
        let loaded = load(GuestRam::of(&mut words), &guest(&multiboot::tests::flat()));
        assert_eq!(loaded.is_ok(), expected, "{size:#x}: {loaded:?}");
        if !expected {
            let text = "its memory has 0x1ff000 bytes, but must have 0x200000 to 0xc0000000";
            assert_eq!(loaded.unwrap_err().to_string(), text);
        }
    }
}

#[test]
fn what_is_no_kernel() {
    let mut words = memory(RAM);
    let ram = GuestRam::of(&mut words);
    for file in [&b""[..], b"x", &[0; 600], &[0xff; 10000], b"\x7fELF"] {
        assert_eq!(load(ram, &guest(file)), Err(Error::UnknownKernel));
    }
}

#[test]
fn a_command_line_ends_at_its_first_zero() {
    let mut words = memory(RAM);
    let ram = GuestRam::of(&mut words);
    for kernel in [linux::tests::kernel(), multiboot::tests::flat()] {
        for (given, expected) in [
            (&b"quiet\0debug\0\0"[..], &b"quiet\0"[..]),
            (b"a b", b"a b\0"),
            (b"", b"\0"),
        ] {
            let guest = Guest {
                command_line: given,
                ..guest(&kernel)
            };
            load(ram, &guest).expect("it is in order");
            let found = bytes_in(ram, layout::COMMAND_LINE.start, expected.len());
            assert_eq!(found, expected);
        }
    }
}

#[test]
fn the_loader_stays_where_no_kernel_may_be() {
    let mut words = memory(RAM);
    let ram = GuestRam::of(&mut words);
    load(ram, &guest(&linux::tests::kernel())).expect("it is in order");
    let untouched = |at| u64_in(ram, at) == u64::MAX;
    assert!(untouched(layout::LOADER.start - 8));
    let end = layout::LOADER.end;
    assert!((end..layout::RESET_VECTOR).step_by(8).all(untouched));
    let code = bytes_in(ram, layout::RESET_VECTOR, 8);
    assert_eq!(code, [0xb0, 1, 0xe6, 0x92, 0xf4, 0xeb, 0xfd, 0xff]);
}

/// A kernel's file, some bytes of which are others.
fn damaged() -> impl Strategy<Value = Vec<u8>> {
    let kernels = prop_oneof![
        Just(linux::tests::kernel()),
        Just(multiboot::tests::flat()),
        Just(multiboot::tests::elf_32()),
        Just(multiboot::tests::elf_64()),
    ];
    let interesting = prop_oneof![
        any::<u32>(),
        Just(0),
        Just(u32::MAX),
        (0u32..0x1000).prop_map(|number| number << 12),
    ];
    let changes = prop::collection::vec((0usize..0x300, interesting), 0..6);
    (kernels, changes, 0usize..0x2000).prop_map(|(mut kernel, changes, length)| {
        for (offset, value) in changes {
            put(&mut kernel, offset, &value.to_le_bytes());
        }
        kernel.truncate(length.max(0x100));
        kernel
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn no_file_does_harm(kernel in damaged(), initramfs in 0usize..0x40_0000) {
        let mut words = memory(RAM);
        let ram = GuestRam::of(&mut words);
        let initramfs = vec![1; initramfs];
        let guest = Guest { initramfs: &initramfs, ..guest(&kernel) };
        match load(ram, &guest) {
            // It starts where memory is, or where the image says that it does.
            Ok(state) => prop_assert!(state.rip <= u32::MAX.into()),
            Err(error) => prop_assert!(!error.to_string().is_empty()),
        }
        // Firmware's place is never written to.
        prop_assert_eq!(u64_in(ram, layout::FIRMWARE.start), u64::MAX);
    }
}
