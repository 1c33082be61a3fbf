// SPDX-License-Identifier: BSD-2-Clause
//! From the loader to 64-bit mode. Multiboot 0.6.96, §3.1 (header), §3.2 (machine state), §3.3
//! (information).

use core::sync::atomic::{AtomicU32, Ordering};

use crate::{apic, trap};

core::arch::global_asm!(
    r#"
    .pushsection .multiboot, "a", @progbits
    .balign 8
guest_header:
    .long 0x1badb002
    // Information about memory; the addresses that follow are to be used.
    .long 0x00010002
    .long -(0x1badb002 + 0x00010002)
    .long guest_header
    .long image_start
    .long image_end
    .long image_bss_end
    .long guest_entry
    .popsection

    .pushsection .bss.boot, "aw", @nobits
    .balign 4096
boot_tables:
    .skip 6 * 4096
boot_stack:
    .skip 64 * 1024
boot_stack_end:
    .popsection

    .pushsection .rodata.boot, "a", @progbits
    .balign 8
boot_gdt:
    .quad 0
    .quad 0x00af9b000000ffff
    .quad 0x00cf93000000ffff
boot_gdt_pointer:
    .short 3 * 8 - 1
    .long boot_gdt
    .popsection

    .pushsection .text.boot, "ax", @progbits
    .code32
    .globl guest_entry
guest_entry:
    cli
    cld
    mov esp, offset boot_stack_end
    mov edi, eax
    mov esi, ebx

    // Four tables of pages of 2 MiB; the last GiB, where devices are, uncached.
    mov ebx, offset boot_tables
    lea eax, [ebx + 0x1003]
    mov [ebx], eax
    xor ecx, ecx
2:
    mov eax, ecx
    shl eax, 12
    lea eax, [ebx + eax + 0x2003]
    mov [ebx + 0x1000 + ecx * 8], eax
    inc ecx
    cmp ecx, 4
    jne 2b
    xor ecx, ecx
3:
    mov eax, ecx
    shl eax, 21
    or eax, 0x83
    cmp ecx, 3 * 512
    jb 4f
    or eax, 0x18
4:
    mov [ebx + 0x2000 + ecx * 8], eax
    inc ecx
    cmp ecx, 4 * 512
    jne 3b
    mov cr3, ebx

    // PAE, OSFXSR, OSXMMEXCPT; long mode; PG, WP, NE, MP, PE.
    mov eax, cr4
    or eax, 0x620
    mov cr4, eax
    mov ecx, 0xc0000080
    rdmsr
    or eax, 0x100
    wrmsr
    mov eax, cr0
    and eax, 0x9ffffff3
    or eax, 0x80010023
    mov cr0, eax
    lgdt [boot_gdt_pointer]
    push 8
    mov eax, offset guest_entry_64
    push eax
    retf

    .code64
guest_entry_64:
    mov ax, 16
    mov ds, ax
    mov es, ax
    mov ss, ax
    mov fs, ax
    mov gs, ax
    mov rsp, offset boot_stack_end
    mov edi, edi
    mov esi, esi
    xor ebp, ebp
    call guest_main
    ud2
    .popsection
    "#
);

/// Where the loader's information is; 0: nowhere.
static INFORMATION: AtomicU32 = AtomicU32::new(0);

/// Prepares the machine. `magic` and `information` are what the loader left in EAX and EBX.
pub fn prepare(magic: u32, information: u32) {
    if magic == 0x2bad_b002 {
        INFORMATION.store(information, Ordering::Relaxed);
    }
    trap::prepare();
    apic::prepare();
}

/// What the loader was told, up to 256 bytes of it.
pub fn command_line() -> &'static str {
    const HAS_COMMAND_LINE: u32 = 1 << 2;
    let information = INFORMATION.load(Ordering::Relaxed) as usize as *const u32;
    if information.is_null() {
        return "";
    }
    // SAFETY: the loader put the structure there, and nothing else is there. It has ended, so the
    // memory is not written any more.
    let (flags, text) = unsafe { (information.read(), information.add(4).read()) };
    if flags & HAS_COMMAND_LINE == 0 {
        return "";
    }
    let text = text as usize as *const u8;
    // SAFETY: as above; the text ends with a zero byte.
    let length = (0..256).take_while(|at| unsafe { text.add(*at).read() } != 0);
    // SAFETY: as above.
    let bytes = unsafe { core::slice::from_raw_parts(text, length.count()) };
    core::str::from_utf8(bytes).unwrap_or_default()
}
