// SPDX-License-Identifier: BSD-2-Clause
//! Control fields (SDM appendix B). The execution, exit and entry controls themselves are set with
//! [`Vcpu::negotiate`](crate::Vcpu::negotiate).

use super::{Field, Natural};

/// Added to the guest's TSC when TSC offsetting is on.
pub const TSC_OFFSET: Field<u64> = Field::control(0x2010);
/// Vectors 0 to 63 whose EOI exits (virtual-interrupt delivery).
pub const EOI_EXIT_0: Field<u64> = Field::control(0x201c);
/// Vectors 64 to 127 whose EOI exits.
pub const EOI_EXIT_1: Field<u64> = Field::control(0x201e);
/// Vectors 128 to 191 whose EOI exits.
pub const EOI_EXIT_2: Field<u64> = Field::control(0x2020);
/// Vectors 192 to 255 whose EOI exits.
pub const EOI_EXIT_3: Field<u64> = Field::control(0x2022);

/// Pin-based controls.
pub const PIN_BASED: Field<u32> = Field::control(0x4000);
/// Primary processor-based controls.
pub const PRIMARY: Field<u32> = Field::control(0x4002);
/// Exceptions that exit, a bit for each vector.
pub const EXCEPTION_BITMAP: Field<u32> = Field::control(0x4004);
/// Bits of a page fault's error code that decide, with the match, whether it exits.
pub const PAGE_FAULT_MASK: Field<u32> = Field::control(0x4006);
/// What these bits are compared with.
pub const PAGE_FAULT_MATCH: Field<u32> = Field::control(0x4008);
/// VM-exit controls.
pub const EXIT: Field<u32> = Field::control(0x400c);
/// VM-entry controls.
pub const ENTRY: Field<u32> = Field::control(0x4012);
/// An event that the next entry injects; every entry sets it from its message.
pub const ENTRY_INTERRUPTION: Field<u32> = Field::control(0x4016);
/// The error code of that event.
pub const ENTRY_ERROR_CODE: Field<u32> = Field::control(0x4018);
/// The length of the instruction that raised a software event, in bytes.
pub const ENTRY_INSTRUCTION_LENGTH: Field<u32> = Field::control(0x401a);
/// An exit happens when the guest's task-priority class falls below bits 3:0 (TPR shadow).
pub const TPR_THRESHOLD: Field<u32> = Field::control(0x401c);
/// Secondary processor-based controls.
pub const SECONDARY: Field<u32> = Field::control(0x401e);
/// TSC ticks between two PAUSEs of one loop (PAUSE-loop exiting).
pub const PLE_GAP: Field<u32> = Field::control(0x4020);
/// TSC ticks that a loop of PAUSEs may take.
pub const PLE_WINDOW: Field<u32> = Field::control(0x4022);

/// Bits of CR0 that the guest does not own.
pub const CR0_MASK: Field<Natural> = Field::control(0x6000);
/// Bits of CR4 that the guest does not own.
pub const CR4_MASK: Field<Natural> = Field::control(0x6002);
/// What the guest reads of the bits of CR0 that it does not own.
pub const CR0_SHADOW: Field<Natural> = Field::control(0x6004);
/// What the guest reads of the bits of CR4 that it does not own.
pub const CR4_SHADOW: Field<Natural> = Field::control(0x6006);
