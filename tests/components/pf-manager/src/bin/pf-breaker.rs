// SPDX-License-Identifier: BSD-2-Clause
//! Makes the PF manager crash when it is asked to. It has the PF manager's thread capability for
//! that. The monitor restarts the PF manager by its policy.
#![no_std]
#![no_main]

use sel4_microkit::{Channel, ChannelSet, Handler, protection_domain};

const ONCE: Channel = Channel::new(1);

/// The PF manager's thread: slot 1 of the `cspace` element.
const PF_MANAGER: sel4::cap::Tcb = sel4::Cap::from_bits(1 << 58);
/// Where it goes on: nothing is mapped there.
const NOWHERE: u64 = 0xbad0;

struct Breaker;

#[protection_domain]
fn init() -> Breaker {
    Breaker
}

impl Handler for Breaker {
    type Error = sel4::Error;

    fn notified(&mut self, channels: ChannelSet) -> Result<(), sel4::Error> {
        if channels.contains(ONCE) {
            PF_MANAGER.tcb_suspend()?;
            let mut registers = sel4::UserContext {
                rip: NOWHERE,
                ..Default::default()
            };
            PF_MANAGER.tcb_write_all_registers(true, &mut registers)?;
        }
        Ok(())
    }
}
