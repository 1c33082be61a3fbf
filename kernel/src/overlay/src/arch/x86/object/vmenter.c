/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The message of the system call VMEnter: what a monitor hands in and gets back. It has all that
 * usual exits need, both ways, so that an exit costs one system call.
 *
 * What the guest had when it was given out and comes back unchanged is not written again.
 */

#include <config.h>

#ifdef CONFIG_VTX

#include <types.h>
#include <api/syscall.h>
#include <arch/api/vmenter.h>
#include <arch/machine.h>
#include <arch/object/vcpu.h>
#include <arch/object/vmenter.h>
#include <kernel/thread.h>
#include <model/statedata.h>

/* Entry interruption information: valid; with error code; a type that needs the length of the
 * instruction (software interrupt, privileged software exception, software exception) */
#define EVENT_VALID BIT(31)
#define EVENT_ERROR_CODE BIT(11)
#define EVENT_TYPE(info) ((info) >> 8 & 7)
#define EVENT_TYPE_SOFTWARE 4

/* A page fault; it is the CPU's, not an interrupt with its vector */
#define EVENT_IS_PAGE_FAULT(info) (((info) & 0x7ff) == 0x30e)

#define IA32_VMX_MISC 0x485

/* The preemption timer counts down with this bit of the TSC */
static word_t timer_shift;

void
vmenterBoot(void)
{
    timer_shift = x86_rdmsr_low(IA32_VMX_MISC) & MASK(5);
}

/* Has the guest take an interrupt, as VCPU_PostInterrupt does, without a call of its own. */
static inline void
takePost(vcpu_t *vcpu, word_t post)
{
    word_t vector = post & MASK(8);

    if ((post & VMENTER_POST) && vector >= 16) {
        vcpuApicPost(vcpu, vector);
    }
}

/* Each entry, also one behind an interrupt of the host, has as much time as is left now. */
static void
setTimer(word_t deadline)
{
    word_t now = x86_rdtsc();
    word_t left = 0;

    if (deadline > now) {
        left = MIN(((deadline - now) >> timer_shift) + 1, MASK(32));
    }
    vmwrite(VMX_GUEST_PREEMPTION_TIMER_VALUE, left);
}

void
vmenterRestore(vcpu_t *vcpu)
{
    if (vcpu->cr2 != read_cr2()) {
        asm volatile("movq %0, %%cr2" :: "r"(vcpu->cr2));
    }
    if (vcpu->deadline) {
        setTimer(vcpu->deadline);
    }
}

/* The general registers; the compiler makes a loop of several instructions a word of it */
static inline void
copyRegisters(word_t *to, word_t *from)
{
    word_t count = n_vcpu_gp_register;

    asm volatile("rep movsq" : "+D"(to), "+S"(from), "+c"(count) : : "memory");
}

static void
takeEvent(vcpu_t *vcpu, word_t event, word_t *message)
{
    vmwrite(VMX_CONTROL_ENTRY_INTERRUPTION_INFO, event & MASK(32));
    if (!(event & EVENT_VALID)) {
        return;
    }
    if (event & EVENT_ERROR_CODE) {
        vmwrite(VMX_CONTROL_ENTRY_EXCEPTION_ERROR_CODE, event >> 32);
    }
    if (EVENT_TYPE(event) >= EVENT_TYPE_SOFTWARE) {
        vmwrite(VMX_CONTROL_ENTRY_INSTRUCTION_LENGTH,
                message[SEL4_VMENTER_FAULT_INSTRUCTION_LEN_MR]);
    }
    if (EVENT_IS_PAGE_FAULT(event)) {
        word_t interrupted = vmread(VMX_DATA_IDT_VECTOR_INFO);
        /* one that the last exit interrupted has its address already */
        if (!(interrupted & EVENT_VALID) || !EVENT_IS_PAGE_FAULT(interrupted)) {
            vcpu->cr2 = message[SEL4_VMENTER_FAULT_QUALIFICATION_MR];
        }
    }
}

void
vmenterTake(vcpu_t *vcpu)
{
    tcb_t *thread = NODE_STATE(ksCurThread);
    word_t length = getRegister(thread, msgInfoRegister) & MASK(seL4_MsgLengthBits);
    word_t *buffer = lookupIPCBuffer(false, thread);
    word_t controls = vcpuPrimaryControls(getRegister(thread, msgRegisters[1]));
    word_t event = getRegister(thread, msgRegisters[2]);

    vcpuMakeCurrent(vcpu);
    vmwrite(VMX_GUEST_RIP, getRegister(thread, msgRegisters[0]));
    if (controls != vcpu->primary_controls) {
        vcpu->primary_controls = controls;
        vmwrite(VMX_CONTROL_PRIMARY_PROCESSOR_CONTROLS, controls);
    }
    if (length < VMENTER_FULL_LEN || !buffer) {
        vmwrite(VMX_CONTROL_ENTRY_INTERRUPTION_INFO, event);
        return;
    }

    vcpu->deadline = getRegister(thread, msgRegisters[SEL4_VMENTER_FAULT_REASON_MR]);

    word_t *message = buffer + 1;
    word_t rflags = message[SEL4_VMENTER_FAULT_RFLAGS_MR];
    word_t interruptibility = message[SEL4_VMENTER_FAULT_GUEST_INT_MR];

    takePost(vcpu, message[SEL4_VMENTER_FAULT_GUEST_PHYSICAL_MR]);
    takeEvent(vcpu, event, message);
    if (rflags != vcpu->rflags_given) {
        vmwrite(VMX_GUEST_RFLAGS, rflags);
    }
    if (interruptibility != vcpu->interruptibility_given) {
        vmwrite(VMX_GUEST_INTERRUPTABILITY, interruptibility);
    }
    copyRegisters(vcpu->gp_registers, message + SEL4_VMENTER_FAULT_EAX);
}

void
vmenterGive(tcb_t *thread, word_t *buffer)
{
    vcpu_t *vcpu = thread->tcbArch.vcpu;

    vcpuMakeCurrent(vcpu);
    setRegister(thread, msgRegisters[0], vmread(VMX_GUEST_RIP));
    setRegister(thread, msgRegisters[1], vcpu->primary_controls);
    setRegister(thread, msgRegisters[2], vmread(VMX_CONTROL_ENTRY_INTERRUPTION_INFO));
    if (!buffer) {
        return;
    }

    word_t *message = buffer + 1;
    message[SEL4_VMENTER_FAULT_INSTRUCTION_LEN_MR] = vmread(VMX_DATA_EXIT_INSTRUCTION_LENGTH);
    message[SEL4_VMENTER_FAULT_GUEST_PHYSICAL_MR] = vmread(VMX_DATA_GUEST_PHYSICAL);
    vcpu->rflags_given = vmread(VMX_GUEST_RFLAGS);
    message[SEL4_VMENTER_FAULT_RFLAGS_MR] = vcpu->rflags_given;
    vcpu->interruptibility_given = vmread(VMX_GUEST_INTERRUPTABILITY);
    message[SEL4_VMENTER_FAULT_GUEST_INT_MR] = vcpu->interruptibility_given;
    message[SEL4_VMENTER_FAULT_CR3_MR] = vmread(VMX_GUEST_CR3);
    copyRegisters(message + SEL4_VMENTER_FAULT_EAX, vcpu->gp_registers);
    message[VMENTER_CR0] = vcpu->cr0;
    message[VMENTER_CR4] = vmread(VMX_GUEST_CR4);
    message[VMENTER_EFER] = vmread(VMX_GUEST_EFER);
    message[VMENTER_RSP] = vmread(VMX_GUEST_RSP);
    message[VMENTER_ACCESS_RIGHTS] = vmread(VMX_GUEST_CS_ACCESS_RIGHTS)
                                     | vmread(VMX_GUEST_SS_ACCESS_RIGHTS) << 32;
    message[VMENTER_CS_BASE] = vmread(VMX_GUEST_CS_BASE);
    message[VMENTER_EXIT_INTERRUPTION] = vmread(VMX_DATA_EXIT_INTERRUPT_INFO)
                                         | vmread(VMX_DATA_EXIT_INTERRUPT_ERROR) << 32;
    message[VMENTER_IDT_VECTORING] = vmread(VMX_DATA_IDT_VECTOR_INFO)
                                     | vmread(VMX_DATA_IDT_VECTOR_ERROR) << 32;
    message[VMENTER_GUEST_LINEAR] = vmread(VMX_DATA_GUEST_LINEAR_ADDRESS);
    message[VMENTER_INSTRUCTION_INFO] = vmread(VMX_DATA_EXIT_INSTRUCTION_INFO)
                                        | vcpuApicState(vcpu) << 32;
}

#endif /* CONFIG_VTX */
