// SPDX-License-Identifier: BSD-2-Clause
//! Does what a client should not do, when it is told.
#![no_std]
#![no_main]

use core::ptr::NonNull;

use sel4_microkit::{
    Channel, ChannelSet, Handler, Infallible, MessageInfo, memory_region_symbol, protection_domain,
};
use switch_interface::{Link, Mac, REGION_SIZE, Region};
use switch_tests::{ALL, ATTACKER, DRIVER, ECHO, Order, frame};

const SWITCH: Channel = Channel::new(0);
/// Frames of a flood: much more than a ring has room for.
const FLOOD: usize = 1000;

/// Words of the region: the indices of the ring to the switch, and the slots of it.
const INDICES: core::ops::Range<usize> = 0..0x100 / 8;
const SLOTS: core::ops::Range<usize> = 0x1000 / 8..0x19000 / 8;
const SLOT_WORDS: usize = 192;

struct Attacker {
    link: Link<'static, Channel>,
    /// The region as plain memory, to spoil it.
    memory: NonNull<u64>,
}

#[protection_domain]
fn init() -> Attacker {
    let region = memory_region_symbol!(switch_region: *mut Region);
    Attacker {
        link: link(region),
        memory: region.cast(),
    }
}

fn link(region: NonNull<Region>) -> Link<'static, Channel> {
    // SAFETY: the region is mapped for good, and all its users go by atomics.
    Link::new(unsafe { Region::from_ptr(region) }, SWITCH)
}

impl Attacker {
    fn send(&mut self, to: Mac, from: Mac) {
        self.link
            .send(frame(to, from, *b"from the attacker").bytes());
        self.link.flush();
    }

    fn spoil(&mut self, words: core::ops::Range<usize>, mut value: impl FnMut() -> u64) {
        for word in words {
            assert!(word < REGION_SIZE / 8);
            // SAFETY: inside the region; volatile, since others use it meanwhile.
            unsafe { self.memory.add(word).write_volatile(value()) }
        }
    }

    fn obey(&mut self, order: Order) {
        match order {
            Order::Behave => {
                // Whatever was done to the indices before.
                self.link = link(self.memory.cast());
                self.send(DRIVER, ATTACKER);
            }
            Order::Forge => {
                for (to, from) in [(DRIVER, ECHO), (ECHO, DRIVER), (ALL, DRIVER), (DRIVER, ALL)] {
                    self.send(to, from);
                }
            }
            Order::Flood => (0..FLOOD).for_each(|_| self.send(DRIVER, ATTACKER)),
            Order::FloodAll => (0..FLOOD).for_each(|_| self.send(ALL, ATTACKER)),
            Order::WrongLengths => {
                for length in [0, 13, 1519, 1 << 32, u64::MAX] {
                    for slot in SLOTS.step_by(SLOT_WORDS) {
                        self.spoil(slot..slot + 1, || length);
                    }
                    // The frames that are made visible are those.
                    let index = INDICES.start;
                    // SAFETY: inside the region.
                    let written = unsafe { self.memory.add(index).read_volatile() };
                    self.spoil(index..index + 1, || written.wrapping_add(64));
                    SWITCH.notify();
                }
            }
            Order::WrongIndices => {
                for lie in [1, 65, 0x7fff_ffff, 0x8000_0000, u64::MAX] {
                    self.spoil(INDICES, || lie);
                    SWITCH.notify();
                }
            }
            Order::Garbage => {
                let mut state = 0x9e37_79b9_7f4a_7c15u64;
                for _ in 0..5 {
                    self.spoil(0..REGION_SIZE / 8, || {
                        state ^= state << 13;
                        state ^= state >> 7;
                        state ^= state << 17;
                        state
                    });
                    SWITCH.notify();
                }
            }
            Order::Notify => (0..10_000).for_each(|_| SWITCH.notify()),
        }
    }
}

impl Handler for Attacker {
    type Error = Infallible;

    fn notified(&mut self, _: ChannelSet) -> Result<(), Infallible> {
        Ok(())
    }

    fn protected(&mut self, _: Channel, call: MessageInfo) -> Result<MessageInfo, Infallible> {
        self.obey(Order::from_word(call.label()));
        Ok(MessageInfo::new(0, 0))
    }
}
