/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The virtual APIC of a VCPU (Intel SDM volume 3, chapter "APIC Virtualization and Virtual
 * Interrupts"). Its page and the descriptor of posted interrupts are part of the VCPU, so no
 * address of theirs comes from user level.
 *
 * Which registers of the x2APIC a guest may use without an exit follows from the secondary
 * controls alone: what the CPU would not virtualise is the host's interrupt controller.
 */

#include <config.h>

#ifdef CONFIG_VTX

#include <types.h>
#include <api/syscall.h>
#include <arch/kernel/ept.h>
#include <arch/object/vcpu.h>
#include <arch/object/vcpu_apic.h>
#include <model/statedata.h>
#include <smp/ipi.h>

#define X2APIC_FIRST 0x800
#define X2APIC_LAST 0x8ff
#define X2APIC_TPR 0x808
#define X2APIC_EOI 0x80b
#define X2APIC_SELF_IPI 0x83f

/* Offsets in the virtual-APIC page, in words of 32 bits */
#define APIC_TPR (0x80 / 4)
#define APIC_IRR (0x200 / 4)
#define APIC_STEP (0x10 / 4)
#define APIC_END 0x400

/* The control word of the posted-interrupt descriptor, and "outstanding notification" in it */
#define POSTED_CONTROL 4
#define POSTED_OUTSTANDING BIT(0)

void
vcpuApicInit(vcpu_t *vcpu)
{
    vcpu->apic_access = false;
    vcpu->secondary_controls = 0;
    vmwrite(VMX_CONTROL_VIRTUAL_APIC_ADDRESS, pptr_to_paddr(vcpu->apic));
    vmwrite(VMX_CONTROL_TPR_THRESHOLD, 0);
    /* CPUs without virtual-interrupt delivery lack these fields, and writing them does nothing */
    vmwrite(VMX_GUEST_INTERRUPT_STATUS, 0);
    vmwrite(VMX_CONTROL_EOI_EXIT0, 0);
    vmwrite(VMX_CONTROL_EOI_EXIT1, 0);
    vmwrite(VMX_CONTROL_EOI_EXIT2, 0);
    vmwrite(VMX_CONTROL_EOI_EXIT3, 0);
}

/* Registers of the x2APIC that can be read and that the page has: all but the timer's count, which
 * somebody has to compute, and those that do not exist. */
static bool_t
isReadable(word_t msr)
{
    switch (msr) {
    case 0x802:             /* id */
    case 0x803:             /* version */
    case X2APIC_TPR:
    case 0x80a:             /* processor priority */
    case 0x80d:             /* logical destination */
    case 0x80f:             /* spurious interrupts */
    case 0x810 ... 0x828:   /* in service, trigger mode, requested; error status */
    case 0x82f ... 0x838:   /* local vector table with the interrupt command; initial count */
    case 0x83e:             /* timer's divisor */
        return msr != 0x831;
    default:
        return false;
    }
}

word_t
vcpuApicControls(vcpu_t *vcpu, word_t secondary)
{
    bool_t x2apic = !!(secondary & VMX_VIRTUALIZE_X2APIC);
    bool_t registers = x2apic && secondary & VMX_APIC_REGISTER_VIRTUALIZATION;
    bool_t delivery = x2apic && secondary & VMX_VIRTUAL_INTERRUPT_DELIVERY;

    if (!vcpu->apic_access) {
        secondary &= ~VMX_VIRTUALIZE_APIC_ACCESSES;
    }
    if (secondary != vcpu->secondary_controls) {
        vcpu->secondary_controls = secondary;
        for (word_t msr = X2APIC_FIRST; msr <= X2APIC_LAST; msr++) {
            vcpuMsrSetReadExit(vcpu, msr, !(registers && isReadable(msr)));
        }
        /* the entry fails if this is without the TPR shadow */
        vcpuMsrSetReadExit(vcpu, X2APIC_TPR, !x2apic);
        vcpuMsrSetWriteExit(vcpu, X2APIC_TPR, !x2apic);
        vcpuMsrSetWriteExit(vcpu, X2APIC_EOI, !delivery);
        vcpuMsrSetWriteExit(vcpu, X2APIC_SELF_IPI, !delivery);
    }
    return secondary;
}

void
vcpuApicSync(vcpu_t *vcpu)
{
    word_t highest = 0;

    if (!(vcpu->posted[POSTED_CONTROL] & POSTED_OUTSTANDING) ||
            !(vcpu->secondary_controls & VMX_VIRTUAL_INTERRUPT_DELIVERY)) {
        return;
    }
    /* first this, then the requests: who posts sets them in the other order */
    __atomic_fetch_and(&vcpu->posted[POSTED_CONTROL], ~POSTED_OUTSTANDING, __ATOMIC_SEQ_CST);
    for (word_t i = 0; i < POSTED_CONTROL; i++) {
        word_t requests = __atomic_exchange_n(&vcpu->posted[i], 0, __ATOMIC_SEQ_CST);
        if (requests) {
            vcpu->apic[APIC_IRR + 2 * i * APIC_STEP] |= requests;
            vcpu->apic[APIC_IRR + (2 * i + 1) * APIC_STEP] |= requests >> 32;
            highest = i * wordBits + (wordBits - 1 - clzl(requests));
        }
    }

    word_t status = vmread(VMX_GUEST_INTERRUPT_STATUS);
    if (highest > (status & MASK(8))) {
        vmwrite(VMX_GUEST_INTERRUPT_STATUS, (status & ~MASK(8)) | highest);
    }
}

static exception_t
truncated(void)
{
    userError("VCPU APIC: Truncated message.");
    current_syscall_error.type = seL4_TruncatedMessage;
    return EXCEPTION_SYSCALL_ERROR;
}

static exception_t
outOfRange(word_t min, word_t max)
{
    userError("VCPU APIC: Argument out of range.");
    current_syscall_error.type = seL4_RangeError;
    current_syscall_error.rangeErrorMin = min;
    current_syscall_error.rangeErrorMax = max;
    return EXCEPTION_SYSCALL_ERROR;
}

/* A register lies in the first bytes of 16; only the x2APIC's interrupt command has 64 bits. */
static exception_t
accessRegister(vcpu_t *vcpu, word_t length, word_t *buffer, bool_t write)
{
    tcb_t *thread = NODE_STATE(ksCurThread);
    word_t offset;
    uint64_t *place;

    if (length < (write ? 2 : 1)) {
        return truncated();
    }
    offset = getSyscallArg(0, buffer);
    if (offset >= APIC_END || offset % (4 * APIC_STEP)) {
        return outOfRange(0, APIC_END - 4 * APIC_STEP);
    }
    /* while the guest runs, the CPU may have some; and what was posted is in the page as soon as
     * anybody looks */
    vcpuMakeCurrent(vcpu);
    vcpuApicSync(vcpu);
    place = (uint64_t *)&vcpu->apic[offset / 4];
    if (write) {
        *place = getSyscallArg(1, buffer);
    }
    setMR(thread, buffer, 0, *place);
    setRegister(thread, msgInfoRegister, wordFromMessageInfo(seL4_MessageInfo_new(0, 0, 0, 1)));
    setThreadState(thread, ThreadState_Restart);
    return EXCEPTION_NONE;
}

exception_t
decodeVCPUReadAPIC(vcpu_t *vcpu, word_t length, word_t *buffer)
{
    return accessRegister(vcpu, length, buffer, false);
}

exception_t
decodeVCPUWriteAPIC(vcpu_t *vcpu, word_t length, word_t *buffer)
{
    return accessRegister(vcpu, length, buffer, true);
}

/* Makes the page that the guest sees at an address the one whose accesses are virtualised. The CPU
 * compares its address and nothing else, so it does no harm when the page is something else one
 * day: only this guest's own accesses to it are meant. */
exception_t
decodeVCPUSetAPICAccess(vcpu_t *vcpu, word_t length, word_t *buffer)
{
    findEPTPage_ret_t found;

    if (length < 1) {
        return truncated();
    }
    if (!vcpu->tcb) {
        userError("VCPU SetAPICAccess: No thread.");
        current_syscall_error.type = seL4_IllegalOperation;
        return EXCEPTION_SYSCALL_ERROR;
    }
    found = findEPTPage(TCB_PTR_CTE_PTR(vcpu->tcb, tcbArchEPTRoot)->cap, getSyscallArg(0, buffer));
    if (found.status != EXCEPTION_NONE) {
        userError("VCPU SetAPICAccess: No page of 4 KiB there.");
        current_syscall_error.type = seL4_FailedLookup;
        current_syscall_error.failedLookupWasSource = false;
        return EXCEPTION_SYSCALL_ERROR;
    }
    vcpuMakeCurrent(vcpu);
    vmwrite(VMX_CONTROL_APIC_ACCESS_ADDRESS, found.page);
    vcpu->apic_access = true;
    setThreadState(NODE_STATE(ksCurThread), ThreadState_Restart);
    return EXCEPTION_NONE;
}

void
vcpuApicPost(vcpu_t *vcpu, word_t vector)
{
    __atomic_fetch_or(&vcpu->posted[vector / wordBits], BIT(vector % wordBits), __ATOMIC_SEQ_CST);
    __atomic_fetch_or(&vcpu->posted[POSTED_CONTROL], POSTED_OUTSTANDING, __ATOMIC_SEQ_CST);
}

word_t
vcpuApicState(vcpu_t *vcpu)
{
    if (!(vcpu->secondary_controls & VMX_VIRTUAL_INTERRUPT_DELIVERY)) {
        return 0;
    }
    return vmread(VMX_GUEST_INTERRUPT_STATUS) | (vcpu->apic[APIC_TPR] & MASK(8)) << 16
           | VCPU_APIC_STATE_VALID;
}

exception_t
decodeVCPUPostInterrupt(vcpu_t *vcpu, word_t length, word_t *buffer)
{
    word_t vector;

    if (length < 1) {
        return truncated();
    }
    vector = getSyscallArg(0, buffer);
    /* the first 16 are no legal vectors of an APIC */
    if (vector < 16 || vector > 255) {
        return outOfRange(16, 255);
    }
    vcpuApicPost(vcpu, vector);
#if CONFIG_MAX_NUM_NODES > 1
    /* the next entry sees it; if the guest runs on another core, make it enter again */
    if (vcpu->last_cpu != getCurrentCPUIndex() &&
            ARCH_NODE_STATE_ON_CORE(x86KSCurrentVCPU, vcpu->last_cpu) == vcpu) {
        doRemoteLeaveGuest(vcpu->last_cpu);
    }
#endif
    setThreadState(NODE_STATE(ksCurThread), ThreadState_Restart);
    return EXCEPTION_NONE;
}

#endif /* CONFIG_VTX */
