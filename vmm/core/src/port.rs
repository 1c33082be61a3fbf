// SPDX-License-Identifier: BSD-2-Clause
//! IN, OUT, INS and OUTS.

use sel4_vcpu::{Context, IoAccess, Register};
use vmm_base::{GuestRam, Width};

use crate::Bus;
use crate::gpr::Gpr;
use crate::memory;
use crate::outcome::Outcome;
use crate::string::Strings;

/// IN or OUT.
#[inline]
pub(crate) fn single(bus: &mut impl Bus, context: &mut Context, io: IoAccess) {
    let width = width(io);
    if io.input {
        let value = bus.read_port(io.port, width);
        Gpr::new(Register::Rax, width).set(context, value.into());
    } else {
        let value = context.registers.rax & width.mask();
        bus.write_port(io.port, width, value as u32);
    }
}

const fn width(io: IoAccess) -> Width {
    match io.size {
        1 => Width::Byte,
        2 => Width::Word,
        _ => Width::Dword,
    }
}

/// INS or OUTS.
///
/// The exit tells the linear address of the first element, and the instruction information how wide
/// addresses are (SDM vol. 3C, table "Format of the VM-Exit Instruction-Information Field as Used for
/// INS and OUTS").
#[inline(never)]
pub(crate) fn strings(
    ram: &GuestRam<'_>,
    bus: &mut impl Bus,
    context: &mut Context,
    io: IoAccess,
) -> Outcome {
    let width = width(io);
    let address = match context.instruction_info() >> 7 & 7 {
        0 => Width::Word,
        1 => Width::Dword,
        _ => Width::Qword,
    };
    let strings = Strings {
        address,
        repeated: io.repeated,
        width,
    };
    let register = match io.input {
        true => Register::Rdi,
        false => Register::Rsi,
    };
    let index = Gpr::new(register, address);
    // The segment's base, as the address of the first element tells.
    let base = context.guest_linear.wrapping_sub(index.get(context));
    let wide = context.efer & crate::mode::EFER_LMA != 0;
    strings.run(context, &[register], |context| {
        let index = match io.input {
            true => context.registers.rdi,
            false => context.registers.rsi,
        };
        let linear = base.wrapping_add(index & address.mask());
        let linear = if wide { linear } else { linear & 0xffff_ffff };
        if io.input {
            memory::check(ram, context, linear, width)?;
            let value = bus.read_port(io.port, width);
            memory::write(ram, bus, context, linear, width, value.into())
        } else {
            let value = memory::read(ram, bus, context, linear, width)?;
            bus.write_port(io.port, width, value as u32);
            Ok(())
        }
    })
}

#[cfg(test)]
mod tests;
