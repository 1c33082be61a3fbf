// SPDX-License-Identifier: BSD-2-Clause
//! Claims the virtual function of each of its channels to the PF manager, 1 and 2, and says what
//! came of it.
#![no_std]
#![no_main]

use pf_manager_interface::{Claim, PfManager};
use sel4_microkit::{Channel, ChannelSet, Handler, Infallible, protection_domain};

const CHANNELS: [usize; 2] = [1, 2];

struct Claimer {
    /// Channels whose claim is not decided, a bit each.
    open: u64,
}

#[protection_domain]
fn init() -> Claimer {
    let mut claimer = Claimer {
        open: CHANNELS.iter().map(|channel| 1 << channel).sum(),
    };
    claimer.claim();
    claimer
}

impl Claimer {
    fn claim(&mut self) {
        for channel in CHANNELS {
            if self.open & 1 << channel == 0 {
                continue;
            }
            match PfManager::new(Channel::new(channel)).claim() {
                Ok(Claim::Pending) => continue,
                Ok(Claim::Granted) => log::info!("claim {channel}: granted"),
                Err(error) => log::info!("claim {channel}: {error}"),
            }
            self.open &= !(1 << channel);
        }
    }
}

impl Handler for Claimer {
    type Error = Infallible;

    fn notified(&mut self, _: ChannelSet) -> Result<(), Infallible> {
        self.claim();
        Ok(())
    }
}
