// SPDX-License-Identifier: BSD-2-Clause
//! What the tests share.

use console_interface::{Consumer, Producer, REGION_SIZE, Region, TX_CAPACITY};
use sel4_microkit::{
    Channel, Child,
    ipc::{self, Event},
    memory_region_symbol,
};
use sel4_test::{TestResult, check, check_eq};

pub const FIRST: Channel = Channel::new(1);
pub const SECOND: Channel = Channel::new(2);
pub const FLOODER: Channel = Channel::new(3);
pub const CONSOLE: Child = Child::new(0);

/// One of the driver's streams.
pub struct Stream {
    pub channel: Channel,
    pub output: Producer<'static>,
    pub input: Consumer<'static>,
    /// The region as plain memory, to spoil it.
    memory: *mut u64,
}

/// What the tests share.
pub struct Context {
    pub first: Stream,
    pub second: Stream,
    /// Signals that came, bit by channel, and were not waited for yet.
    pending: u64,
    /// Faults of the console.
    pub crashes: u32,
}

impl Context {
    pub fn new() -> Self {
        let first = memory_region_symbol!(first_vaddr: *mut Region);
        let second = memory_region_symbol!(second_vaddr: *mut Region);
        let stream = |region: core::ptr::NonNull<Region>, channel| {
            // SAFETY: the region is mapped for good, and all its users go by atomics.
            let (output, input) = unsafe { Region::from_ptr(region) }.client_ends();
            Stream {
                channel,
                output,
                input,
                memory: region.as_ptr().cast(),
            }
        };
        Self {
            first: stream(first, FIRST),
            second: stream(second, SECOND),
            pending: 0,
            crashes: 0,
        }
    }

    /// Waits for a signal from `channel`.
    pub fn wait(&mut self, channel: Channel) {
        while self.pending & 1 << channel.index() == 0 {
            match ipc::recv() {
                Event::Notified(channels) => {
                    channels
                        .iter()
                        .for_each(|channel| self.pending |= 1 << channel.index());
                }
                Event::Fault(..) => self.crashes += 1,
                Event::Protected(..) => {}
            }
        }
        self.pending &= !(1 << channel.index());
    }

    /// Takes `expected` from the input of the first or the second stream.
    pub fn expect_input(&mut self, second: bool, expected: &[u8]) -> TestResult {
        for &byte in expected {
            let got = loop {
                let stream = if second {
                    &mut self.second
                } else {
                    &mut self.first
                };
                if let Some(got) = stream.input.pop() {
                    break got;
                }
                if !stream.input.settle() {
                    let channel = stream.channel;
                    self.wait(channel);
                }
            };
            check_eq!(got, byte, "key");
        }
        Ok(())
    }
}

impl Stream {
    /// Writes text and notifies the console, which runs at once: its priority is higher.
    pub fn write(&mut self, text: &str) -> TestResult {
        for byte in text.bytes() {
            check!(self.output.stage(byte), "no room for {text:?}");
        }
        if self.output.publish() {
            self.channel.notify();
        }
        Ok(())
    }

    /// Whether the console has taken all output.
    pub fn is_empty(&self) -> bool {
        self.output.room() == TX_CAPACITY
    }

    /// Overwrites words of the region, as a client that has gone mad may.
    pub fn spoil(&mut self, words: core::ops::Range<usize>, mut value: impl FnMut() -> u64) {
        for word in words {
            assert!(word < REGION_SIZE / 8);
            // SAFETY: inside the region; volatile, since others use it meanwhile.
            unsafe { self.memory.add(word).write_volatile(value()) }
        }
    }
}
