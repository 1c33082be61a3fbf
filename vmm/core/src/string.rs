// SPDX-License-Identifier: BSD-2-Clause
//! Repeated instructions, in bounded portions: what the guest asks for is not the monitor's time.

use sel4_vcpu::{Context, Register};
use vmm_base::Width;

use crate::gpr::Gpr;
use crate::outcome::Outcome;

/// Repetitions that are done in one exit.
pub(crate) const PORTION: u64 = 64;

const DIRECTION: u64 = 1 << 10;

/// A string instruction's registers and its progress.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Strings {
    /// Of RSI, RDI and RCX.
    pub(crate) address: Width,
    pub(crate) repeated: bool,
    /// Of an element.
    pub(crate) width: Width,
}

impl Strings {
    /// Does `once` for each element of this portion; it gets the context with the registers of that
    /// element. `moves` are the registers that go on with each.
    pub(crate) fn run(
        self,
        context: &mut Context,
        moves: &[Register],
        mut once: impl FnMut(&mut Context) -> Result<(), Outcome>,
    ) -> Outcome {
        let count = Gpr::new(Register::Rcx, self.address);
        let backwards = context.rflags & DIRECTION != 0;
        let step = self.width.bytes() as u64;
        for _ in 0..PORTION {
            if self.repeated && count.get(context) == 0 {
                return Outcome::Done;
            }
            if let Err(outcome) = once(context) {
                return outcome;
            }
            for register in moves {
                let register = Gpr::new(*register, self.address);
                let old = register.get(context);
                let new = match backwards {
                    true => old.wrapping_sub(step),
                    false => old.wrapping_add(step),
                };
                register.set(context, new);
            }
            if !self.repeated {
                return Outcome::Done;
            }
            let left = count.get(context).wrapping_sub(1);
            count.set(context, left);
            if left == 0 {
                return Outcome::Done;
            }
        }
        Outcome::Again
    }
}
