/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A guest's model-specific registers that the VMCS has no field for, and which registers a guest
 * may use without an exit.
 *
 * The CPU stores the guest's registers at a VM exit and loads them at an entry, from the list in
 * the VCPU; it loads the host's from a list of the core. So a guest's SYSCALL and SWAPGS are its
 * own, and a VCPU that moves to another core needs the address of another list only.
 *
 * Intel SDM volume 3, sections "MSR-Bitmap Address", "VM-Exit Controls for MSRs" and "VM-Entry
 * Controls for MSRs".
 */

#include <config.h>

#ifdef CONFIG_VTX

#include <types.h>
#include <api/syscall.h>
#include <arch/machine.h>
#include <arch/machine/pat.h>
#include <arch/object/vcpu.h>
#include <arch/object/vcpu_msr.h>
#include <model/statedata.h>

#define IA32_CSTAR_MSR 0xC0000083
#define IA32_TSC_AUX_MSR 0xC0000103

/* The bitmap's four parts, in bytes: reads of MSRs from 0 and from 0xC0000000, then writes */
#define MSR_BITMAP_HIGH 0x400
#define MSR_BITMAP_WRITE 0x800

static const uint32_t listed[VCPU_MSRS] = {
    IA32_STAR_MSR, IA32_LSTAR_MSR, IA32_CSTAR_MSR, IA32_FMASK_MSR, IA32_KERNEL_GS_BASE_MSR,
    /* last, for not every CPU has it */
    IA32_TSC_AUX_MSR
};

/* Registers that the VMCS has fields for, which entries load and exits save */
static const uint32_t fields[] = {
    IA32_SYSENTER_CS_MSR, IA32_SYSENTER_ESP_MSR, IA32_SYSENTER_EIP_MSR, IA32_PAT_MSR,
    IA32_FS_BASE_MSR, IA32_GS_BASE_MSR
};

static word_t listedMsrs;
static vmx_msr_t hostMsrs[CONFIG_MAX_NUM_NODES][VCPU_MSRS] ALIGN(16);

BOOT_CODE void
vcpuMsrBoot(void)
{
    word_t core = SMP_TERNARY(getCurrentCPUIndex(), 0);

    if (core == 0) {
        bool_t rdtscp = x86_cpuid_edx(0x80000001, 0) >> 27 & 1;
        listedMsrs = rdtscp ? VCPU_MSRS : VCPU_MSRS - 1;
    }
    for (word_t i = 0; i < listedMsrs; i++) {
        hostMsrs[core][i].index = listed[i];
        hostMsrs[core][i].value = x86_rdmsr(listed[i]);
        /* what the SWAPGS after an exit makes the kernel's */
        if (listed[i] == IA32_KERNEL_GS_BASE_MSR) {
            hostMsrs[core][i].value = x86_rdmsr(IA32_GS_BASE_MSR);
        }
    }
}

static void
setExit(vcpu_t *vcpu, uint32_t msr, word_t part, bool_t exit)
{
    uint8_t *bitmap = (uint8_t *)vcpu->msr_bitmap + part;
    word_t bit = msr & MASK(13);

    if (msr >= 0xC0000000) {
        bitmap += MSR_BITMAP_HIGH;
    }
    if (exit) {
        bitmap[bit / 8] |= BIT(bit % 8);
    } else {
        bitmap[bit / 8] &= ~BIT(bit % 8);
    }
}

void
vcpuMsrSetReadExit(vcpu_t *vcpu, uint32_t msr, bool_t exit)
{
    setExit(vcpu, msr, 0, exit);
}

void
vcpuMsrSetWriteExit(vcpu_t *vcpu, uint32_t msr, bool_t exit)
{
    setExit(vcpu, msr, MSR_BITMAP_WRITE, exit);
}

static void
allow(vcpu_t *vcpu, uint32_t msr)
{
    vcpuMsrSetReadExit(vcpu, msr, false);
    vcpuMsrSetWriteExit(vcpu, msr, false);
}

void
vcpuMsrInit(vcpu_t *vcpu)
{
    memset(vcpu->msr_bitmap, ~0, sizeof(vcpu->msr_bitmap));
    for (word_t i = 0; i < ARRAY_SIZE(fields); i++) {
        allow(vcpu, fields[i]);
    }
    for (word_t i = 0; i < listedMsrs; i++) {
        allow(vcpu, listed[i]);
        vcpu->msrs[i].index = listed[i];
        vcpu->msrs[i].value = 0;
    }
    vmwrite(VMX_CONTROL_MSR_ADDRESS, pptr_to_paddr(vcpu->msr_bitmap));
    vmwrite(VMX_CONTROL_EXIT_MSR_STORE_ADDRESS, pptr_to_paddr(vcpu->msrs));
    vmwrite(VMX_CONTROL_ENTRY_MSR_LOAD_ADDRESS, pptr_to_paddr(vcpu->msrs));
    vmwrite(VMX_CONTROL_EXIT_MSR_STORE_COUNT, listedMsrs);
    vmwrite(VMX_CONTROL_ENTRY_MSR_LOAD_COUNT, listedMsrs);
    vmwrite(VMX_CONTROL_EXIT_MSR_LOAD_COUNT, listedMsrs);
    vcpuMsrMigrate();
}

void
vcpuMsrMigrate(void)
{
    word_t core = SMP_TERNARY(getCurrentCPUIndex(), 0);

    vmwrite(VMX_CONTROL_EXIT_MSR_LOAD_ADDRESS, kpptr_to_paddr(hostMsrs[core]));
}

static vmx_msr_t *
findMsr(vcpu_t *vcpu, word_t index)
{
    for (word_t i = 0; i < listedMsrs; i++) {
        if (vcpu->msrs[i].index == index) {
            return &vcpu->msrs[i];
        }
    }
    return NULL;
}

static exception_t
decodeMSR(vcpu_t *vcpu, word_t length, word_t *buffer, bool_t write)
{
    tcb_t *thread = NODE_STATE(ksCurThread);
    vmx_msr_t *msr;

    if (length < (write ? 2 : 1)) {
        userError("VCPU MSR: Truncated message.");
        current_syscall_error.type = seL4_TruncatedMessage;
        return EXCEPTION_SYSCALL_ERROR;
    }
    msr = findMsr(vcpu, getSyscallArg(0, buffer));
    if (!msr) {
        userError("VCPU MSR: The VCPU does not hold this register.");
        current_syscall_error.type = seL4_IllegalOperation;
        return EXCEPTION_SYSCALL_ERROR;
    }
    /* while the guest runs, the CPU has them */
    vcpuMakeCurrent(vcpu);
    if (write) {
        msr->value = getSyscallArg(1, buffer);
    }
    setMR(thread, buffer, 0, msr->value);
    setRegister(thread, msgInfoRegister, wordFromMessageInfo(seL4_MessageInfo_new(0, 0, 0, 1)));
    setThreadState(thread, ThreadState_Restart);
    return EXCEPTION_NONE;
}

exception_t
decodeVCPUReadMSR(vcpu_t *vcpu, word_t length, word_t *buffer)
{
    return decodeMSR(vcpu, length, buffer, false);
}

exception_t
decodeVCPUWriteMSR(vcpu_t *vcpu, word_t length, word_t *buffer)
{
    return decodeMSR(vcpu, length, buffer, true);
}

#endif /* CONFIG_VTX */
