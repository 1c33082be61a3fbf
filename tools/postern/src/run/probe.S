# SPDX-License-Identifier: BSD-2-Clause
# A guest that only asks whether this (virtual) CPU can enter VMX operation. It answers through
# QEMU's isa-debug-exit device: 0x10 yes, 0x11 no. Intel SDM vol. 3, 25.7 and 25.11.5.

    .set YES, 0x10
    .set NO, 0x11
    .set EXIT_PORT, 0xf4
    .set FEATURE_CONTROL, 0x3a          # MSR; bit 0 lock, bit 2 VMX outside SMX
    .set VMX_BASIC, 0x480               # MSR; low half: revision of the VMXON region

    .code32
    .text
    .align 4
    .long 0x1badb002, 0, -0x1badb002    # multiboot header without wishes

    .globl _start
_start:
    mov $1, %eax
    cpuid
    bt $5, %ecx                         # VMX
    jnc no

    mov $FEATURE_CONTROL, %ecx
    rdmsr
    test $1, %al
    jnz locked
    or $5, %eax
    wrmsr
    jmp allowed
locked:
    test $4, %al
    jz no
allowed:

    mov $directory, %edi                # identity map in pages of 4 MiB: VMXON wants paging
    mov $0x83, %eax
    mov $1024, %ecx
1:  stosl
    add $0x400000, %eax
    loop 1b
    mov %cr4, %eax
    or $0x2010, %eax                    # VMXE, PSE
    mov %eax, %cr4
    mov $directory, %eax
    mov %eax, %cr3
    mov %cr0, %eax
    or $0x80000020, %eax                # PG, NE
    mov %eax, %cr0

    mov $VMX_BASIC, %ecx
    rdmsr
    and $0x7fffffff, %eax
    mov %eax, region
    vmxon region_address
    jbe no                              # CF or ZF: refused
    vmxoff
    mov $YES, %al
    out %al, $EXIT_PORT
no:
    mov $NO, %al
    out %al, $EXIT_PORT
    hlt

    .data
region_address:
    .long region, 0

    .bss
    .balign 4096
directory:
    .skip 4096
region:
    .skip 4096
