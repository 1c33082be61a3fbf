// SPDX-License-Identifier: BSD-2-Clause
//! Registers of the PC16550D, table II of its data sheet.

use bitflags::bitflags;

/// Offsets. The first two are the divisor's while the line control register says so.
pub mod offset {
    /// Receiver buffer, transmitter holding register; divisor, low byte.
    pub const DATA: u16 = 0;
    /// Interrupt enable; divisor, high byte.
    pub const INTERRUPT_ENABLE: u16 = 1;
    /// Interrupt identification when read, FIFO control when written.
    pub const IDENTIFICATION: u16 = 2;
    /// Line control.
    pub const LINE_CONTROL: u16 = 3;
    /// Modem control.
    pub const MODEM_CONTROL: u16 = 4;
    /// Line status.
    pub const LINE_STATUS: u16 = 5;
    /// Modem status.
    pub const MODEM_STATUS: u16 = 6;
    /// Scratch.
    pub const SCRATCH: u16 = 7;
}

/// Interrupt identification, in the order of priority; table III.
pub mod identification {
    pub const LINE_STATUS: u8 = 0x06;
    pub const DATA: u8 = 0x04;
    pub const TIMEOUT: u8 = 0x0c;
    pub const TRANSMITTER: u8 = 0x02;
    pub const MODEM_STATUS: u8 = 0x00;
    pub const NONE: u8 = 0x01;
    /// Both bits are set while the queues are in use.
    pub const FIFOS: u8 = 0xc0;
}

/// Divisor latch access bit of the line control register.
pub const DIVISOR_ACCESS: u8 = 1 << 7;

bitflags! {
    /// Interrupt enable register.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
    pub struct Enable: u8 {
        /// Received data, and the time-out.
        const DATA = 1 << 0;
        /// Transmitter holding register empty.
        const TRANSMITTER = 1 << 1;
        /// Receiver line status.
        const LINE_STATUS = 1 << 2;
        /// Modem status.
        const MODEM_STATUS = 1 << 3;
    }

    /// FIFO control register.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct FifoControl: u8 {
        const ENABLE = 1 << 0;
        const CLEAR_RECEIVER = 1 << 1;
        const CLEAR_TRANSMITTER = 1 << 2;
    }

    /// Modem control register.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
    pub struct ModemControl: u8 {
        /// Data terminal ready.
        const DTR = 1 << 0;
        /// Request to send.
        const RTS = 1 << 1;
        const OUT1 = 1 << 2;
        /// On a PC, lets the interrupt through.
        const OUT2 = 1 << 3;
        const LOOPBACK = 1 << 4;
    }

    /// Line status register.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
    pub struct LineStatus: u8 {
        const DATA_READY = 1 << 0;
        const OVERRUN = 1 << 1;
        /// The transmitter can take characters: its queue is empty.
        const HOLDING_EMPTY = 1 << 5;
        /// Nothing is on its way either.
        const TRANSMITTER_EMPTY = 1 << 6;
    }

    /// Modem status register.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
    pub struct ModemStatus: u8 {
        const DELTA_CTS = 1 << 0;
        const DELTA_DSR = 1 << 1;
        /// The ring indicator went off.
        const TRAILING_EDGE_RI = 1 << 2;
        const DELTA_DCD = 1 << 3;
        /// Clear to send.
        const CTS = 1 << 4;
        /// Data set ready.
        const DSR = 1 << 5;
        /// Ring indicator.
        const RI = 1 << 6;
        /// Data carrier detect.
        const DCD = 1 << 7;
        const DELTAS = 0x0f;
    }
}
