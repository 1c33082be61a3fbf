// SPDX-License-Identifier: BSD-2-Clause
//! In which mode a guest is, as its context tells.

use sel4_vcpu::Context;

pub(crate) const CR0_PE: u64 = 1;
pub(crate) const CR0_WP: u64 = 1 << 16;
pub(crate) const CR0_PG: u64 = 1 << 31;
pub(crate) const CR4_PSE: u64 = 1 << 4;
pub(crate) const CR4_PAE: u64 = 1 << 5;
pub(crate) const CR4_SMAP: u64 = 1 << 21;
pub(crate) const EFER_LMA: u64 = 1 << 10;

const RFLAGS_AC: u64 = 1 << 18;
/// Access rights of CS: 64-bit, and 32-bit by default.
const RIGHTS_L: u32 = 1 << 13;
const RIGHTS_D: u32 = 1 << 14;

/// How wide addresses and operands of the guest's code are by default.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum CodeSize {
    Bits16 = 16,
    Bits32 = 32,
    Bits64 = 64,
}

impl CodeSize {
    pub(crate) fn of(context: &Context) -> Self {
        let rights = context.cs_access_rights();
        if context.efer & EFER_LMA != 0 && rights & RIGHTS_L != 0 {
            Self::Bits64
        } else if rights & RIGHTS_D != 0 {
            Self::Bits32
        } else {
            // Real mode and virtual-8086 mode among others: their segments say so, too.
            Self::Bits16
        }
    }

    /// An address, as wide as addresses are.
    pub(crate) const fn address(self, address: u64) -> u64 {
        match self {
            Self::Bits16 | Self::Bits32 => address & 0xffff_ffff,
            Self::Bits64 => address,
        }
    }
}

/// The linear address of the instruction at RIP.
pub(crate) fn instruction_address(context: &Context, size: CodeSize) -> u64 {
    match size {
        CodeSize::Bits64 => context.rip,
        CodeSize::Bits16 | CodeSize::Bits32 => {
            size.address(context.cs_base.wrapping_add(context.rip))
        }
    }
}

/// The current privilege level.
pub(crate) fn privilege_level(context: &Context) -> u8 {
    (context.ss_access_rights() >> 5 & 3) as u8
}

/// May a supervisor's explicit access reach pages of users?
pub(crate) fn reaches_user_pages(context: &Context) -> bool {
    context.cr4 & CR4_SMAP == 0 || context.rflags & RFLAGS_AC != 0
}
