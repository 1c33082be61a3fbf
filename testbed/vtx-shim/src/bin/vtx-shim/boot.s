// SPDX-License-Identifier: BSD-2-Clause
// From the boot loader's 32-bit mode to 64-bit mode, and the same for the other CPUs from real mode.
// Memory is mapped to itself, 512 GiB in pages of 1 GiB.

.section .note.multiboot, "aR", @note
.balign 4
        .long 0x1badb002
        .long 3                         // modules at page boundaries, a memory map
        .long -(0x1badb002 + 3)

.section .bss.boot, "aw", @nobits
.balign 4096
boot_pml4:
        .skip 4096
boot_pdpt:
        .skip 4096
.balign 16
        .skip 0x10000
boot_stack:

.section .rodata.boot, "a"
.balign 8
boot_gdt:                               // null, 64-bit code, data, 32-bit code
        .quad 0, 0x00af9b000000ffff, 0x00cf93000000ffff, 0x00cf9b000000ffff
boot_gdt_pointer:
        .word 31
        .long boot_gdt

.section .text.boot, "ax"
.code32
.globl _start
_start:
        cli
        mov     edi, eax
        mov     esi, ebx
        // One table of 512 pages of 1 GiB, writable.
        mov     eax, offset boot_pdpt + 3
        mov     [boot_pml4], eax
        xor     ecx, ecx
2:      mov     edx, ecx
        shl     edx, 30
        or      edx, 0x83
        mov     [boot_pdpt + ecx * 8], edx
        mov     edx, ecx
        shr     edx, 2
        mov     [boot_pdpt + ecx * 8 + 4], edx
        inc     ecx
        cmp     ecx, 512
        jb      2b
        mov     ebp, offset boot_first
        jmp     boot_long

// EBP: where to go on.
boot_long:
        mov     eax, offset boot_pml4
        mov     cr3, eax
        mov     eax, 0x620              // PAE, OSFXSR, OSXMMEXCPT
        mov     cr4, eax
        mov     ecx, 0xc0000080
        rdmsr
        or      eax, 0x1901             // SCE, LME, NXE, SVME
        wrmsr
        mov     eax, 0x80000033
        mov     cr0, eax
        lgdt    [boot_gdt_pointer]
        .byte   0xea                    // far jump to 64-bit code
        .long   boot_code_64
        .word   8
.code64
boot_code_64:
        mov     eax, 16
        mov     ds, eax
        mov     es, eax
        mov     ss, eax
        xor     eax, eax
        mov     fs, eax
        mov     gs, eax
        mov     ebp, ebp
        jmp     rbp

boot_first:
        mov     esp, offset boot_stack
        mov     edi, edi
        mov     esi, esi
        call    {first}
        ud2

// Each further CPU has its own number and stack.
boot_further:
        mov     eax, 1
        lock xadd [boot_count], eax
        mov     edi, eax
        inc     eax
        imul    rax, rax, {stack_size}
        lea     rsp, [rax + {stacks}]
        call    {further}
        ud2

// Copied below 1 MiB: what other CPUs execute first.
.globl boot_trampoline, boot_trampoline_end
.code16
boot_trampoline:
        cli
        mov     ax, cs
        mov     ds, ax
        .byte   0x66, 0x0f, 0x01, 0x16  // lgdt, with an address of 32 bits
        .word   boot_trampoline_gdt - boot_trampoline
        mov     eax, cr0
        or      eax, 1
        mov     cr0, eax
        .byte   0x66, 0xea              // far jump to 32-bit code
        .long   boot_protected
        .word   0x18
.balign 8
boot_trampoline_gdt:
        .word   31
        .long   boot_gdt
boot_trampoline_end:

.code32
boot_protected:
        mov     eax, 16
        mov     ds, eax
        mov     es, eax
        mov     ss, eax
        mov     ebp, offset boot_further
        jmp     boot_long
.code64

.section .data.boot, "aw"
.globl boot_count
.balign 4
boot_count:
        .long   0

// fn run(vmcb: u64, registers: &mut [u64; 16], fpu: &mut Fpu), by the C calling convention.
.section .text.run, "ax"
.globl run
run:
        push    rbx
        push    rbp
        push    r12
        push    r13
        push    r14
        push    r15
        push    rdx
        push    rsi
        fxrstor64 [rdx]
        mov     rax, rdi
        mov     rcx, [rsi + 8]
        mov     rdx, [rsi + 16]
        mov     rbx, [rsi + 24]
        mov     rbp, [rsi + 40]
        mov     rdi, [rsi + 56]
        mov     r8, [rsi + 64]
        mov     r9, [rsi + 72]
        mov     r10, [rsi + 80]
        mov     r11, [rsi + 88]
        mov     r12, [rsi + 96]
        mov     r13, [rsi + 104]
        mov     r14, [rsi + 112]
        mov     r15, [rsi + 120]
        mov     rsi, [rsi + 48]
        vmrun   rax
        xchg    rsi, [rsp]
        mov     [rsi + 8], rcx
        mov     [rsi + 16], rdx
        mov     [rsi + 24], rbx
        mov     [rsi + 40], rbp
        mov     [rsi + 56], rdi
        mov     [rsi + 64], r8
        mov     [rsi + 72], r9
        mov     [rsi + 80], r10
        mov     [rsi + 88], r11
        mov     [rsi + 96], r12
        mov     [rsi + 104], r13
        mov     [rsi + 112], r14
        mov     [rsi + 120], r15
        pop     rcx
        mov     [rsi + 48], rcx
        pop     rdx
        fxsave64 [rdx]
        ldmxcsr [rip + run_mxcsr]
        pop     r15
        pop     r14
        pop     r13
        pop     r12
        pop     rbp
        pop     rbx
        ret
.balign 4
run_mxcsr:
        .long   0x1f80

// Gates: exceptions end it all. Interrupts return their number, and no further one comes.
.balign 16
.globl gates
gates:
.set number, 0
.rept 32
.balign 16
        push    number
        jmp     gates_exception
.set number, number + 1
.endr
.rept 224
.balign 16
        mov     eax, number
        clgi
        iretq
.set number, number + 1
.endr
gates_exception:
        mov     rdi, rsp
        and     rsp, -16
        call    {exception}
        ud2
