// SPDX-License-Identifier: BSD-2-Clause
//! Operands by their linear addresses: memory, or devices where there is none.

use sel4_vcpu::Context;
use vmm_base::{Gpa, GuestRam, Width};

use crate::Bus;
use crate::decode::Code;
use crate::mode::CodeSize;
use crate::outcome::Outcome;
use crate::walk::{Access, translate};

const PAGE: u64 = 0x1000;

/// Reads up to 16 bytes of code: fewer where what follows is not mapped. An instruction that ends
/// before that is whole, and the CPU fetched it from there. None if there is no byte.
pub(crate) fn fetch(
    ram: &GuestRam<'_>,
    context: &Context,
    linear: u64,
    size: CodeSize,
) -> Option<Code> {
    let from = translate(ram, context, linear, Access::Fetch).ok()?;
    if linear % PAGE <= PAGE - 16 {
        let word = |at: u64| ram.get(Gpa(from.0 + at)).map(u64::from_le_bytes);
        return Some(Code::of_words([word(0).ok()?, word(8).ok()?]));
    }
    let mut bytes = [0; 16];
    let in_page = (PAGE - linear % PAGE) as usize;
    ram.read(from, &mut bytes[..in_page]).ok()?;
    let next = size.address(linear.wrapping_add(in_page as u64));
    let next = translate(ram, context, next, Access::Fetch).ok();
    let both = next.is_some_and(|from| ram.read(from, &mut bytes[in_page..]).is_ok());
    Some(Code::new(&bytes, if both { 16 } else { in_page }))
}

/// Reads an operand that does not cross a page.
pub(crate) fn read(
    ram: &GuestRam<'_>,
    bus: &mut impl Bus,
    context: &Context,
    linear: u64,
    width: Width,
) -> Result<u64, Outcome> {
    let at = operand(ram, context, linear, width, Access::Read)?;
    let mut bytes = [0; 8];
    match ram.read(at, &mut bytes[..width.bytes()]) {
        Ok(()) => Ok(u64::from_le_bytes(bytes)),
        Err(_) => Ok(bus.read(at, width)),
    }
}

/// Writes an operand that does not cross a page.
pub(crate) fn write(
    ram: &GuestRam<'_>,
    bus: &mut impl Bus,
    context: &Context,
    linear: u64,
    width: Width,
    value: u64,
) -> Result<(), Outcome> {
    let at = operand(ram, context, linear, width, Access::Write)?;
    let value = value & width.mask();
    if ram
        .write(at, &value.to_le_bytes()[..width.bytes()])
        .is_err()
    {
        bus.write(at, width, value);
    }
    Ok(())
}

/// Would a write of an operand be done?
pub(crate) fn check(
    ram: &GuestRam<'_>,
    context: &Context,
    linear: u64,
    width: Width,
) -> Result<(), Outcome> {
    operand(ram, context, linear, width, Access::Write).map(drop)
}

fn operand(
    ram: &GuestRam<'_>,
    context: &Context,
    linear: u64,
    width: Width,
    access: Access,
) -> Result<Gpa, Outcome> {
    if crosses_page(linear, width) {
        return Err(Outcome::Unsupported);
    }
    translate(ram, context, linear, access).map_err(|fault| Outcome::PageFault { linear, fault })
}

/// Does an access of this width at this address reach into the next page?
pub(crate) const fn crosses_page(address: u64, width: Width) -> bool {
    address % PAGE + width.bytes() as u64 > PAGE
}
