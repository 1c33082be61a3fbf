// SPDX-License-Identifier: BSD-2-Clause
//! A virtual CPU with memory, and what tests do with it.

use sel4::Result;
use sel4_vcpu::{Context, Controls, Ended, Exit, Primary, Secondary, Vcpu, field};

use crate::layout::{CODE, CODE_SELECTOR, IDT};
use crate::{Memory, Mode};

/// A virtual CPU with the guest's memory.
#[derive(Debug)]
pub struct Lab {
    /// The virtual CPU.
    pub vcpu: Vcpu,
    /// The guest's memory.
    pub memory: Memory,
}

impl Lab {
    /// A lab of the protection domain's virtual CPU and memory.
    pub const fn new(vcpu: Vcpu, memory: Memory) -> Self {
        Self { vcpu, memory }
    }

    /// The controls that a program in `mode` runs with: HLT exits.
    pub const fn controls(mode: Mode) -> Controls {
        let secondary = match mode {
            Mode::Real => Secondary::UNRESTRICTED_GUEST,
            Mode::Protected | Mode::Long => Secondary::empty(),
        };
        Controls {
            pin: sel4_vcpu::Pin::empty(),
            primary: Primary::HLT,
            secondary,
            exit: sel4_vcpu::ExitControls::empty(),
            entry: mode.entry_controls(),
        }
    }

    /// Puts the CPU into `mode`, the program into memory, and all else back to where it began.
    /// Returns the context of its first instruction.
    ///
    /// # Errors
    ///
    /// What the kernel answers when it refuses a field.
    ///
    /// # Panics
    ///
    /// When the CPU lacks a control that the mode needs.
    pub fn load(&mut self, mode: Mode, program: &[u8]) -> Result<Context> {
        let controls = Self::controls(mode);
        let missing = self.vcpu.negotiate(controls)?;
        assert!(missing.is_empty(), "the CPU lacks {missing}");
        mode.enter(self.vcpu, &mut self.memory)?;
        self.vcpu.write(field::guest::INTERRUPTIBILITY, 0u32)?;
        self.vcpu.write(field::guest::RFLAGS, 2u64)?;
        self.vcpu.write(field::control::EXCEPTION_BITMAP, 0u32)?;
        self.vcpu.write(field::control::CR0_MASK, 0u64)?;
        self.vcpu.write(field::control::CR4_MASK, 0u64)?;
        self.memory.clear(IDT..IDT + 0x1000);
        self.memory.write(CODE, program);
        let mut context = Context::at(CODE as u64);
        context.set_controls(controls.primary);
        Ok(context)
    }

    /// Makes `vector` go to the instruction `offset` bytes behind the beginning of the program, by
    /// an interrupt gate of long mode.
    pub fn set_gate(&mut self, vector: u8, offset: usize) {
        const PRESENT_INTERRUPT_GATE: u64 = 0x8e << 40;
        let to = (CODE + offset) as u64;
        let low = to & 0xffff | u64::from(CODE_SELECTOR) << 16 | PRESENT_INTERRUPT_GATE;
        let at = IDT + 16 * usize::from(vector);
        self.memory.write64(at, low | (to >> 16 & 0xffff) << 48);
        self.memory.write64(at + 8, to >> 32);
    }

    /// Runs the guest until it exits; notifications meanwhile are dropped. None when there is no
    /// virtual CPU.
    pub fn run(&self, context: &mut Context) -> Option<Exit> {
        loop {
            match self.vcpu.enter(context) {
                Ended::Exit => return Some(context.exit()),
                Ended::Notification(_) => {}
                Ended::NoVcpu => return None,
            }
        }
    }
}
