// SPDX-License-Identifier: BSD-2-Clause
//! The processor modes in which a guest can start: the VMCS and the tables in its memory.

use sel4::Result;
use sel4_vcpu::{EntryControls, Segment, Vcpu, field::guest};

use crate::Memory;
use crate::layout::{CODE, CODE_SELECTOR, DATA_SELECTOR, GDT, IDT, STACK_END, TABLES};

/// A processor mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// 16-bit real mode, the segments at 0; needs an unrestricted guest.
    Real,
    /// 32-bit protected mode with paging.
    Protected,
    /// 64-bit mode.
    Long,
}

/// CR0: PE and PG; NE, which VMX operation fixes.
const PE: u64 = 1;
const PG: u64 = 1 << 31;
const NE: u64 = 1 << 5;
/// CR4: page-size extensions, PAE, FXSAVE and SSE; VMXE, which VMX operation fixes.
const PSE: u64 = 1 << 4;
const PAE: u64 = 1 << 5;
const OSFXSR: u64 = 1 << 9;
const VMXE: u64 = 1 << 13;
/// EFER: SYSCALL, long mode enabled and active.
const LONG: u64 = 1 | 1 << 8 | 1 << 10;

/// Access rights: present, accessed, code or data; D, L and G bits.
const CODE_16: u32 = 0x9b;
const DATA_16: u32 = 0x93;
const CODE_32: u32 = 0xc09b;
const CODE_64: u32 = 0xa09b;
const DATA_32: u32 = 0xc093;
const BUSY_TASK: u32 = 0x8b;
const UNUSABLE: u32 = 1 << 16;

const PRESENT_WRITABLE: u64 = 3;
const LARGE: u64 = 1 << 7;
const PAGE: usize = 0x1000;

impl Mode {
    /// The entry controls that it needs.
    pub const fn entry_controls(self) -> EntryControls {
        match self {
            Self::Long => EntryControls::IA32E_MODE,
            Self::Real | Self::Protected => EntryControls::empty(),
        }
    }

    /// Puts the virtual CPU into this mode.
    pub(crate) fn enter(self, vcpu: Vcpu, memory: &mut Memory) -> Result<()> {
        memory.clear(TABLES..GDT);
        self.fill_tables(memory);
        let (cr0, cr4, efer) = match self {
            Self::Real => (NE, VMXE, 0),
            Self::Protected => (NE | PE | PG, VMXE | PSE | OSFXSR, 0),
            Self::Long => (NE | PE | PG, VMXE | PAE | OSFXSR, LONG),
        };
        vcpu.write(guest::CR0, cr0)?;
        vcpu.write(guest::CR3, TABLES as u64)?;
        vcpu.write(guest::CR4, cr4)?;
        vcpu.write(guest::EFER, efer)?;
        self.set_segments(vcpu)?;
        vcpu.write(guest::GDTR_BASE, GDT as u64)?;
        vcpu.write(guest::GDTR_LIMIT, 3 * 8 - 1u32)?;
        vcpu.write(guest::IDTR_BASE, IDT as u64)?;
        vcpu.write(guest::IDTR_LIMIT, 0xfffu32)?;
        vcpu.write(guest::RSP, STACK_END as u64)?;
        vcpu.write(guest::DR7, 0x400u64)?;
        vcpu.write(guest::PENDING_DEBUG, 0u64)?;
        vcpu.write(guest::ACTIVITY, 0u32)?;
        Ok(())
    }

    fn fill_tables(self, memory: &mut Memory) {
        let (second, third) = (TABLES + PAGE, TABLES + 2 * PAGE);
        match self {
            Self::Real => {}
            Self::Protected => {
                for i in 0..256u32 {
                    let entry = i << 22 | LARGE as u32 | PRESENT_WRITABLE as u32;
                    memory.write(TABLES + 4 * i as usize, &entry.to_le_bytes());
                }
            }
            Self::Long => {
                memory.write64(TABLES, second as u64 | PRESENT_WRITABLE);
                memory.write64(second, third as u64 | PRESENT_WRITABLE);
                for i in 0..512 {
                    let entry = (i as u64) << 21 | LARGE | PRESENT_WRITABLE;
                    memory.write64(third + 8 * i, entry);
                }
            }
        }
        memory.write64(GDT, 0);
        memory.write64(GDT + 8, 0x00af_9b00_0000_ffff);
        memory.write64(GDT + 16, 0x00cf_9300_0000_ffff);
    }

    fn set_segments(self, vcpu: Vcpu) -> Result<()> {
        for segment in Segment::ALL {
            let real = self == Self::Real;
            let (selector, rights, limit) = match segment {
                Segment::Cs if real => (0, CODE_16, 0xffff),
                Segment::Cs if self == Self::Protected => (CODE_SELECTOR, CODE_32, u32::MAX),
                Segment::Cs => (CODE_SELECTOR, CODE_64, u32::MAX),
                Segment::Ldtr => (0, UNUSABLE, 0),
                Segment::Tr => (0, BUSY_TASK, 0x67),
                _ if real => (0, DATA_16, 0xffff),
                _ => (DATA_SELECTOR, DATA_32, u32::MAX),
            };
            vcpu.write(segment.selector(), selector)?;
            vcpu.write(segment.access_rights(), rights)?;
            vcpu.write(segment.limit(), limit)?;
            vcpu.write(segment.base(), 0u64)?;
        }
        Ok(())
    }
}

const _: () = assert!(CODE < 0x1_0000, "real mode reaches the code with CS = 0");
