// SPDX-License-Identifier: BSD-2-Clause
//! What the tests share.

use sel4_microkit::{
    Channel, Child,
    ipc::{self, Event},
    var,
};
use sel4_test::{TestResult, check, check_eq};
use switch_interface::{ChannelLink, Counters, LONGEST_FRAME, own_link};
use switch_tests::{DRIVER, ECHO, Order, frame, order};

pub const SWITCH: Child = Child::new(0);

/// What the tests share.
pub struct Context {
    pub link: ChannelLink,
    pub channel: Channel,
    attacker: Channel,
    /// Faults of the switch.
    pub crashes: u32,
}

impl Context {
    pub fn new() -> Self {
        let (link, mac, channel) = match own_link!() {
            Ok(Some(parts)) => parts,
            Ok(None) => panic!("system.xml gives no region"),
            Err(error) => panic!("{error}"),
        };
        assert!(mac == DRIVER);
        Self {
            link,
            channel,
            attacker: Channel::new(*var!(attacker_channel: usize = 0)),
            crashes: 0,
        }
    }

    pub fn order(&self, what: Order) {
        order(self.attacker, what);
    }

    /// Sends a frame. All that follows of it has happened then: the switch and the others run first.
    pub fn send(&mut self, frame: &[u8]) -> TestResult {
        check!(self.link.send(frame), "no room");
        self.link.flush();
        Ok(())
    }

    /// The next frame has to be this one.
    pub fn expect(&mut self, frame: &[u8]) -> TestResult {
        let mut got = [0; LONGEST_FRAME];
        let length = self.link.receive(&mut got);
        check_eq!(length, Some(frame.len()));
        check!(
            got[..frame.len()] == *frame,
            "{:02x?}",
            &got[..frame.len().min(32)]
        );
        Ok(())
    }

    /// No frame is there.
    pub fn expect_nothing(&mut self) -> TestResult {
        check!(!self.link.waits());
        Ok(())
    }

    /// A frame goes to the echo and comes back, as ever.
    pub fn is_served(&mut self) -> TestResult {
        self.send(frame(ECHO, DRIVER, *b"are you there?").bytes())?;
        self.expect(frame(DRIVER, ECHO, *b"are you there?").bytes())?;
        self.expect_nothing()?;
        check_eq!(self.crashes, 0);
        Ok(())
    }

    /// Takes all frames that are there, and returns how many.
    pub fn drain(&mut self) -> usize {
        let mut got = [0; LONGEST_FRAME];
        core::iter::from_fn(|| self.link.receive(&mut got)).count()
    }

    /// What the switch counts of the driver.
    pub fn counters(&self) -> Counters {
        self.link.statistics()
    }

    /// Waits for the signal of the switch.
    pub fn wait(&mut self) {
        loop {
            match ipc::recv() {
                Event::Notified(channels) if channels.contains(self.channel) => break,
                Event::Fault(..) => self.crashes += 1,
                _ => {}
            }
        }
    }
}
