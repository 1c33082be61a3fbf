// SPDX-License-Identifier: BSD-2-Clause
//! Information on VM exits (SDM appendix B). Nearly all of it comes with the
//! [`Context`](crate::Context); reading a field costs a system call.

use super::{ExitField, Natural};

/// Guest-physical address of an EPT violation or misconfiguration.
pub const GUEST_PHYSICAL: ExitField<u64> = ExitField::new(0x2400);

/// Why an entry instruction failed (SDM table "VM-Instruction Error Numbers").
pub const INSTRUCTION_ERROR: ExitField<u32> = ExitField::new(0x4400);
/// Exit reason.
pub const REASON: ExitField<u32> = ExitField::new(0x4402);
/// Exit interruption information.
pub const INTERRUPTION: ExitField<u32> = ExitField::new(0x4404);
/// Exit interruption error code.
pub const INTERRUPTION_ERROR: ExitField<u32> = ExitField::new(0x4406);
/// IDT-vectoring information.
pub const IDT_VECTORING: ExitField<u32> = ExitField::new(0x4408);
/// IDT-vectoring error code.
pub const IDT_VECTORING_ERROR: ExitField<u32> = ExitField::new(0x440a);
/// Instruction length.
pub const INSTRUCTION_LENGTH: ExitField<u32> = ExitField::new(0x440c);
/// Instruction information.
pub const INSTRUCTION_INFO: ExitField<u32> = ExitField::new(0x440e);

/// Exit qualification.
pub const QUALIFICATION: ExitField<Natural> = ExitField::new(0x6400);
/// RCX before a string I/O instruction in system-management mode.
pub const IO_RCX: ExitField<Natural> = ExitField::new(0x6402);
/// Guest-linear address.
pub const GUEST_LINEAR: ExitField<Natural> = ExitField::new(0x640a);
