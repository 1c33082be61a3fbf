// SPDX-License-Identifier: BSD-2-Clause
//! The driver as a device of the stack. A frame is copied once, when it is received: out of the
//! device's reach, before anything looks at it. Frames to send are written where the device fetches
//! them.

use igbvf::{BUFFER_BYTES, Checksums, Dma, Igbvf, MAX_FRAME, Outgoing, Slot};
use mmio::Mmio;
use smoltcp::phy::{Checksum, Device, DeviceCapabilities, Medium, RxToken, TxToken};
use smoltcp::time::Instant;

use crate::checksum;

/// So many frames are taken in one pass, so that whatever else the program has to do gets its turn
/// on a network that is never quiet.
const PASS_FRAMES: usize = 256;
/// Where a frame's source address is.
const SOURCE: core::ops::Range<usize> = 6..12;

/// The driver with a place for one frame.
#[derive(Debug)]
pub struct Port<R, D, O> {
    driver: Igbvf<R, D, O>,
    frame: [u8; BUFFER_BYTES],
    /// How many frames this pass may still take.
    left: usize,
    own: [u8; 6],
    damaged: u64,
}

impl<R: Mmio, D: Dma, O: Outgoing> Port<R, D, O> {
    /// A port over this driver.
    pub fn new(driver: Igbvf<R, D, O>) -> Self {
        Self {
            driver,
            frame: [0; BUFFER_BYTES],
            left: 0,
            own: [0; 6],
            damaged: 0,
        }
    }

    /// The driver, to start and to look after it.
    pub fn driver(&mut self) -> &mut Igbvf<R, D, O> {
        &mut self.driver
    }

    /// A pass begins. `own` is the address of this port.
    pub fn begin(&mut self, own: [u8; 6]) {
        self.own = own;
        self.left = PASS_FRAMES;
    }

    /// A pass ends: everything is sent. If it left frames unread the device is asked to interrupt
    /// again.
    pub fn end(&mut self) {
        self.driver.flush();
        if self.left == 0 {
            self.driver.interrupt();
        }
    }

    /// Frames with a wrong checksum so far.
    pub fn damaged(&self) -> u64 {
        self.damaged
    }

    /// Takes frames until there is one for the stack. Returns its length.
    fn take(&mut self) -> Option<usize> {
        while self.left > 0 {
            let received = self.driver.receive(&mut self.frame)?;
            self.left -= 1;
            let frame = &self.frame[..received.len];
            // Some switches send a station its own broadcasts back.
            if frame[SOURCE] == self.own {
                continue;
            }
            let good = match received.checksums {
                Checksums::Good => true,
                Checksums::Bad => false,
                Checksums::Unknown => checksum::verify(frame),
            };
            if good {
                return Some(received.len);
            }
            self.damaged += 1;
        }
        None
    }
}

impl<R: Mmio, D: Dma, O: Outgoing> Device for Port<R, D, O> {
    type RxToken<'a>
        = Frame<'a>
    where
        Self: 'a;
    type TxToken<'a>
        = Place<'a, R, D, O>
    where
        Self: 'a;

    fn receive(&mut self, _: Instant) -> Option<(Frame<'_>, Place<'_, R, D, O>)> {
        // A frame may be answered at once: without a place for the answer it stays where it is.
        self.driver.slot()?;
        let len = self.take()?;
        Some((Frame(&self.frame[..len]), Place(self.driver.slot()?)))
    }

    fn transmit(&mut self, _: Instant) -> Option<Place<'_, R, D, O>> {
        self.driver.slot().map(Place)
    }

    fn capabilities(&self) -> DeviceCapabilities {
        let mut capabilities = DeviceCapabilities::default();
        capabilities.medium = Medium::Ethernet;
        capabilities.max_transmission_unit = MAX_FRAME;
        capabilities.checksum.tcp = Checksum::None;
        capabilities.checksum.udp = Checksum::None;
        capabilities
    }
}

/// A frame that was received.
#[derive(Debug)]
pub struct Frame<'a>(&'a [u8]);

impl RxToken for Frame<'_> {
    fn consume<T, F: FnOnce(&[u8]) -> T>(self, f: F) -> T {
        f(self.0)
    }
}

/// A place for a frame to send.
#[derive(Debug)]
pub struct Place<'a, R, D, O>(Slot<'a, R, D, O>);

impl<R: Mmio, D: Dma, O: Outgoing> TxToken for Place<'_, R, D, O> {
    fn consume<T, F: FnOnce(&mut [u8]) -> T>(self, len: usize, f: F) -> T {
        self.0.send(len, |frame| {
            let result = f(frame);
            (checksum::prepare(frame), result)
        })
    }
}
