// SPDX-License-Identifier: BSD-2-Clause
//! Debug system calls.
//!
//! Kernels built without debug support know none of these: there the calling thread faults with an
//! unknown system call. The runtimes know at run time which kernel they are on and ask first.

use crate::{
    IpcBuffer, Word,
    asm::{Registers, syscall},
    cap,
    state::{try_with_ipc_buffer_mut, with_ipc_buffer_mut},
    sys::syscall_id,
};

/// Message words that a part of a string overwrites, and that are saved on the stack meanwhile. The
/// kernel would take 120.
const SAVED_WORDS: usize = 64;

fn simple(number: isize, rdi: Word, rsi: Word) -> Registers {
    // SAFETY: debug calls take and return registers, and read the IPC buffer at most.
    unsafe {
        syscall(
            number,
            Registers {
                rdi,
                rsi,
                mrs: [0; 4],
            },
        )
    }
}

/// Prints one byte on the kernel's console.
pub fn debug_put_char(c: u8) {
    simple(syscall_id::DebugPutChar, c.into(), 0);
}

/// Prints a string on the kernel's console, up to 512 bytes at a time in one go, so that output of
/// other threads and cores does not get in between. The message registers are kept.
///
/// Works everywhere: where the IPC buffer is in use the bytes go one by one.
pub fn debug_put_string(s: &str) {
    for chunk in s.as_bytes().chunks(SAVED_WORDS * 8) {
        if try_with_ipc_buffer_mut(|buffer| put_chunk(buffer, chunk)).is_none() {
            chunk.iter().for_each(|byte| debug_put_char(*byte));
        }
    }
}

fn put_chunk(buffer: &mut IpcBuffer, chunk: &[u8]) {
    let mut saved = [0; SAVED_WORDS];
    saved.copy_from_slice(&buffer.msg_regs()[..SAVED_WORDS]);
    buffer.msg_bytes_mut()[..chunk.len()].copy_from_slice(chunk);
    simple(syscall_id::DebugPutString, 0, chunk.len() as Word);
    buffer.msg_regs_mut()[..SAVED_WORDS].copy_from_slice(&saved);
}

impl cap::Tcb {
    /// Gives the thread a name for the kernel's messages; overwrites message registers.
    pub fn debug_name(self, name: &[u8]) {
        with_ipc_buffer_mut(|buffer| {
            let bytes = buffer.msg_bytes_mut();
            let length = name.len().min(bytes.len() - 1);
            bytes[..length].copy_from_slice(&name[..length]);
            bytes[length] = 0;
            simple(syscall_id::DebugNameThread, self.bits(), 0);
        });
    }
}
