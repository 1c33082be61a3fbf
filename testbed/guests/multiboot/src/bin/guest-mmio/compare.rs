// SPDX-License-Identifier: BSD-2-Clause
//! The same instruction on a word of memory and on a register of a device.

use core::arch::asm;

use bare::apic::{BASE, MASKED, register};
use bare::{TestResult, apic, check_eq};

/// What an instruction can change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Outcome {
    word: u32,
    rax: u64,
    rcx: u64,
    flags: u64,
}

/// The flags that arithmetic sets, but for AF, which some instructions leave undefined.
const FLAGS: u64 = 0x8c5;

/// Values that make flags differ.
const VALUES: [(u32, u64, u64); 6] = [
    (0, 0, 0),
    (1, 0xffff_ffff, 1),
    (0x8000_0000, 0x8000_0000, 31),
    (0x7fff_ffff, 1, 4),
    (0x1234_5678, 0x1234_5678, 0x9abc_def0),
    (0xffff_ffff, 0x1_2345_6789, 7),
];

/// Runs each instruction at RDI with values in RAX and RCX, on both.
macro_rules! both {
    ($($instruction:literal),+ $(,)?) => {
        $(
            for (word, rax, rcx) in VALUES {
                let mut memory = [word, 0, 0, 0];
                let place = memory.as_mut_ptr();
                let mut expected = run!($instruction, place, rax, rcx);
                expected.word = memory[0];
                apic::write(register::LVT_TIMER, MASKED);
                apic::write(register::INITIAL_COUNT, word);
                let device = (BASE + register::INITIAL_COUNT) as *mut u32;
                let mut found = run!($instruction, device, rax, rcx);
                found.word = apic::read(register::INITIAL_COUNT);
                check_eq!(found, expected, "{}", $instruction);
            }
        )+
    };
}

macro_rules! run {
    ($instruction:literal, $place:expr, $rax:expr, $rcx:expr) => {{
        let (mut rax, mut rcx, flags): (u64, u64, u64);
        (rax, rcx) = ($rax, $rcx);
        // SAFETY: the instructions access 32 bits at RDI. RSI and RDI are given back.
        unsafe {
            asm!("push rdi", "push rsi", "push 2",
                "popfq", $instruction, "pushfq", "pop {flags}",
                 "pop rsi", "pop rdi", flags = out(reg) flags,
                 in("rdi") $place, inout("rax") rax, inout("rcx") rcx, out("r8") _, out("r9") _, out("r10") _, out("r11") _);
        }
        Outcome { word: 0, rax, rcx, flags: flags & FLAGS }
    }};
}

pub fn moves(_: &mut ()) -> TestResult {
    both!(
        "mov [rdi], eax",
        "mov eax, [rdi]",
        "mov ecx, [rdi]",
        "mov [rdi], ecx",
        "movnti [rdi], eax"
    );
    Ok(())
}

pub fn all_registers(_: &mut ()) -> TestResult {
    both!(
        "mov r8d, [rdi]\nmov rax, r8",
        "mov r9d, [rdi]\nmov rax, r9",
        "mov r10d, [rdi]\nmov rax, r10",
        "mov r11d, [rdi]\nmov rax, r11",
        "push r12\nmov r12, -1\nmov r12d, [rdi]\nmov rax, r12\npop r12",
        "push r13\nmov r13, -1\nmov r13d, [rdi]\nmov rax, r13\npop r13",
        "push r14\nmov r14, -1\nmov r14d, [rdi]\nmov rax, r14\npop r14",
        "push r15\nmov r15, -1\nmov r15d, [rdi]\nmov rax, r15\npop r15",
        "push rbp\nmov ebp, [rdi]\nmov rax, rbp\npop rbp",
        "push rbx\nmov rbx, rax\nmov [rdi], ebx\npop rbx",
        "push r15\nmov r15, rcx\nmov [rdi], r15d\npop r15",
        "mov esi, [rdi]\nmov rax, rsi",
        "push rdx\nmov edx, [rdi]\nmov rax, rdx\npop rdx",
    );
    Ok(())
}

pub fn addressing(_: &mut ()) -> TestResult {
    both!(
        "lea rsi, [rdi - 0x40]\nmov [rsi + 0x40], eax",
        "lea rsi, [rdi - 0x12345]\nmov eax, [rsi + 0x12345]",
        "mov rsi, -8\nlea rdi, [rdi + 32]\nmov eax, [rdi + rsi * 4]",
        "push r13\nmov r13, rdi\nmov [r13], eax\npop r13",
        "push r12\nmov r12, rdi\nmov eax, [r12]\npop r12",
        "push r8\npush r9\nmov r8, rdi\nxor r9d, r9d\nmov [r8 + r9 * 8], ecx\npop r9\npop r8",
        "push rsp\nxchg rsp, rdi\nmov eax, [rsp]\nxchg rsp, rdi\npop rsi",
        "mov eax, [edi]",
    );
    Ok(())
}

pub fn immediate_values(_: &mut ()) -> TestResult {
    both!(
        "mov dword ptr [rdi], 0x12345678",
        "mov dword ptr [rdi], -1",
        "add dword ptr [rdi], 5",
        "add dword ptr [rdi], 0x7fffffff",
        "or dword ptr [rdi], 0x10000",
        "and dword ptr [rdi], -0x11",
        "and dword ptr [rdi], 0xffff",
        "xor dword ptr [rdi], 0x100",
        "sub dword ptr [rdi], 1",
        "cmp dword ptr [rdi], 0",
        "cmp dword ptr [rdi], 0x12345678",
        "test dword ptr [rdi], 0x80000000",
    );
    Ok(())
}

pub fn arithmetic(_: &mut ()) -> TestResult {
    both!(
        "add [rdi], eax",
        "or [rdi], eax",
        "and [rdi], eax",
        "sub [rdi], eax",
        "xor [rdi], eax",
        "stc\nadc [rdi], eax",
        "stc\nsbb [rdi], eax",
        "lock or [rdi], ecx",
        "lock and [rdi], eax",
    );
    Ok(())
}

pub fn arithmetic_from_memory(_: &mut ()) -> TestResult {
    both!(
        "add eax, [rdi]",
        "or eax, [rdi]",
        "and eax, [rdi]",
        "sub eax, [rdi]",
        "xor eax, [rdi]",
        "adc ecx, [rdi]",
        "sbb ecx, [rdi]",
        "imul eax, [rdi]\ntest eax, eax",
    );
    Ok(())
}

pub fn comparisons(_: &mut ()) -> TestResult {
    both!(
        "cmp [rdi], eax",
        "cmp eax, [rdi]",
        "test [rdi], eax",
        "test [rdi], ecx",
        "cmp ecx, [rdi]"
    );
    Ok(())
}

pub fn single_operand(_: &mut ()) -> TestResult {
    both!(
        "inc dword ptr [rdi]",
        "dec dword ptr [rdi]",
        "not dword ptr [rdi]",
        "neg dword ptr [rdi]"
    );
    Ok(())
}

pub fn exchanges(_: &mut ()) -> TestResult {
    both!(
        "xchg [rdi], eax",
        "xchg ecx, [rdi]",
        "lock xadd [rdi], eax",
        "lock cmpxchg [rdi], ecx"
    );
    Ok(())
}

pub fn bits(_: &mut ()) -> TestResult {
    // Only CF is defined.
    both!(
        "bt dword ptr [rdi], 3\nsetc al\ntest al, al",
        "bts dword ptr [rdi], 16\nsetc al\ntest al, al",
        "btr dword ptr [rdi], 31\nsetc al\ntest al, al",
        "btc dword ptr [rdi], 4\nsetc al\ntest al, al",
        "and ecx, 31\nbts [rdi], ecx\nsetc al\ntest al, al",
    );
    Ok(())
}

pub fn conditional(_: &mut ()) -> TestResult {
    both!(
        "cmp rax, rcx\ncmove eax, [rdi]",
        "cmp rax, rcx\ncmovne ecx, [rdi]"
    );
    Ok(())
}

pub fn strings_store(_: &mut ()) -> TestResult {
    both!(
        "stosd",
        "mov ecx, 1\nrep stosd",
        "std\nstosd\ncld",
        "xor ecx, ecx\nrep stosd"
    );
    Ok(())
}

pub fn strings_load(_: &mut ()) -> TestResult {
    both!(
        "mov rsi, rdi\nlodsd",
        "mov rsi, rdi\nmov ecx, 1\nrep lodsd",
        "scasd",
        "mov ecx, 1\nrepne scasd",
        "sub rsp, 256\nmov [rsp + 8], eax\nlea rsi, [rsp + 8]\ncmpsd\nlea rsp, [rsp + 256]",
    );
    Ok(())
}

pub fn strings_move(_: &mut ()) -> TestResult {
    both!(
        "push rax\nmov rsi, rsp\nmovsd\npop rax",
        "push rax\nmov rsi, rdi\nmov rdi, rsp\nmovsd\npop rax",
        "push rax\nmov rsi, rsp\nmov ecx, 1\nrep movsd\npop rax",
    );
    Ok(())
}

pub fn stack(_: &mut ()) -> TestResult {
    // A push of 64 bits would read two registers: 32 bits cannot be pushed in this mode.
    both!(
        "mov esi, [rdi]\npush rsi\npop rax",
        "mov rsi, rdi\nmov eax, [rsi]\nmov [rsi], eax"
    );
    Ok(())
}
