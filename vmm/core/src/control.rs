// SPDX-License-Identifier: BSD-2-Clause
//! Control registers, EFER and with them the mode of the CPU (SDM vol. 3A 2.5, vol. 3C 24.6.6).
//!
//! The guest owns most bits and changes them without an exit. Those that it does not own, it reads in a
//! shadow: of CR0, NE, which VMX fixes, and CD and NW, since its caches are the host's; of CR4, what
//! VMX fixes and what CPUID does not show.

use sel4_vcpu::field::{control, guest};
use sel4_vcpu::{Context, EntryControls};
use vmm_base::{Gpa, GuestRam};

use crate::mode::{CR0_PE, CR0_PG, CR4_PAE, CodeSize, EFER_LMA};
use crate::{Cpu, Cpuid};

const CR0_NE: u64 = 1 << 5;
const CR0_NW: u64 = 1 << 29;
const CR0_CD: u64 = 1 << 30;
/// Bits of CR0 that are not the guest's own.
pub(crate) const CR0_MASK: u64 = CR0_NE | CR0_NW | CR0_CD;

const CR4_PCIDE: u64 = 1 << 17;
/// CR4: VME, PVI, TSD, DE, PSE, PAE, MCE, PGE, PCE, OSFXSR, OSXMMEXCPT.
const CR4_ALWAYS: u64 = 0x7ff;
const CR4_UMIP: u64 = 1 << 11;
const CR4_FSGSBASE: u64 = 1 << 16;
const CR4_SMEP: u64 = 1 << 20;
const CR4_SMAP: u64 = 1 << 21;

const EFER_SCE: u64 = 1;
const EFER_LME: u64 = 1 << 8;
const EFER_NXE: u64 = 1 << 11;

/// A general-protection fault in the guest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Refused;

/// The bits of CR4 that the guest may set, and so owns.
pub(crate) fn cr4_of_guest(cpuid: &Cpuid) -> u64 {
    let [_, _, features, _] = cpuid.get(1, 0);
    let [_, structured, extended, _] = cpuid.get(7, 0);
    let bit = |has: bool, bit: u64| if has { bit } else { 0 };
    CR4_ALWAYS
        | bit(features & 1 << 17 != 0, CR4_PCIDE)
        | bit(structured & 1 != 0, CR4_FSGSBASE)
        | bit(structured & 1 << 7 != 0, CR4_SMEP)
        | bit(structured & 1 << 20 != 0, CR4_SMAP)
        | bit(extended & 1 << 2 != 0, CR4_UMIP)
}

/// MOV to CR0 and its like, if it changes a bit that is not the guest's own.
pub(crate) fn set_cr0<C: Cpu>(
    cpu: &mut C,
    ram: &GuestRam<'_>,
    context: &mut Context,
    value: u64,
) -> sel4::Result<Result<(), Refused>> {
    let protected = value & CR0_PE != 0;
    let (paged, was_paged) = (value & CR0_PG != 0, context.cr0 & CR0_PG != 0);
    let size = CodeSize::of(context);
    let refused = value >> 32 != 0
        || paged && !protected
        || value & CR0_NW != 0 && value & CR0_CD == 0
        || was_paged && !paged && (size == CodeSize::Bits64 || context.cr4 & CR4_PCIDE != 0)
        || !was_paged && paged && context.efer & EFER_LME != 0 && context.cr4 & CR4_PAE == 0;
    if refused {
        return Ok(Err(Refused));
    }
    if paged != was_paged && context.efer & EFER_LME != 0 {
        set_long_mode(cpu, context, paged)?;
    }
    let real = (value | CR0_NE) & !(CR0_CD | CR0_NW);
    cpu.write(guest::CR0, real)?;
    cpu.write(control::CR0_SHADOW, value)?;
    context.cr0 = real;
    load_pdptes(cpu, ram, context)?;
    Ok(Ok(()))
}

/// MOV to CR0's lower half by LMSW: it can set PE, but not clear it.
pub(crate) const fn lmsw(cr0: u64, value: u16) -> u64 {
    const LOWER: u64 = 0xf;
    cr0 & !(LOWER & !CR0_PE) | value as u64 & LOWER
}

/// WRMSR of EFER. LMA is the CPU's; LME stays while there is paging.
pub(crate) fn set_efer<C: Cpu>(
    cpu: &mut C,
    context: &mut Context,
    value: u64,
) -> sel4::Result<Result<(), Refused>> {
    let kept = context.efer & EFER_LMA;
    let changes_mode = (value ^ context.efer) & EFER_LME != 0 && context.cr0 & CR0_PG != 0;
    if value & !(EFER_SCE | EFER_LME | EFER_LMA | EFER_NXE) != 0 || changes_mode {
        return Ok(Err(Refused));
    }
    let efer = value & !EFER_LMA | kept;
    cpu.write(guest::EFER, efer)?;
    context.efer = efer;
    Ok(Ok(()))
}

/// EFER.LMA and the entry control "IA-32e mode guest" are one to the CPU's checks.
fn set_long_mode<C: Cpu>(cpu: &mut C, context: &mut Context, on: bool) -> sel4::Result<()> {
    let entry = cpu.read(control::ENTRY)?;
    let bit = EntryControls::IA32E_MODE.bits();
    cpu.write(control::ENTRY, if on { entry | bit } else { entry & !bit })?;
    context.efer = match on {
        true => context.efer | EFER_LMA,
        false => context.efer & !EFER_LMA,
    };
    cpu.write(guest::EFER, context.efer)
}

/// With PAE paging the CPU has four entries in registers, which MOV to CR0 loads. Where one is no
/// memory it is not present.
fn load_pdptes<C: Cpu>(cpu: &mut C, ram: &GuestRam<'_>, context: &Context) -> sel4::Result<()> {
    let pae =
        context.cr0 & CR0_PG != 0 && context.cr4 & CR4_PAE != 0 && context.efer & EFER_LMA == 0;
    if !pae {
        return Ok(());
    }
    let table = context.cr3 & 0xffff_ffe0;
    for (field, at) in guest::PDPTE.into_iter().zip((table..).step_by(8)) {
        let entry = ram.get(Gpa(at)).map_or(0, u64::from_le_bytes);
        cpu.write(field, entry)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
