// SPDX-License-Identifier: BSD-2-Clause
//! A model of the device for the tests: both FIFOs, the status bits, the interrupt line.

extern crate std;

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::vec::Vec;

use mmio::PortIo;

use crate::registers::{fcr, ier, lcr, lsr, mcr, offset};

/// The device's side of the ports.
#[derive(Debug, Default)]
pub struct Device {
    pub absent: bool,
    /// A 16450: no FIFOs.
    pub no_fifo: bool,
    /// Raises no interrupt when ETBEI is set while the transmitter is empty already.
    pub quiet_etbei: bool,
    /// The line status never clears: a broken device.
    pub stuck: bool,
    pub ier: u8,
    pub lcr: u8,
    pub mcr: u8,
    fcr: u8,
    pub divisor: [u8; 2],
    /// Received bytes, each with its error bits.
    rx: VecDeque<(u8, u8)>,
    overrun: bool,
    tx: VecDeque<u8>,
    /// Everything that reached the wire.
    pub wire: Vec<u8>,
    /// A transmit interrupt is pending (cleared by reading IIR or by writing data).
    thri: bool,
    pub reads: usize,
    /// Bytes written to a full transmit FIFO.
    pub tx_lost: usize,
}

impl Device {
    fn depth(&self) -> usize {
        if self.fcr & fcr::ENABLE != 0 && !self.no_fifo {
            16
        } else {
            1
        }
    }

    /// A byte arrives on the line, with error bits.
    pub fn arrive(&mut self, byte: u8, errors: u8) {
        if self.rx.len() == self.depth() {
            self.overrun = true;
        } else {
            self.rx.push_back((byte, errors));
        }
    }

    /// The line takes everything from the transmit FIFO.
    pub fn drain(&mut self) {
        if !self.tx.is_empty() {
            self.wire.extend(self.tx.drain(..));
            self.thri = true;
        }
    }

    /// The level of the interrupt line.
    pub fn line(&self) -> bool {
        let pending = (self.ier & ier::ERBFI != 0 && !self.rx.is_empty())
            || (self.ier & ier::ELSI != 0 && self.status() & 0x1e != 0)
            || (self.ier & ier::ETBEI != 0 && self.thri);
        pending && self.mcr & mcr::OUT2 != 0
    }

    fn status(&self) -> u8 {
        if self.stuck {
            return lsr::DR | lsr::FE;
        }
        let mut status = if self.tx.is_empty() { lsr::THRE } else { 0 };
        if let Some((_, errors)) = self.rx.front() {
            status |= lsr::DR | errors;
        }
        if self.overrun {
            status |= lsr::OE;
        }
        status
    }

    fn read(&mut self, at: u16) -> u8 {
        self.reads += 1;
        if self.absent {
            return 0xff;
        }
        match at {
            offset::DATA => self.rx.pop_front().map_or(0, |(byte, _)| byte),
            offset::IER => self.ier,
            offset::IIR => {
                let fifo = if self.depth() == 16 { 0xc0 } else { 0 };
                let pending = u8::from(!self.line());
                self.thri = false;
                fifo | pending
            }
            offset::LCR => self.lcr,
            offset::LSR => {
                let status = self.status();
                self.overrun = false;
                if let Some((_, errors)) = self.rx.front_mut() {
                    // The byte's errors are shown once; the driver must remember them.
                    *errors = 0;
                }
                status
            }
            _ => 0,
        }
    }

    fn write(&mut self, at: u16, value: u8) {
        if self.absent {
            return;
        }
        let latch = self.lcr & lcr::DLAB != 0;
        match at {
            offset::DATA if latch => self.divisor[0] = value,
            offset::IER if latch => self.divisor[1] = value,
            offset::DATA => {
                self.thri = false;
                if self.tx.len() == self.depth() {
                    self.tx_lost += 1;
                } else {
                    self.tx.push_back(value);
                }
            }
            offset::IER => {
                let newly = value & !self.ier & ier::ETBEI != 0;
                if newly && self.tx.is_empty() && !self.quiet_etbei {
                    self.thri = true;
                }
                self.ier = value;
            }
            offset::FCR => self.fcr = value,
            offset::LCR => self.lcr = value,
            offset::MCR => self.mcr = value,
            _ => {}
        }
    }
}

/// The ports of a device that the test keeps.
#[derive(Clone, Debug, Default)]
pub struct Ports(pub Rc<RefCell<Device>>);

impl PortIo for Ports {
    fn read8(&mut self, offset: u16) -> u8 {
        self.0.borrow_mut().read(offset)
    }
    fn write8(&mut self, offset: u16, value: u8) {
        self.0.borrow_mut().write(offset, value);
    }
}
