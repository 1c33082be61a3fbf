// SPDX-License-Identifier: BSD-2-Clause
//! Does things to the guest of another core.
#![no_std]
#![no_main]

use sel4::{CPtr, Result, Word, sys::invocation_label as label};
use sel4_microkit::{Channel, ChannelSet, Handler, memory_region_symbol, protection_domain};
use test_guests::{DATA, MEMORY, Memory};
use vcpu_smp_tests::{DONE, Order, ROUNDS, VECTOR};

const TEST: Channel = Channel::new(1);
/// The first slot of `cspace`.
const VCPU: CPtr = CPtr::from_bits(1 << 58);

struct Helper(Memory);

impl Helper {
    /// Posts the next interrupt when the guest has taken the last.
    fn post(&self) -> Result<()> {
        for round in 0..ROUNDS {
            while self.0.read64(DATA) != round {
                core::hint::spin_loop();
            }
            sel4::invoke(VCPU, label::X86VCPUPostInterrupt, &[], &[VECTOR.into()])?;
        }
        Ok(())
    }

    fn look(&self) -> Result<()> {
        const GUEST_RSP: Word = 0x681c;
        while self.0.read64(DONE) == 0 {
            sel4::invoke(VCPU, label::X86VCPUReadVMCS, &[], &[GUEST_RSP])?;
        }
        Ok(())
    }
}

impl Handler for Helper {
    type Error = sel4::Error;

    fn notified(&mut self, _: ChannelSet) -> Result<()> {
        match Order::read(&self.0) {
            Order::Answer => {}
            Order::Post => self.post()?,
            Order::Look => self.look()?,
        }
        TEST.notify();
        Ok(())
    }
}

#[protection_domain]
fn init() -> Helper {
    let region = memory_region_symbol!(guest_vaddr: *mut [u8], n = MEMORY);
    // SAFETY: the region is mapped for good, and nothing else refers to it.
    Helper(unsafe { Memory::new(region) })
}
