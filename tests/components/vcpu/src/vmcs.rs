// SPDX-License-Identifier: BSD-2-Clause
//! VMCS fields, by the names of the Intel SDM, volume 3, appendix "Field Encoding in VMCS".

use sel4_vcpu::VmcsField;

macro_rules! fields {
    ($($name:ident = $encoding:literal;)*) => {
        $(pub const $name: VmcsField = VmcsField($encoding);)*
    };
}

fields! {
    PIN_BASED_CONTROLS = 0x4000;
    EXCEPTION_BITMAP = 0x4004;
    SECONDARY_CONTROLS = 0x401e;
    GUEST_GDTR_LIMIT = 0x4810;
    GUEST_IDTR_LIMIT = 0x4812;
    GUEST_INTERRUPTIBILITY = 0x4824;
    GUEST_ACTIVITY = 0x4826;
    GUEST_SYSENTER_CS = 0x482a;
    CR0_MASK = 0x6000;
    CR4_MASK = 0x6002;
    GUEST_CR0 = 0x6800;
    GUEST_CR3 = 0x6802;
    GUEST_CR4 = 0x6804;
    GUEST_GDTR_BASE = 0x6816;
    GUEST_IDTR_BASE = 0x6818;
    GUEST_DR7 = 0x681a;
    GUEST_RSP = 0x681c;
    GUEST_RFLAGS = 0x6820;
    GUEST_PENDING_DEBUG = 0x6822;
    GUEST_SYSENTER_ESP = 0x6824;
    GUEST_SYSENTER_EIP = 0x6826;
    GUEST_DEBUGCTL = 0x2802;
    HOST_CR3 = 0x6c02;
    HOST_RIP = 0x6c16;
}

/// Segment registers in the order of the encodings: ES CS SS DS FS GS LDTR TR.
pub const SEGMENTS: u32 = 8;

/// Selector of segment `index`.
pub const fn selector(index: u32) -> VmcsField {
    VmcsField(0x800 + 2 * index)
}

/// Limit of segment `index`.
pub const fn limit(index: u32) -> VmcsField {
    VmcsField(0x4800 + 2 * index)
}

/// Access rights of segment `index`.
pub const fn access(index: u32) -> VmcsField {
    VmcsField(0x4814 + 2 * index)
}

/// Base of segment `index`.
pub const fn base(index: u32) -> VmcsField {
    VmcsField(0x6806 + 2 * index)
}
