// SPDX-License-Identifier: BSD-2-Clause
//! The state in which a guest's CPU starts.

use crate::layout::{GDT, PAGE_TABLES};
use crate::tables::{CODE_SELECTOR, DATA_SELECTOR, GDT_LIMIT};

/// The state in which a guest's CPU starts. General registers that are not here are 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EntryState {
    /// The first instruction.
    pub rip: u64,
    /// Multiboot's magic number, or 0.
    pub rax: u64,
    /// Where multiboot's information is, or 0.
    pub rbx: u64,
    /// Where Linux' zero page is, or 0.
    pub rsi: u64,
    /// The flags; interrupts are off.
    pub rflags: u64,
    /// CR0. Without PG (bit 31), the CPU has to be able to run unrestricted guests.
    pub cr0: u64,
    /// The page tables, or 0.
    pub cr3: u64,
    /// CR4.
    pub cr4: u64,
    /// EFER. With LMA (bit 10) the guest starts in 64-bit mode.
    pub efer: u64,
    /// ES, CS, SS, DS, FS, GS, LDTR and TR, as the VMCS counts them.
    pub segments: [SegmentState; 8],
    /// The global descriptor table.
    pub gdt: Table,
    /// The interrupt descriptor table, which is empty.
    pub idt: Table,
}

/// A segment register. All bases are 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SegmentState {
    /// What the guest reads in it.
    pub selector: u16,
    /// The last byte.
    pub limit: u32,
    /// As the VMCS has them: SDM vol. 3C 25.4.1, table "Format of Access Rights".
    pub access_rights: u32,
}

/// A descriptor table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Table {
    /// Its address.
    pub base: u64,
    /// Its last byte.
    pub limit: u32,
}

/// Bit 1 is always set.
const RFLAGS: u64 = 1 << 1;
/// CR0: protection, the kind of FPU (fixed), paging.
const PE: u64 = 1 << 0;
const ET: u64 = 1 << 4;
const PG: u64 = 1 << 31;
/// CR4: entries of 8 bytes in page tables.
const PAE: u64 = 1 << 5;
/// EFER: long mode is enabled, and active.
const LME: u64 = 1 << 8;
const LMA: u64 = 1 << 10;

/// Present, not of the system, readable, accessed; executable or writable; limit in pages; 32 or 64 bits.
const CODE_32: u32 = 0xc09b;
const CODE_64: u32 = 0xa09b;
const DATA: u32 = 0xc093;
/// A busy task of 32 or 64 bits: VM entry wants one.
const TASK: u32 = 0x8b;
const UNUSABLE: u32 = 1 << 16;

impl EntryState {
    /// 64-bit mode, with the identity mapping.
    pub(crate) fn long_mode(rip: u64) -> Self {
        Self {
            cr0: PE | ET | PG,
            cr3: PAGE_TABLES,
            cr4: PAE,
            efer: LME | LMA,
            ..Self::flat(rip, CODE_64)
        }
    }

    /// 32-bit protected mode without paging.
    pub(crate) fn protected_mode(rip: u64) -> Self {
        Self::flat(rip, CODE_32)
    }

    fn flat(rip: u64, code: u32) -> Self {
        let segment = |selector, limit, access_rights| SegmentState {
            selector,
            limit,
            access_rights,
        };
        let code = segment(CODE_SELECTOR, u32::MAX, code);
        let data = segment(DATA_SELECTOR, u32::MAX, DATA);
        let none = segment(0, 0, UNUSABLE);
        let task = segment(0, 0x67, TASK);
        Self {
            rip,
            rax: 0,
            rbx: 0,
            rsi: 0,
            rflags: RFLAGS,
            cr0: PE | ET,
            cr3: 0,
            cr4: 0,
            efer: 0,
            segments: [data, code, data, data, data, data, none, task],
            gdt: Table {
                base: GDT,
                limit: GDT_LIMIT,
            },
            idt: Table { base: 0, limit: 0 },
        }
    }
}
