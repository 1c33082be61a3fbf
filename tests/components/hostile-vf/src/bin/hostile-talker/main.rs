// SPDX-License-Identifier: BSD-2-Clause
//! A bystander: sends numbered frames from one of its virtual functions to another, whatever others
//! do, and keeps a diary of how it goes.
#![no_std]
#![no_main]

mod network;

use core::convert::Infallible;
use core::time::Duration;

use hostile_vf_tests::Diary;
use network::Network;
use sel4_microkit::{Channel, ChannelSet, Handler, memory_region_symbol, protection_domain};
use timer_interface::Timer;

const SENDER: Channel = Channel::new(1);
const RECEIVER: Channel = Channel::new(2);
const TIMER: Channel = Channel::new(5);
/// No device sends it.
const STRANGE: Channel = Channel::new(41);

struct Talker {
    timer: Timer<Channel>,
    network: Network,
    diary: &'static Diary,
}

#[protection_domain]
fn init() -> Talker {
    let diary = memory_region_symbol!(diary: *mut Diary);
    // SAFETY: the region is a page, which is enough, and zeros are a diary.
    let diary = unsafe { diary.as_ref() };
    let timer = Timer::new(TIMER);
    if let Err(error) = timer.every(0, Duration::from_millis(1)) {
        panic!("{error}");
    }
    Talker {
        timer,
        network: Network::new(SENDER, RECEIVER),
        diary,
    }
}

impl Handler for Talker {
    type Error = Infallible;

    fn notified(&mut self, channels: ChannelSet) -> Result<(), Infallible> {
        let diary = self.diary;
        if channels.contains(STRANGE) {
            Diary::add(&diary.strange, 1);
            log::error!("an interrupt that none of my devices sends");
            if let Err(error) = STRANGE.irq_ack() {
                log::error!("{error}");
            }
        }
        if channels.contains(TIMER) {
            // There is one time-out only, and it goes on by itself.
            let _ = self.timer.expired();
            Diary::add(&diary.passes, 1);
        }
        let now = self.timer.now().unwrap_or_default();
        let asked = [SENDER, RECEIVER].map(|channel| channels.contains(channel));
        self.network.turn(now, asked, diary);
        Ok(())
    }
}
