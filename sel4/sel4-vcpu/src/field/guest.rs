// SPDX-License-Identifier: BSD-2-Clause
//! Guest-state fields (SDM appendix B). Segments: [`Segment`](crate::Segment).

use super::{Field, Natural};

/// Lower byte: requesting virtual interrupt (RVI); upper: servicing virtual interrupt (SVI).
pub const INTERRUPT_STATUS: Field<u16> = Field::guest(0x0810);

/// IA32_DEBUGCTL.
pub const DEBUGCTL: Field<u64> = Field::guest(0x2802);
/// IA32_PAT.
pub const PAT: Field<u64> = Field::guest(0x2804);
/// IA32_EFER.
pub const EFER: Field<u64> = Field::guest(0x2806);
/// Page-directory-pointer table entries of a guest with PAE paging; the next three follow in steps
/// of 2.
pub const PDPTE: [Field<u64>; 4] = [
    Field::guest(0x280a),
    Field::guest(0x280c),
    Field::guest(0x280e),
    Field::guest(0x2810),
];

/// Limit of the GDTR.
pub const GDTR_LIMIT: Field<u32> = Field::guest(0x4810);
/// Limit of the IDTR.
pub const IDTR_LIMIT: Field<u32> = Field::guest(0x4812);
/// Interruptibility state (SDM table "Format of Interruptibility State").
pub const INTERRUPTIBILITY: Field<u32> = Field::guest(0x4824);
/// Activity state: 0 active, 1 HLT, 2 shutdown, 3 wait for SIPI.
pub const ACTIVITY: Field<u32> = Field::guest(0x4826);
/// IA32_SYSENTER_CS.
pub const SYSENTER_CS: Field<u32> = Field::guest(0x482a);
/// Time to the exit by the preemption timer, in units of 2^n TSC ticks (IA32_VMX_MISC bits 4:0).
pub const PREEMPTION_TIMER: Field<u32> = Field::guest(0x482e);

/// CR0; the kernel keeps what VMX operation fixes.
pub const CR0: Field<Natural> = Field::guest(0x6800);
/// CR3.
pub const CR3: Field<Natural> = Field::guest(0x6802);
/// CR4; the kernel keeps what VMX operation fixes.
pub const CR4: Field<Natural> = Field::guest(0x6804);
/// Base of the GDTR.
pub const GDTR_BASE: Field<Natural> = Field::guest(0x6816);
/// Base of the IDTR.
pub const IDTR_BASE: Field<Natural> = Field::guest(0x6818);
/// DR7.
pub const DR7: Field<Natural> = Field::guest(0x681a);
/// RSP.
pub const RSP: Field<Natural> = Field::guest(0x681c);
/// RIP; every entry sets it from its message.
pub const RIP: Field<Natural> = Field::guest(0x681e);
/// RFLAGS.
pub const RFLAGS: Field<Natural> = Field::guest(0x6820);
/// Pending debug exceptions.
pub const PENDING_DEBUG: Field<Natural> = Field::guest(0x6822);
/// IA32_SYSENTER_ESP.
pub const SYSENTER_ESP: Field<Natural> = Field::guest(0x6824);
/// IA32_SYSENTER_EIP.
pub const SYSENTER_EIP: Field<Natural> = Field::guest(0x6826);
