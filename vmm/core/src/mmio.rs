// SPDX-License-Identifier: BSD-2-Clause
//! Accesses of the guest to addresses that are no memory: the instruction is found, decoded, and done
//! with the device in the place of memory.

use sel4_vcpu::{Context, EptViolation, Register, Segment};
use vmm_base::{Gpa, GuestRam, Width};

use crate::decode::{Action, Cache, Decoded, Operand, StringKind, StringMove};
use crate::gpr::Gpr;
use crate::memory::{self, crosses_page, fetch};
use crate::mode::{CodeSize, instruction_address};
use crate::outcome::Outcome;
use crate::stop::{Stop, Unsupported};
use crate::string::Strings;
use crate::{Bus, Cpu};

/// Finds the instruction that made this exit. Its length is left in the context.
pub(crate) fn find<'c>(
    ram: &GuestRam<'_>,
    cache: &'c mut Cache,
    context: &mut Context,
    exit: EptViolation,
) -> Result<&'c Decoded, Stop> {
    if exit.fetch || exit.in_page_walk || exit.linear.is_none() {
        let what = Unsupported::Device(Gpa(exit.address));
        return Err(stop(context, what));
    }
    let size = CodeSize::of(context);
    let linear = instruction_address(context, size);
    let Some(code) = fetch(ram, context, linear, size) else {
        return Err(stop(context, Unsupported::Fetch));
    };
    match cache.decode(code, size) {
        Some(decoded) if !decoded.crosses_page(exit.address) => {
            context.instruction_length = decoded.length.into();
            Ok(decoded)
        }
        _ => Err(stop(context, Unsupported::Instruction(code.bytes()))),
    }
}

/// Does it.
pub(crate) fn execute(
    cpu: &impl Cpu,
    ram: &GuestRam<'_>,
    bus: &mut impl Bus,
    context: &mut Context,
    exit: EptViolation,
    decoded: &Decoded,
) -> Result<Outcome, Stop> {
    match decoded.action {
        Action::String(string) => {
            let segments = Segments::of(cpu, CodeSize::of(context), string)?;
            Ok(segments.run(ram, bus, context, string, decoded.width))
        }
        _ => Ok(single(bus, context, Gpa(exit.address), decoded)),
    }
}

impl Decoded {
    /// Is the device's register in two pages? A string's elements are looked at one by one.
    const fn crosses_page(&self, address: u64) -> bool {
        !matches!(self.action, Action::String(_)) && crosses_page(address, self.width)
    }
}

fn stop(context: &Context, what: Unsupported) -> Stop {
    let rip = context.rip;
    Stop::Unsupported { what, rip }
}

/// Does an instruction with one access to the device, or a read and a write.
#[inline]
fn single(bus: &mut impl Bus, context: &mut Context, at: Gpa, decoded: &Decoded) -> Outcome {
    let width = decoded.width;
    match decoded.action {
        Action::Load { to, signed } => {
            let value = bus.read(at, width);
            to.set(context, if signed { extend(value, width) } else { value });
        }
        Action::Store(from) => {
            let value = from.get(context) & width.mask();
            bus.write(at, width, value);
        }
        Action::Exchange(with) => {
            let value = bus.read(at, width);
            bus.write(at, width, with.get(context));
            with.set(context, value);
        }
        Action::Arithmetic {
            operation,
            other,
            device_is_left,
        } => {
            let device = bus.read(at, width);
            let operand = other.get(context);
            let (left, right) = match device_is_left {
                true => (device, operand),
                false => (operand, device),
            };
            let (result, rflags) = operation.apply(left, right, width, context.rflags);
            context.rflags = rflags;
            match (operation.has_result(), other) {
                (true, _) if device_is_left => bus.write(at, width, result),
                (true, Operand::Register(register)) => register.set(context, result),
                _ => {}
            }
        }
        Action::String(_) => return Outcome::Unsupported,
    }
    Outcome::Done
}

/// Sign extension to 64 bits.
const fn extend(value: u64, width: Width) -> u64 {
    let unused = 64 - 8 * width.bytes() as u32;
    ((value << unused) as i64 >> unused) as u64
}

impl Operand {
    fn get(self, context: &mut Context) -> u64 {
        match self {
            Self::Register(register) => register.get(context),
            Self::Immediate(value) => value,
        }
    }
}

/// Where the segments of a string instruction begin.
struct Segments {
    size: CodeSize,
    source: u64,
    destination: u64,
}

impl Segments {
    fn of(cpu: &impl Cpu, size: CodeSize, string: StringMove) -> Result<Self, Stop> {
        let base = |segment: Segment| match (size, segment) {
            (CodeSize::Bits64, Segment::Es | Segment::Cs | Segment::Ss | Segment::Ds) => Ok(0),
            _ => cpu.read(segment.base()).map(u64::from),
        };
        Ok(Self {
            size,
            source: base(string.source)?,
            destination: base(Segment::Es)?,
        })
    }

    fn run(
        &self,
        ram: &GuestRam<'_>,
        bus: &mut impl Bus,
        context: &mut Context,
        string: StringMove,
        width: Width,
    ) -> Outcome {
        let strings = Strings {
            address: string.address,
            repeated: string.repeated,
            width,
        };
        let linear = |base: u64, index: u64| {
            let index = index & string.address.mask();
            self.size.address(base.wrapping_add(index))
        };
        let from = |context: &Context| linear(self.source, context.registers.rsi);
        let to = |context: &Context| linear(self.destination, context.registers.rdi);
        match string.kind {
            StringKind::Move => strings.run(context, &[Register::Rsi, Register::Rdi], |context| {
                let (from, to) = (from(context), to(context));
                // Reading a device changes it, so first see that the value has where to go.
                memory::check(ram, context, to, width)?;
                let value = memory::read(ram, bus, context, from, width)?;
                memory::write(ram, bus, context, to, width, value)
            }),
            StringKind::Store => strings.run(context, &[Register::Rdi], |context| {
                let value = context.registers.rax;
                memory::write(ram, bus, context, to(context), width, value)
            }),
            StringKind::Load => strings.run(context, &[Register::Rsi], |context| {
                let value = memory::read(ram, bus, context, from(context), width)?;
                Gpr::new(Register::Rax, width).set(context, value);
                Ok(())
            }),
        }
    }
}

#[cfg(test)]
mod tests;
