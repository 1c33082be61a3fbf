// SPDX-License-Identifier: BSD-2-Clause
//! The memory functions that compiled code calls, under names that do not clash with the host's.
//!
//! Written with the CPU's string instructions: a loop in Rust could be compiled into a call of the
//! very function that it implements. Words first, then the last bytes: that is fast on emulators
//! too. The direction flag is clear on entry and exit, as the C ABI demands.

use core::{arch::asm, ffi::c_int};

const WORD: usize = size_of::<u64>();

/// `memcpy`.
///
/// # Safety
///
/// As for the C function: both ranges valid, not overlapping (or `dst` below `src`).
#[inline]
pub unsafe fn copy_forward(dst: *mut u8, src: *const u8, len: usize) {
    // SAFETY: reads and writes `len` bytes of the ranges that the caller vouches for.
    unsafe {
        asm!(
            "rep movsq",
            "mov rcx, {rest}",
            "rep movsb",
            rest = in(reg) len % WORD,
            inout("rcx") len / WORD => _,
            inout("rdi") dst => _,
            inout("rsi") src => _,
            options(nostack, preserves_flags),
        );
    }
}

/// `memmove`.
///
/// # Safety
///
/// As for the C function: both ranges valid.
#[inline]
pub unsafe fn copy(dst: *mut u8, src: *const u8, len: usize) {
    if (dst as usize).wrapping_sub(src as usize) >= len {
        // SAFETY: `dst` is below `src` or behind its end, so going up never overwrites what is
        // still to be read.
        return unsafe { copy_forward(dst, src, len) };
    }
    // SAFETY: `dst` lies inside the source range, so going down never overwrites what is still to
    // be read: first the odd bytes at the top, then words. The pointers start at the last byte,
    // then step back to the first byte of the last word.
    unsafe {
        asm!(
            "std",
            "rep movsb",
            "sub rsi, 7",
            "sub rdi, 7",
            "mov rcx, {words}",
            "rep movsq",
            "cld",
            words = in(reg) len / WORD,
            inout("rcx") len % WORD => _,
            inout("rdi") dst.wrapping_add(len).wrapping_sub(1) => _,
            inout("rsi") src.wrapping_add(len).wrapping_sub(1) => _,
            options(nostack),
        );
    }
}

/// `memset`.
///
/// # Safety
///
/// As for the C function: the range is valid.
#[inline]
pub unsafe fn fill(dst: *mut u8, byte: u8, len: usize) {
    // SAFETY: writes `len` bytes of the range that the caller vouches for.
    unsafe {
        asm!(
            "rep stosq",
            "mov rcx, {rest}",
            "rep stosb",
            rest = in(reg) len % WORD,
            inout("rcx") len / WORD => _,
            inout("rdi") dst => _,
            in("rax") u64::from_ne_bytes([byte; WORD]),
            options(nostack, preserves_flags),
        );
    }
}

/// `memcmp`; serves as `bcmp` too.
///
/// # Safety
///
/// As for the C function: both ranges valid.
#[inline]
pub unsafe fn compare(a: *const u8, b: *const u8, len: usize) -> c_int {
    let mut at = 0;
    while at < len {
        // SAFETY: `at` is below `len`, and the caller vouches for both ranges. Volatile reads keep
        // the loop from being recognised as a comparison of memory.
        let (x, y) = unsafe { (a.add(at).read_volatile(), b.add(at).read_volatile()) };
        if x != y {
            return c_int::from(x) - c_int::from(y);
        }
        at += 1;
    }
    0
}

/// `strlen`.
///
/// # Safety
///
/// As for the C function: the string ends with a zero byte.
#[inline]
pub unsafe fn string_length(s: *const u8) -> usize {
    let mut len = 0;
    // SAFETY: no zero byte was read yet, so this byte is part of the string. Volatile as above.
    while unsafe { s.add(len).read_volatile() } != 0 {
        len += 1;
    }
    len
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn bytes(len: usize) -> Vec<u8> {
        (0..len).map(|i| (i * 7 + 3) as u8).collect()
    }

    proptest! {
        #[test]
        fn copy_forward_copies_exactly(len in 0usize..100, dst in 0usize..9, src in 0usize..9) {
            let from = bytes(120);
            let mut to = vec![0xee; 120];
            // SAFETY: 8 + 99 is below 120, and the vectors are two.
            unsafe { copy_forward(to.as_mut_ptr().add(dst), from.as_ptr().add(src), len) };
            prop_assert_eq!(&to[dst..dst + len], &from[src..src + len]);
            prop_assert!(to[..dst].iter().chain(&to[dst + len..]).all(|byte| *byte == 0xee));
        }

        #[test]
        fn copy_is_memmove(len in 0usize..100, dst in 0usize..100, src in 0usize..100) {
            let mut ours = bytes(200);
            let mut expected = ours.clone();
            expected.copy_within(src..src + len, dst);
            let base = ours.as_mut_ptr();
            // SAFETY: 99 + 99 is below 200.
            unsafe { copy(base.add(dst), base.add(src), len) };
            prop_assert_eq!(ours, expected);
        }

        #[test]
        fn fill_fills_exactly(len in 0usize..100, at in 0usize..9, byte: u8) {
            let mut ours = bytes(120);
            let mut expected = ours.clone();
            expected[at..at + len].fill(byte);
            // SAFETY: 8 + 99 is below 120.
            unsafe { fill(ours.as_mut_ptr().add(at), byte, len) };
            prop_assert_eq!(ours, expected);
        }

        #[test]
        fn compare_orders_as_slices_do(a: Vec<u8>, mut b: Vec<u8>, same in 0usize..20) {
            let common = same.min(a.len()).min(b.len());
            b[..common].copy_from_slice(&a[..common]);
            let len = a.len().min(b.len());
            // SAFETY: both have `len` bytes.
            let ours = unsafe { compare(a.as_ptr(), b.as_ptr(), len) };
            prop_assert_eq!(ours.cmp(&0), a[..len].cmp(&b[..len]));
        }
    }

    #[test]
    fn string_lengths() {
        for (string, len) in [(c"", 0), (c"a", 1), (c"seL4", 4)] {
            // SAFETY: a C string ends with a zero byte.
            assert_eq!(unsafe { string_length(string.as_ptr().cast()) }, len);
        }
    }

    #[test]
    fn direction_flag_is_clear_after_moving_up() {
        let mut buffer = bytes(64);
        // SAFETY: 1 + 40 is below 64.
        unsafe { copy(buffer.as_mut_ptr().add(1), buffer.as_ptr(), 40) };
        let flags: u64;
        // SAFETY: only reads the flags; without `nostack` the red zone is kept free.
        unsafe { asm!("pushfq", "pop {}", out(reg) flags) };
        assert_eq!(flags & 1 << 10, 0);
    }
}
