// SPDX-License-Identifier: BSD-2-Clause
//! Posted interrupts (SDM vol. 3 chapter 30.6): others set bits in a descriptor and send a
//! notification, which the CPU takes for itself while the guest runs.

use super::IRR;
use crate::capability::pin;
use crate::host::Host;
use crate::{Cpu, Field};

/// Where the descriptor has its outstanding-notification bit: the first of the second half.
const CONTROL: u64 = 32;
const OUTSTANDING: u32 = 1 << 0;

impl<H: Host> Cpu<H> {
    /// Is it the notification of posted interrupts?
    pub(crate) fn is_posting(&self, vector: u8) -> bool {
        self.has(Field::PIN, pin::POSTED_INTERRUPTS)
            && self.get(Field::POSTED_VECTOR) & 0xff == u64::from(vector)
    }

    /// Takes what was posted.
    pub(crate) fn take_posted(&mut self) {
        let descriptor = self.get(Field::POSTED_DESCRIPTOR);
        let _ = self.host.clear_u32(descriptor + CONTROL, OUTSTANDING);
        let mut highest = 0;
        for i in 0..8u8 {
            let posted = self
                .host
                .swap_u32(descriptor + 4 * u64::from(i), 0)
                .unwrap_or(0);
            if posted != 0 {
                let at = IRR + 16 * u64::from(i);
                self.set_apic(at, self.apic(at) | posted);
                highest = i * 32 + (31 - posted.leading_zeros() as u8);
            }
        }
        let (requested, in_service) = self.status();
        self.set_status(requested.max(highest), in_service);
    }
}
