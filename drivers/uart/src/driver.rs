// SPDX-License-Identifier: BSD-2-Clause
//! The driver proper.

use core::fmt;

use heapless::Deque;
use mmio::PortIo;

use crate::counters::{Counters, count};
use crate::registers::{fcr, ier, iir, lcr, lsr, mcr, offset};

/// Bytes of the hardware FIFOs of a 16550A.
const FIFO_DEPTH: usize = 16;

/// Rounds of service in one call. A healthy device is quiet after two or three; a broken one,
/// whose status never clears, must not keep the processor.
const MAX_ROUNDS: usize = 64;

/// How the line is set up; always 8 data bits, no parity, one stop bit.
#[derive(Clone, Copy, Debug)]
pub struct Config {
    /// The divisor of the 1.8432 MHz clock: 115200 / divisor baud. Not 0.
    pub divisor: u16,
}

impl Default for Config {
    /// 115200 baud.
    fn default() -> Self {
        Self { divisor: 1 }
    }
}

/// Why a device cannot be driven.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// Line control does not hold what is written to it: nothing answers at these ports.
    Absent,
    /// A divisor of 0 has no meaning.
    Divisor,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Absent => {
                "no UART answers at these ports; check the ioport element's addr in system.xml"
            }
            Self::Divisor => "the divisor must not be 0",
        })
    }
}

impl core::error::Error for Error {}

/// A UART with queues of `TX` and `RX` bytes.
#[derive(Debug)]
pub struct Uart<P, const TX: usize, const RX: usize> {
    ports: P,
    tx: Deque<u8, TX>,
    rx: Deque<u8, RX>,
    /// Bytes that may be written when the transmitter says that it is empty.
    fifo_depth: usize,
    /// What was last written to the interrupt enable register.
    enabled: u8,
    counters: Counters,
}

impl<P: PortIo, const TX: usize, const RX: usize> Uart<P, TX, RX> {
    /// Sets the device up and enables its receive interrupts. `ports` are its eight ports.
    ///
    /// # Errors
    ///
    /// [`Error::Absent`] if nothing answers, [`Error::Divisor`] for a divisor of 0.
    pub fn new(mut ports: P, config: Config) -> Result<Self, Error> {
        if config.divisor == 0 {
            return Err(Error::Divisor);
        }
        let [low, high] = config.divisor.to_le_bytes();
        ports.write8(offset::IER, 0);
        ports.write8(offset::LCR, lcr::DLAB | lcr::EIGHT_N_ONE);
        if ports.read8(offset::LCR) != lcr::DLAB | lcr::EIGHT_N_ONE {
            return Err(Error::Absent);
        }
        ports.write8(offset::DATA, low);
        ports.write8(offset::IER, high);
        ports.write8(offset::LCR, lcr::EIGHT_N_ONE);
        if ports.read8(offset::LCR) != lcr::EIGHT_N_ONE {
            return Err(Error::Absent);
        }
        ports.write8(
            offset::FCR,
            fcr::ENABLE | fcr::CLEAR_RX | fcr::CLEAR_TX | fcr::TRIGGER_8,
        );
        // The 8250 and 16450 have no FIFO, that of the first 16550 is broken and shows one bit.
        let has_fifo = ports.read8(offset::IIR) & iir::FIFO == iir::FIFO;
        if !has_fifo {
            ports.write8(offset::FCR, 0);
        }
        ports.write8(offset::MCR, mcr::DTR | mcr::RTS | mcr::OUT2);
        let mut uart = Self {
            ports,
            tx: Deque::new(),
            rx: Deque::new(),
            fifo_depth: if has_fifo { FIFO_DEPTH } else { 1 },
            enabled: 0,
            counters: Counters::default(),
        };
        uart.enable(ier::ERBFI | ier::ELSI);
        uart.on_interrupt();
        // What the line carried before this driver ran is not an error of this driver.
        uart.counters = Counters::default();
        Ok(uart)
    }

    /// Whether the device has working FIFOs (16550A and later).
    pub fn has_fifo(&self) -> bool {
        self.fifo_depth == FIFO_DEPTH
    }

    /// The number of bytes that [`send`](Self::send) takes now.
    pub fn tx_room(&self) -> usize {
        self.tx.capacity() - self.tx.len()
    }

    /// Whether every byte was handed to the device.
    pub fn tx_idle(&self) -> bool {
        self.tx.is_empty()
    }

    /// Queues as many of `bytes` as there is room for, and returns how many.
    pub fn send(&mut self, bytes: &[u8]) -> usize {
        let taken = bytes.len().min(self.tx_room());
        for &byte in &bytes[..taken] {
            // Cannot fail: bounded by the room.
            let _ = self.tx.push_back(byte);
        }
        self.service_once();
        self.rearm();
        taken
    }

    /// The oldest received byte.
    pub fn receive(&mut self) -> Option<u8> {
        self.rx.pop_front()
    }

    /// Serves the device. To be called for each interrupt, and once more after the interrupt was
    /// acknowledged when it is edge-triggered: an event between the two makes no new edge.
    pub fn on_interrupt(&mut self) {
        for _ in 0..MAX_ROUNDS {
            let quiet = self.ports.read8(offset::IIR) & iir::NONE != 0;
            if !self.service_once() && quiet {
                break;
            }
        }
        self.rearm();
    }

    /// The losses since the last call.
    pub fn take_counters(&mut self) -> Counters {
        core::mem::take(&mut self.counters)
    }

    /// Looks at the status once and moves what can be moved. Returns whether anything moved.
    fn service_once(&mut self) -> bool {
        // Reading the modem status clears its interrupt, which some firmware leaves pending.
        self.ports.read8(offset::MSR);
        let status = self.ports.read8(offset::LSR);
        let received = status & lsr::DR != 0;
        if status & lsr::OE != 0 {
            count(&mut self.counters.overruns);
        }
        if received {
            self.take_byte(status);
        }
        let send = status & lsr::THRE != 0 && !self.tx.is_empty();
        if send {
            for _ in 0..self.fifo_depth {
                let Some(byte) = self.tx.pop_front() else {
                    break;
                };
                self.ports.write8(offset::DATA, byte);
            }
        }
        received || send
    }

    /// Reads the byte that `status` describes.
    fn take_byte(&mut self, status: u8) {
        let byte = self.ports.read8(offset::DATA);
        if status & lsr::BI != 0 {
            count(&mut self.counters.breaks);
        } else if status & lsr::FE != 0 {
            count(&mut self.counters.framing);
        } else if status & lsr::PE != 0 {
            count(&mut self.counters.parity);
        } else if self.rx.push_back(byte).is_err() {
            count(&mut self.counters.rx_full);
        }
    }

    /// Enables the transmit interrupt exactly while there is something to send: enabled with an
    /// empty queue it would come again and again.
    fn rearm(&mut self) {
        let transmit = if self.tx.is_empty() { 0 } else { ier::ETBEI };
        let wanted = ier::ERBFI | ier::ELSI | transmit;
        if wanted != self.enabled {
            self.enable(wanted);
        }
    }

    fn enable(&mut self, bits: u8) {
        self.enabled = bits;
        self.ports.write8(offset::IER, bits);
    }
}
