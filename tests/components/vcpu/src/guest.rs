// SPDX-License-Identifier: BSD-2-Clause
//! The guest: 32-bit protected mode with paging, its code in the second page of its memory.
//!
//! | Guest-physical | |
//! |---|---|
//! | 0x1000 | page directory: one page of 4 MiB, identity |
//! | 0x2000 | code |
//! | 0x3000 | data |
//! | 0x4000 | end of the stack |

use core::{arch::global_asm, ptr::NonNull};

use sel4::Word;
use sel4_microkit::memory_region_symbol;
use sel4_vcpu::{Entry, Exit, ExitInfo, Registers, Vcpu, VmcsField};

use crate::vmcs::*;

const MEMORY: usize = 0x8000;
const PAGE_DIRECTORY: usize = 0x1000;
const CODE: usize = 0x2000;
/// Where the guest's programs and the tests leave words for each other.
pub const DATA: usize = 0x3000;
const STACK_END: Word = 0x4000;

/// HLT exits; secondary controls are in use.
const PRIMARY: Word = 1 << 7 | 1 << 31;
/// Extended page tables, VPID.
const SECONDARY: Word = 1 << 1 | 1 << 5;

/// Programs of the guest, by their place behind the beginning of the code.
#[derive(Debug, Clone, Copy)]
pub enum Program {
    /// Inverts EAX, then calls.
    Invert = 0x00,
    /// CPUID.
    Cpuid = 0x20,
    /// Adds 1 to the word at [`DATA`], then calls.
    Increment = 0x40,
    /// Writes to guest-physical 0x300000.
    Outside = 0x60,
    /// Writes to port 0x80, then calls.
    Port = 0x80,
    /// Jumps to itself.
    Spin = 0xa0,
}

global_asm!(
    ".pushsection .rodata.guest, \"a\", @progbits",
    ".globl guest_code, guest_code_end",
    ".code32",
    "guest_code:",
    "not eax",
    "vmcall",
    ".org guest_code + 0x20",
    "cpuid",
    ".org guest_code + 0x40",
    "inc dword ptr [0x3000]",
    "vmcall",
    ".org guest_code + 0x60",
    "mov dword ptr [0x300000], eax",
    ".org guest_code + 0x80",
    "out 0x80, al",
    "vmcall",
    ".org guest_code + 0xa0",
    "2: jmp 2b",
    "guest_code_end:",
    ".code64",
    ".popsection",
);

unsafe extern "C" {
    static guest_code: u8;
    static guest_code_end: u8;
}

/// The guest and its virtual CPU.
pub struct Guest {
    pub vcpu: Vcpu,
    memory: NonNull<[u8]>,
}

impl Guest {
    pub fn new() -> Self {
        let memory = memory_region_symbol!(guest_vaddr: *mut [u8], n = MEMORY);
        Self {
            vcpu: Vcpu::new(0),
            memory,
        }
    }

    /// Fills memory and VMCS.
    pub fn set_up(&mut self) -> sel4::Result<()> {
        const PRESENT_WRITABLE_4_MIB: u32 = 0x83;
        self.write_word(PAGE_DIRECTORY, PRESENT_WRITABLE_4_MIB);
        let start = &raw const guest_code;
        // SAFETY: both symbols mark one piece of read-only data, which begins at the first.
        let code = unsafe {
            let length = (&raw const guest_code_end).offset_from_unsigned(start);
            core::slice::from_raw_parts(start, length)
        };
        for (i, byte) in code.iter().enumerate() {
            self.write_byte(CODE + i, *byte);
        }
        self.set_up_segments()?;
        for (field, value) in [
            (GUEST_CR0, 0x8000_0031),
            (GUEST_CR3, PAGE_DIRECTORY as Word),
            // PSE, VMXE.
            (GUEST_CR4, 0x2010),
            (SECONDARY_CONTROLS, SECONDARY),
            (GUEST_GDTR_LIMIT, 0xffff),
            (GUEST_IDTR_LIMIT, 0xffff),
            (GUEST_GDTR_BASE, 0),
            (GUEST_IDTR_BASE, 0),
            // Interrupts on.
            (GUEST_RFLAGS, 0x202),
            (GUEST_RSP, STACK_END),
            (GUEST_DR7, 0x400),
            (GUEST_INTERRUPTIBILITY, 0),
            (GUEST_ACTIVITY, 0),
            (GUEST_DEBUGCTL, 0),
            (GUEST_SYSENTER_CS, 0),
            (GUEST_SYSENTER_ESP, 0),
            (GUEST_SYSENTER_EIP, 0),
            (GUEST_PENDING_DEBUG, 0),
            (EXCEPTION_BITMAP, 0),
            (CR0_MASK, 0),
            (CR4_MASK, 0),
        ] {
            self.set(field, value)?;
        }
        Ok(())
    }

    /// Flat segments; no local descriptor table, a busy task of 32 bits.
    fn set_up_segments(&self) -> sel4::Result<()> {
        const DATA_RIGHTS: Word = 0xc093;
        const CODE_RIGHTS: Word = 0xc09b;
        const UNUSABLE: Word = 0x1_0000;
        const BUSY_TASK: Word = 0x8b;
        for index in 0..SEGMENTS {
            let (selected, rights, last) = match index {
                1 => (8, CODE_RIGHTS, 0xffff_ffff),
                6 => (0, UNUSABLE, 0),
                7 => (0, BUSY_TASK, 0x67),
                _ => (16, DATA_RIGHTS, 0xffff_ffff),
            };
            self.set(selector(index), selected)?;
            self.set(base(index), 0)?;
            self.set(limit(index), last)?;
            self.set(access(index), rights)?;
        }
        Ok(())
    }

    fn set(&self, field: VmcsField, value: Word) -> sel4::Result<()> {
        self.vcpu.write_vmcs(field, value).map(drop)
    }

    /// Where a program begins.
    pub fn entry(program: Program) -> Entry {
        let rip = CODE as Word + program as Word;
        Entry {
            rip,
            primary_controls: PRIMARY,
            interruption_info: 0,
        }
    }

    /// Runs `program` with `registers` until it exits; notifications meanwhile are dropped.
    pub fn run(&self, program: Program, registers: &Registers) -> sel4::Result<Option<ExitInfo>> {
        self.vcpu.write_registers(registers)?;
        self.go_on(Self::entry(program))
    }

    /// Runs the guest from where `entry` says until it exits.
    pub fn go_on(&self, mut entry: Entry) -> sel4::Result<Option<ExitInfo>> {
        loop {
            match self.vcpu.enter(&entry) {
                Exit::Exit(info) => return Ok(Some(info)),
                Exit::Notification { entry: state, .. } => entry = state,
                Exit::NoVcpu => return Ok(None),
            }
        }
    }

    /// Writes a word of the guest's memory.
    pub fn write_word(&self, at: usize, word: u32) {
        for (i, byte) in word.to_le_bytes().into_iter().enumerate() {
            self.write_byte(at + i, byte);
        }
    }

    /// Reads a word of the guest's memory.
    pub fn read_word(&self, at: usize) -> u32 {
        u32::from_le_bytes(core::array::from_fn(|i| {
            assert!(at + i < self.memory.len());
            // SAFETY: the region is mapped for good, and the byte lies in it; volatile, for the
            // guest changes it.
            unsafe { self.memory.cast::<u8>().add(at + i).read_volatile() }
        }))
    }

    fn write_byte(&self, at: usize, byte: u8) {
        assert!(at < self.memory.len());
        // SAFETY: as in `read_word`; the region is mapped writable.
        unsafe { self.memory.cast::<u8>().add(at).write_volatile(byte) };
    }
}
