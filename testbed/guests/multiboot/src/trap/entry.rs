// SPDX-License-Identifier: BSD-2-Clause
//! Where exceptions and interrupts arrive.

core::arch::global_asm!(
    r#"
    .pushsection .text.trap, "ax", @progbits
    // One entry each 16 bytes. These vectors have an error code (SDM vol. 3A 7.15): the others get
    // a zero in its place.
    .balign 16
    .globl guest_trap_entries
guest_trap_entries:
    .set vector, 0
    .rept 256
    .balign 16
    .if vector == 8 || (vector >= 10 && vector <= 14) || vector == 17 || vector == 21
    .else
    push 0
    .endif
    push vector
    jmp guest_trap_common
    .set vector, vector + 1
    .endr

    .balign 16
guest_trap_common:
    push rax
    push rbx
    push rcx
    push rdx
    push rsi
    push rdi
    push rbp
    push r8
    push r9
    push r10
    push r11
    push r12
    push r13
    push r14
    push r15
    // The CPU aligned the stack, and this is 22 words below.
    mov rdi, rsp
    // Handlers use SSE, also where the interrupted must not (CR0.TS). #NM is the request to.
    mov rbx, cr0
    mov rbp, [rsp + 15 * 8]
    clts
    sub rsp, 512
    fxsave64 [rsp]
    cld
    call guest_trap
    fxrstor64 [rsp]
    add rsp, 512
    test bl, 8
    jz 2f
    cmp rbp, 7
    je 2f
    mov cr0, rbx
2:
    pop r15
    pop r14
    pop r13
    pop r12
    pop r11
    pop r10
    pop r9
    pop r8
    pop rbp
    pop rdi
    pop rsi
    pop rdx
    pop rcx
    pop rbx
    pop rax
    add rsp, 16
    iretq

    // guest_catch(function, argument): calls the function; returns 0, or 1 if an exception came.
    .globl guest_catch
guest_catch:
    push rbx
    push rbp
    push r12
    push r13
    push r14
    push r15
    pushfq
    mov [rip + GUEST_RECOVER], rsp
    mov rax, rdi
    mov rdi, rsi
    call rax
    xor eax, eax
    jmp 2f
    .globl guest_caught
guest_caught:
    mov eax, 1
2:
    mov qword ptr [rip + GUEST_RECOVER], 0
    popfq
    pop r15
    pop r14
    pop r13
    pop r12
    pop rbp
    pop rbx
    ret
    .popsection
    "#
);

unsafe extern "C" {
    /// Calls the function at the first address with the second as its argument.
    pub fn guest_catch(function: usize, argument: usize) -> u64;
    /// Where it goes on after an exception.
    pub fn guest_caught();
    /// The first of 256 entries.
    pub fn guest_trap_entries();
}
