// SPDX-License-Identifier: BSD-2-Clause
//! Linear to guest-physical addresses by the guest's own page tables (SDM vol. 3A, chapter 5).
//!
//! A walk reads at most four entries. It leaves accessed and dirty bits alone: what is walked for is
//! an instruction that the CPU has just fetched, or an operand of one, so the CPU set them already or
//! sets them when it executes the next access there.

use sel4_vcpu::Context;
use vmm_base::{Gpa, GuestRam};

use crate::mode::{
    CR0_PG, CR0_WP, CR4_PAE, CR4_PSE, EFER_LMA, privilege_level, reaches_user_pages,
};

const PRESENT: u64 = 1;
const WRITABLE: u64 = 1 << 1;
const USER: u64 = 1 << 2;
const LARGE: u64 = 1 << 7;
/// Bits 51:12 of an entry.
const ADDRESS: u64 = 0x000f_ffff_ffff_f000;

/// What is to be done at the address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Reading what the CPU has read itself, with all rights: the instruction.
    Fetch,
    /// A read with the rights that the guest's program has now.
    Read,
    /// A write with them.
    Write,
}

/// The guest's tables do not allow the access.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageFault {
    /// The error code that the exception has (SDM vol. 3A, "Page-Fault Exceptions").
    pub error_code: u32,
}

impl PageFault {
    const PRESENT: u32 = 1;
    const WRITE: u32 = 1 << 1;
    const USER: u32 = 1 << 2;
}

/// Translates a linear address. Page tables outside the guest's memory are as good as absent.
///
/// # Errors
///
/// The page fault that the guest has to get.
pub fn translate(
    ram: &GuestRam<'_>,
    context: &Context,
    linear: u64,
    access: Access,
) -> Result<Gpa, PageFault> {
    if context.cr0 & CR0_PG == 0 {
        return Ok(Gpa(linear & 0xffff_ffff));
    }
    let leaf = if context.efer & EFER_LMA != 0 {
        long(ram, context.cr3, linear)
    } else if context.cr4 & CR4_PAE != 0 {
        pae(ram, context.cr3, linear)
    } else {
        legacy(ram, context, linear)
    };
    permit(context, access, leaf).map(Gpa)
}

/// Where a walk ended: the address, and the rights that all of its entries give.
struct Leaf {
    address: u64,
    rights: u64,
}

fn permit(context: &Context, access: Access, leaf: Option<Leaf>) -> Result<u64, PageFault> {
    let user = privilege_level(context) == 3;
    let mut error_code = 0;
    if access == Access::Write {
        error_code |= PageFault::WRITE;
    }
    if user {
        error_code |= PageFault::USER;
    }
    let Some(Leaf { address, rights }) = leaf else {
        return Err(PageFault { error_code });
    };
    let of_user = rights & USER != 0;
    let allowed = match access {
        Access::Fetch => true,
        _ if user && !of_user => false,
        _ if !user && of_user && !reaches_user_pages(context) => false,
        Access::Read => true,
        Access::Write => rights & WRITABLE != 0 || !user && context.cr0 & CR0_WP == 0,
    };
    match allowed {
        true => Ok(address),
        false => Err(PageFault {
            error_code: error_code | PageFault::PRESENT,
        }),
    }
}

/// An entry of 8 bytes, if it is present.
fn entry(ram: &GuestRam<'_>, table: u64, index: u64) -> Option<u64> {
    let entry = u64::from_le_bytes(ram.get(Gpa(table + 8 * (index & 0x1ff))).ok()?);
    (entry & PRESENT != 0).then_some(entry)
}

/// IA-32e paging: four levels, pages of 1 GiB, 2 MiB and 4 KiB.
fn long(ram: &GuestRam<'_>, cr3: u64, linear: u64) -> Option<Leaf> {
    let pml4e = entry(ram, cr3 & ADDRESS, linear >> 39)?;
    let pdpte = entry(ram, pml4e & ADDRESS, linear >> 30)?;
    let rights = pml4e & pdpte;
    if pdpte & LARGE != 0 {
        return Some(leaf(pdpte, rights, linear, 30));
    }
    directory(ram, pdpte, rights, linear)
}

/// PAE paging: four entries of 1 GiB each, which have no rights of their own.
fn pae(ram: &GuestRam<'_>, cr3: u64, linear: u64) -> Option<Leaf> {
    let pdpte = entry(ram, cr3 & 0xffff_ffe0, linear >> 30 & 3)?;
    directory(ram, pdpte, u64::MAX, linear)
}

/// The two lower levels of entries of 8 bytes.
fn directory(ram: &GuestRam<'_>, pdpte: u64, rights: u64, linear: u64) -> Option<Leaf> {
    let pde = entry(ram, pdpte & ADDRESS, linear >> 21)?;
    let rights = rights & pde;
    if pde & LARGE != 0 {
        return Some(leaf(pde, rights, linear, 21));
    }
    let pte = entry(ram, pde & ADDRESS, linear >> 12)?;
    Some(leaf(pte, rights & pte, linear, 12))
}

/// 32-bit paging: two levels of entries of 4 bytes, pages of 4 MiB and 4 KiB.
fn legacy(ram: &GuestRam<'_>, context: &Context, linear: u64) -> Option<Leaf> {
    let entry = |table: u64, index: u64| {
        let bytes = ram.get(Gpa((table & 0xffff_f000) + 4 * (index & 0x3ff)));
        let entry: u64 = u32::from_le_bytes(bytes.ok()?).into();
        (entry & PRESENT != 0).then_some(entry)
    };
    let pde = entry(context.cr3, linear >> 22)?;
    if pde & LARGE != 0 && context.cr4 & CR4_PSE != 0 {
        // Bits 20:13 are bits 39:32 of the address (PSE-36).
        let page = pde & 0xffc0_0000 | (pde >> 13 & 0xff) << 32;
        return Some(leaf(page, pde, linear, 22));
    }
    let pte = entry(pde, linear >> 12)?;
    Some(leaf(pte & 0xffff_ffff, pde & pte, linear, 12))
}

/// The page of `1 << bits` bytes that an entry names.
fn leaf(entry: u64, rights: u64, linear: u64, bits: u32) -> Leaf {
    let offset = (1 << bits) - 1;
    Leaf {
        address: entry & ADDRESS & !offset | linear & offset,
        rights,
    }
}

#[cfg(test)]
mod tests;
