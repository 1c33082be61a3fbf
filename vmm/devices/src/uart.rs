// SPDX-License-Identifier: BSD-2-Clause
//! A 16550A serial port, after the data sheet of the PC16550D (National Semiconductor, June 1995).
//!
//! Characters take no time on the line. So the transmitter is empty as soon as its characters have
//! been taken, and the receiver's time-out of four characters is over when no more are offered. What
//! cannot happen without a line is left out: parity and framing errors, breaks.

mod fifo;
mod registers;
#[cfg(test)]
mod tests;

use vmm_base::{PortDevice, Width};

use fifo::{DEPTH, Fifo};
use registers::{
    DIVISOR_ACCESS, Enable, FifoControl, LineStatus, ModemControl, ModemStatus, identification,
    offset,
};

/// What the other end of the cable says all the time.
const CONNECTED: ModemStatus = ModemStatus::DCD
    .union(ModemStatus::DSR)
    .union(ModemStatus::CTS);

/// The serial port. Its state after reset is [`default`](Self::default).
#[derive(Debug, Clone)]
pub struct Uart {
    divisor: [u8; 2],
    enable: Enable,
    line_control: u8,
    modem_control: ModemControl,
    scratch: u8,
    fifos: bool,
    trigger: usize,
    receiver: Fifo,
    transmitter: Fifo,
    overrun: bool,
    /// The transmitter's interrupt, which goes when it is read of, not when its cause goes.
    transmitter_interrupt: bool,
    deltas: ModemStatus,
}

impl Default for Uart {
    fn default() -> Self {
        Self {
            // The data sheet leaves it open; 12 is 9600 baud.
            divisor: [12, 0],
            enable: Enable::empty(),
            line_control: 0,
            modem_control: ModemControl::empty(),
            scratch: 0,
            fifos: false,
            trigger: 1,
            receiver: Fifo::default(),
            transmitter: Fifo::default(),
            overrun: false,
            transmitter_interrupt: false,
            deltas: ModemStatus::empty(),
        }
    }
}

impl Uart {
    /// The level of its interrupt line. On a PC, OUT2 has to be on; in loopback its pin is off.
    pub fn interrupt(&self) -> bool {
        let control = self.modem_control;
        control.contains(ModemControl::OUT2)
            && !control.contains(ModemControl::LOOPBACK)
            && self.identification() != identification::NONE
    }

    /// Can reading this register change [`interrupt`](Self::interrupt)? It does where it
    /// takes a character or acknowledges a cause.
    pub const fn is_changed_by_reading(register: u16) -> bool {
        matches!(
            register,
            offset::DATA | offset::IDENTIFICATION | offset::LINE_STATUS | offset::MODEM_STATUS
        )
    }

    /// The next character that the guest has sent.
    pub fn take_output(&mut self) -> Option<u8> {
        let byte = self.transmitter.pop()?;
        if self.transmitter.is_empty() {
            self.transmitter_interrupt = true;
        }
        Some(byte)
    }

    /// Gives the guest a character to receive. Says whether there was room for it.
    pub fn offer_input(&mut self, byte: u8) -> bool {
        self.can_receive() && self.receiver.push(byte, self.depth())
    }

    /// Would [`offer_input`](Self::offer_input) take a character now? Not in loopback, where the
    /// receiver is cut off from the line.
    pub fn can_receive(&self) -> bool {
        let is_connected = !self.modem_control.contains(ModemControl::LOOPBACK);
        is_connected && self.receiver.len() < self.depth()
    }

    fn depth(&self) -> usize {
        if self.fifos { DEPTH } else { 1 }
    }

    /// The cause of the highest priority.
    fn identification(&self) -> u8 {
        let data = match self.receiver.len() {
            0 => None,
            length if length >= self.trigger => Some(identification::DATA),
            _ => Some(identification::TIMEOUT),
        };
        if self.enable.contains(Enable::LINE_STATUS) && self.overrun {
            identification::LINE_STATUS
        } else if let Some(data) = data.filter(|_| self.enable.contains(Enable::DATA)) {
            data
        } else if self.enable.contains(Enable::TRANSMITTER) && self.transmitter_interrupt {
            identification::TRANSMITTER
        } else if self.enable.contains(Enable::MODEM_STATUS) && !self.deltas.is_empty() {
            identification::MODEM_STATUS
        } else {
            identification::NONE
        }
    }

    fn read_identification(&mut self) -> u8 {
        let cause = self.identification();
        if cause == identification::TRANSMITTER {
            self.transmitter_interrupt = false;
        }
        cause | if self.fifos { identification::FIFOS } else { 0 }
    }

    fn read_line_status(&mut self) -> u8 {
        let mut status = LineStatus::empty();
        status.set(LineStatus::DATA_READY, !self.receiver.is_empty());
        status.set(LineStatus::OVERRUN, self.overrun);
        let empty = LineStatus::HOLDING_EMPTY | LineStatus::TRANSMITTER_EMPTY;
        status.set(empty, self.transmitter.is_empty());
        self.overrun = false;
        status.bits()
    }

    fn read_modem_status(&mut self) -> u8 {
        let status = self.modem_inputs() | self.deltas;
        self.deltas = ModemStatus::empty();
        status.bits()
    }

    /// The four inputs; in loopback, the four outputs.
    fn modem_inputs(&self) -> ModemStatus {
        if !self.modem_control.contains(ModemControl::LOOPBACK) {
            return CONNECTED;
        }
        let pairs = [
            (ModemControl::RTS, ModemStatus::CTS),
            (ModemControl::DTR, ModemStatus::DSR),
            (ModemControl::OUT1, ModemStatus::RI),
            (ModemControl::OUT2, ModemStatus::DCD),
        ];
        let on = pairs
            .iter()
            .filter(|(output, _)| self.modem_control.contains(*output));
        on.map(|(_, input)| *input).collect()
    }

    fn write_modem_control(&mut self, value: u8) {
        let before = self.modem_inputs();
        self.modem_control = ModemControl::from_bits_truncate(value);
        let after = self.modem_inputs();
        let mut changed = before ^ after;
        // The ring indicator counts only when it goes off.
        changed.set(ModemStatus::RI, (before - after).contains(ModemStatus::RI));
        self.deltas |= ModemStatus::from_bits_truncate(changed.bits() >> 4);
    }

    fn write_enable(&mut self, value: u8) {
        let before = self.enable;
        self.enable = Enable::from_bits_truncate(value);
        let is_new = (self.enable - before).contains(Enable::TRANSMITTER);
        if is_new && self.transmitter.is_empty() {
            self.transmitter_interrupt = true;
        }
    }

    fn write_fifo_control(&mut self, value: u8) {
        let control = FifoControl::from_bits_truncate(value);
        let enable = control.contains(FifoControl::ENABLE);
        let changed = enable != self.fifos;
        self.fifos = enable;
        // The other bits are programmed only together with this one.
        self.trigger = match value >> 6 {
            _ if !enable => 1,
            0 => 1,
            1 => 4,
            2 => 8,
            _ => 14,
        };
        if changed || enable && control.contains(FifoControl::CLEAR_RECEIVER) {
            self.receiver.clear();
        }
        let clear = changed || enable && control.contains(FifoControl::CLEAR_TRANSMITTER);
        if clear && !self.transmitter.is_empty() {
            self.transmitter.clear();
            self.transmitter_interrupt = true;
        }
    }

    fn send(&mut self, byte: u8) {
        self.transmitter_interrupt = false;
        let depth = self.depth();
        if !self.modem_control.contains(ModemControl::LOOPBACK) {
            // What comes while the queue is full is lost: the guest did not look.
            self.transmitter.push(byte, depth);
            return;
        }
        self.transmitter_interrupt = true;
        if self.receiver.push(byte, depth) {
            return;
        }
        self.overrun = true;
        if !self.fifos {
            // The register is overwritten; a full queue keeps what it has.
            self.receiver.clear();
            self.receiver.push(byte, depth);
        }
    }

    fn receive(&mut self) -> u8 {
        self.receiver.pop().unwrap_or(0)
    }
}

impl PortDevice for Uart {
    fn read(&mut self, offset: u16, width: Width) -> u32 {
        if width != Width::Byte {
            return width.mask() as u32;
        }
        let divisor = self.line_control & DIVISOR_ACCESS != 0;
        u32::from(match offset {
            offset::DATA | offset::INTERRUPT_ENABLE if divisor => self.divisor[usize::from(offset)],
            offset::DATA => self.receive(),
            offset::INTERRUPT_ENABLE => self.enable.bits(),
            offset::IDENTIFICATION => self.read_identification(),
            offset::LINE_CONTROL => self.line_control,
            offset::MODEM_CONTROL => self.modem_control.bits(),
            offset::LINE_STATUS => self.read_line_status(),
            offset::MODEM_STATUS => self.read_modem_status(),
            offset::SCRATCH => self.scratch,
            _ => 0xff,
        })
    }

    fn write(&mut self, offset: u16, width: Width, value: u32) {
        if width != Width::Byte {
            return;
        }
        let value = value as u8;
        let divisor = self.line_control & DIVISOR_ACCESS != 0;
        match offset {
            offset::DATA | offset::INTERRUPT_ENABLE if divisor => {
                self.divisor[usize::from(offset)] = value;
            }
            offset::DATA => self.send(value),
            offset::INTERRUPT_ENABLE => self.write_enable(value),
            offset::IDENTIFICATION => self.write_fifo_control(value),
            offset::LINE_CONTROL => self.line_control = value,
            offset::MODEM_CONTROL => self.write_modem_control(value),
            offset::SCRATCH => self.scratch = value,
            // The status registers are written only in the factory.
            _ => {}
        }
    }
}
