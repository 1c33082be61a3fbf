// SPDX-License-Identifier: BSD-2-Clause
//! The driver, and how frames go through it.

use core::time::Duration;

use mmio::Mmio;

use crate::life::Phase;
use crate::mailbox::Mailbox;
use crate::memory::{BUFFER_BYTES, Dma, Outgoing, suits};
use crate::moderation::Moderation;
use crate::receive::{self, Received};
use crate::registers::{Reg, Registers, VECTOR};
use crate::statistics::{Counters, Statistics};
use crate::transmit;
use crate::{Failure, MAX_FRAME, Mac, Offload};

/// A virtual function. `R` is its BAR 0, `D` and `O` is memory.
#[derive(Debug)]
pub struct Igbvf<R, D, O> {
    pub(crate) registers: R,
    pub(crate) shared: D,
    pub(crate) outgoing: O,
    pub(crate) phase: Phase,
    /// Until when the present phase may last.
    pub(crate) limit: Duration,
    pub(crate) next: Duration,
    pub(crate) mailbox: Mailbox,
    pub(crate) mac: Option<Mac>,
    pub(crate) link: bool,
    pub(crate) receive: receive::Ring,
    pub(crate) transmit: transmit::Ring,
    pub(crate) moderation: Moderation,
    pub(crate) statistics: Statistics,
}

impl<R: Mmio, D: Dma, O: Outgoing> Igbvf<R, D, O> {
    /// A driver that is stopped, whatever the function does.
    ///
    /// # Errors
    ///
    /// [`Failure::Memory`].
    pub fn new(registers: R, shared: D, outgoing: O) -> Result<Self, Failure> {
        if !suits(&shared, &outgoing) {
            return Err(Failure::Memory);
        }
        Ok(Self {
            registers,
            shared,
            outgoing,
            phase: Phase::Stopped,
            limit: Duration::ZERO,
            next: Duration::ZERO,
            mailbox: Mailbox::default(),
            mac: None,
            link: false,
            receive: receive::Ring::default(),
            transmit: transmit::Ring::default(),
            moderation: Moderation::default(),
            statistics: Statistics::default(),
        })
    }

    /// The address that the physical function gave, once it did.
    pub fn mac(&self) -> Option<Mac> {
        self.mac
    }

    /// Whether frames can be moved.
    pub fn is_running(&self) -> bool {
        self.phase == Phase::Running
    }

    /// Takes the next frame that was received, and copies it to `to`.
    pub fn receive(&mut self, to: &mut [u8; BUFFER_BYTES]) -> Option<Received> {
        if !self.is_running() {
            return None;
        }
        self.receive.take(&mut self.registers, &mut self.shared, to)
    }

    /// A place for a frame to send, if there is one.
    pub fn slot(&mut self) -> Option<Slot<'_, R, D, O>> {
        let room = self.is_running() && self.transmit.has_room(&self.shared);
        room.then_some(Slot { driver: self })
    }

    /// Has the device send 60 bytes from this address, wherever that leads: what a guard has to stop.
    /// For those who want to see that it does. `false` if there is no place for a frame.
    pub fn send_from(&mut self, address: u64) -> bool {
        let room = self.is_running() && self.transmit.has_room(&self.shared);
        if room {
            self.transmit.send_from(&mut self.shared, address);
            self.transmit.flush(&mut self.registers);
        }
        room
    }

    /// Has the device write what it receives next to this address, likewise.
    pub fn receive_to(&mut self, address: u64) -> bool {
        if self.is_running() {
            self.receive.aim(&mut self.shared, address);
        }
        self.is_running()
    }

    /// Ends a pass: sends what was queued, and adapts interrupts to what was received.
    pub fn flush(&mut self) {
        if self.is_running() {
            self.transmit.flush(&mut self.registers);
            let frames = self.receive.take_pass();
            self.moderation.pass(&mut self.registers, frames);
        }
    }

    /// Has the device interrupt, for a program that has left frames unread.
    pub fn interrupt(&mut self) {
        if self.is_running() {
            self.registers.set(Reg::Eics, VECTOR);
        }
    }

    /// Frames that the device delivered and that made no sense.
    pub fn dropped(&self) -> u64 {
        self.receive.dropped
    }

    /// What the device counted, as of the last second.
    pub fn counters(&self) -> Counters {
        self.statistics.counters()
    }
}

/// A place for one frame to send.
#[derive(Debug)]
pub struct Slot<'a, R, D, O> {
    driver: &'a mut Igbvf<R, D, O>,
}

impl<R: Mmio, D: Dma, O: Outgoing> Slot<'_, R, D, O> {
    /// Lets `f` write a frame of `len` bytes, which it finds in any state, and say what the device
    /// is to compute; nothing, if the frame is shorter than [`MIN_OFFLOAD`](crate::MIN_OFFLOAD). The
    /// frame goes out with the next [`Igbvf::flush`].
    ///
    /// # Panics
    ///
    /// If `len` is above [`MAX_FRAME`].
    pub fn send<T>(self, len: usize, f: impl FnOnce(&mut [u8]) -> (Offload, T)) -> T {
        assert!(len <= MAX_FRAME, "a frame of {len} bytes");
        let Igbvf {
            registers,
            shared,
            outgoing,
            transmit,
            ..
        } = self.driver;
        transmit.send(registers, shared, outgoing, len, f)
    }
}
