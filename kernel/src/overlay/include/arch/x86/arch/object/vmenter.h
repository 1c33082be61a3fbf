/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The message of the system call VMEnter, beyond api/vmenter.h.
 */
#ifndef __ARCH_OBJECT_VMENTER_H
#define __ARCH_OBJECT_VMENTER_H

#include <config.h>

#ifdef CONFIG_VTX

#include <types.h>

/* A call with at least this many words brings the general registers, RFLAGS and the
 * interruptibility state, and an error code above the entry interruption information. Where the
 * answer has the reason, the call has the TSC at which the guest is to exit, or 0; where the
 * answer has the qualification, the address of a page fault that is injected; where it has the
 * guest-physical address, VMENTER_POST with the vector of an interrupt that is posted. */
#define VMENTER_FULL_LEN 25
#define VMENTER_POST BIT(63)

/* What follows the general registers in the answer. Two values in a word: the first is in its
 * lower half. */
enum vmenter_answer {
    VMENTER_CR0 = VMENTER_FULL_LEN,
    VMENTER_CR4,
    VMENTER_EFER,
    VMENTER_RSP,
    /* access rights of CS and SS */
    VMENTER_ACCESS_RIGHTS,
    VMENTER_CS_BASE,
    /* exit interruption information and error code */
    VMENTER_EXIT_INTERRUPTION,
    /* IDT-vectoring information and error code */
    VMENTER_IDT_VECTORING,
    VMENTER_GUEST_LINEAR,
    /* instruction information; what vcpuApicState says */
    VMENTER_INSTRUCTION_INFO,
    VMENTER_ANSWER_LEN
};

struct vcpu;
struct tcb;

/* Learns what this CPU's preemption timer counts. */
void vmenterBoot(void);

/* Loads what only an entry to the guest needs; its VCPU is current. */
void vmenterRestore(struct vcpu *vcpu);

/* Puts what the current thread sends into its VCPU, which becomes current. */
void vmenterTake(struct vcpu *vcpu);

/* Answers with the state of the thread's guest; reason and qualification are the caller's. */
void vmenterGive(struct tcb *thread, word_t *buffer);

#endif /* CONFIG_VTX */
#endif
