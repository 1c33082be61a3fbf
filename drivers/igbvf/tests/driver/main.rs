// SPDX-License-Identifier: BSD-2-Clause
//! The driver on the model of the card, with the physical function that really serves it.

mod frames;
mod hostile;
mod startup;

use std::time::Duration;

use igb::{Limits, Mac, Pf, Policy};
use igbvf::{BUFFER_BYTES, Failure, Igbvf, Offload, Received, State};
use igbvf_model::{Card, ModelOutgoing, ModelShared, VfRegisters};

type Driver = Igbvf<VfRegisters, ModelShared, ModelOutgoing>;

fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

fn mac(last: u8) -> Mac {
    Mac::new([2, 0, 0, 0, 0, last]).unwrap()
}

/// A card with one virtual function that somebody has, its physical function, and its driver.
struct Bench {
    card: Card,
    pf: Pf,
    driver: Driver,
    now: Duration,
}

impl Bench {
    fn new() -> Self {
        Self::with_policy(Policy::new(Some(mac(1))))
    }

    fn with_policy(policy: Policy) -> Self {
        let card = Card::new(1);
        let mut pf = Pf::new(1, Limits::default());
        assert!(pf.allow(&mut card.pf(), 0, policy, 1000));
        let driver = Igbvf::new(card.registers(0), card.shared(0), card.outgoing(0)).unwrap();
        Self {
            card,
            pf,
            driver,
            now: ms(0),
        }
    }

    /// One with a driver that runs.
    fn running() -> Self {
        let mut bench = Self::new();
        bench.driver.start(bench.now).unwrap();
        let state = bench.go_on(ms(100)).unwrap();
        assert!(
            matches!(state, State::Running { link: true, .. }),
            "{state:?}"
        );
        bench
    }

    /// The physical function does what it has to.
    fn serve(&mut self) {
        self.pf.poll(&mut self.card.pf(), self.now, |_| {});
    }

    /// Lets time pass, both sides being called when they want to, until the driver runs or fails.
    fn go_on(&mut self, time: Duration) -> Result<State, Failure> {
        let end = self.now + time;
        loop {
            self.serve();
            let state = self.driver.poll(self.now)?;
            match state {
                State::Starting(next) if next < end => self.now = next,
                _ => return Ok(state),
            }
        }
    }

    fn receive(&mut self) -> Option<(Received, Vec<u8>)> {
        let mut frame = [0; BUFFER_BYTES];
        let received = self.driver.receive(&mut frame)?;
        Some((received, frame[..received.len].to_vec()))
    }

    fn send(&mut self, frame: &[u8], offload: Offload) -> bool {
        let Some(slot) = self.driver.slot() else {
            return false;
        };
        slot.send(frame.len(), |bytes| {
            bytes.copy_from_slice(frame);
            (offload, ())
        });
        true
    }
}

/// A frame of `len` bytes that is like no other.
fn frame(len: usize, number: u32) -> Vec<u8> {
    let mut frame: Vec<u8> = (0..len).map(|n| (n as u32 + number) as u8).collect();
    frame[12..14].copy_from_slice(&[0x88, 0xb5]);
    frame[14..18].copy_from_slice(&number.to_le_bytes());
    frame
}
