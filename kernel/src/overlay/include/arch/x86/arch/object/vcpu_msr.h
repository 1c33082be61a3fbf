/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A guest's model-specific registers that the VMCS has no field for.
 */
#ifndef __ARCH_OBJECT_VCPU_MSR_H
#define __ARCH_OBJECT_VCPU_MSR_H

#include <config.h>

#ifdef CONFIG_VTX

#include <types.h>
#include <api/failures.h>

/* STAR, LSTAR, CSTAR, FMASK, KERNEL_GS_BASE, TSC_AUX */
#define VCPU_MSRS 6

/* Intel SDM volume 3, table "Format of an MSR Entry" */
typedef struct vmx_msr {
    uint32_t index;
    uint32_t reserved;
    uint64_t value;
} vmx_msr_t;

struct vcpu;

/* Notes what this core's registers hold outside of guests. */
void vcpuMsrBoot(void);

/* Sets the MSR lists and the MSR bitmap of a VCPU that is current. */
void vcpuMsrInit(struct vcpu *vcpu);

/* Makes exits of the current VCPU load the registers of the core that we are on. */
void vcpuMsrMigrate(void);

/* Says whether the guest's use of a register is an exit. */
void vcpuMsrSetReadExit(struct vcpu *vcpu, uint32_t msr, bool_t exit);
void vcpuMsrSetWriteExit(struct vcpu *vcpu, uint32_t msr, bool_t exit);

exception_t decodeVCPUReadMSR(struct vcpu *vcpu, word_t length, word_t *buffer);
exception_t decodeVCPUWriteMSR(struct vcpu *vcpu, word_t length, word_t *buffer);

#endif /* CONFIG_VTX */
#endif
