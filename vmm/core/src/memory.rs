// SPDX-License-Identifier: BSD-2-Clause
//! Operands by their linear addresses: memory, or devices where there is none.

use sel4_vcpu::Context;
use vmm_base::{Gpa, GuestRam, Width};

use crate::Bus;
use crate::decode::LONGEST;
use crate::mode::CodeSize;
use crate::outcome::Outcome;
use crate::walk::{Access, translate};

const PAGE: u64 = 0x1000;

/// Reads up to 15 bytes of code: fewer where what follows is not mapped. An instruction that ends
/// before that is whole, and the CPU fetched it from there.
pub(crate) fn fetch(
    ram: &GuestRam<'_>,
    context: &Context,
    linear: u64,
    size: CodeSize,
    bytes: &mut [u8; LONGEST],
) -> usize {
    let mut read = 0;
    while read < LONGEST {
        let at = size.address(linear.wrapping_add(read as u64));
        let Ok(from) = translate(ram, context, at, Access::Fetch) else {
            break;
        };
        let in_page = (PAGE - at % PAGE) as usize;
        let end = LONGEST.min(read + in_page);
        if ram.read(from, &mut bytes[read..end]).is_err() {
            break;
        }
        read = end;
    }
    read
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
