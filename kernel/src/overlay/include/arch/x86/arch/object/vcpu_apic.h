/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The virtual APIC of a VCPU.
 */
#ifndef __ARCH_OBJECT_VCPU_APIC_H
#define __ARCH_OBJECT_VCPU_APIC_H

#include <config.h>

#ifdef CONFIG_VTX

#include <types.h>
#include <api/failures.h>

/* Primary controls */
#define VMX_CR8_EXITING (BIT(19) | BIT(20))
#define VMX_TPR_SHADOW BIT(21)
/* Secondary controls */
#define VMX_VIRTUALIZE_APIC_ACCESSES BIT(0)
#define VMX_VIRTUALIZE_X2APIC BIT(4)
#define VMX_APIC_REGISTER_VIRTUALIZATION BIT(8)
#define VMX_VIRTUAL_INTERRUPT_DELIVERY BIT(9)
#define VMX_APIC_CONTROLS (VMX_VIRTUALIZE_APIC_ACCESSES | VMX_VIRTUALIZE_X2APIC | \
                           VMX_APIC_REGISTER_VIRTUALIZATION | VMX_VIRTUAL_INTERRUPT_DELIVERY)

struct vcpu;

/* Sets what the VMCS of a VCPU that is current needs for a virtual APIC. */
void vcpuApicInit(struct vcpu *vcpu);

/* The secondary controls that the VCPU gets when these are asked for; its MSR bitmap follows. */
word_t vcpuApicControls(struct vcpu *vcpu, word_t secondary);

/* Moves posted interrupts to where the CPU takes them from, before an entry. */
void vcpuApicSync(struct vcpu *vcpu);

/* Posts an interrupt with a vector from 16 on; the next entry has the CPU take it. */
void vcpuApicPost(struct vcpu *vcpu, word_t vector);

/* Guest interrupt status (bits 15:0), task priority (23:16), and VCPU_APIC_STATE_VALID; 0 if the
 * CPU delivers no interrupts. The VCPU is current. */
#define VCPU_APIC_STATE_VALID BIT(31)
word_t vcpuApicState(struct vcpu *vcpu);

exception_t decodeVCPUReadAPIC(struct vcpu *vcpu, word_t length, word_t *buffer);
exception_t decodeVCPUWriteAPIC(struct vcpu *vcpu, word_t length, word_t *buffer);
exception_t decodeVCPUSetAPICAccess(struct vcpu *vcpu, word_t length, word_t *buffer);
exception_t decodeVCPUPostInterrupt(struct vcpu *vcpu, word_t length, word_t *buffer);

#endif /* CONFIG_VTX */
#endif
