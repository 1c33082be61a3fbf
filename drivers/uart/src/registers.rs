// SPDX-License-Identifier: BSD-2-Clause
//! Registers of the 16550 family, named as in the PC16550D data sheet (National Semiconductor,
//! June 1995), section 8.

/// Port offsets. Several registers share one offset: which one answers depends on the direction
/// of the access and on [`lcr::DLAB`].
pub mod offset {
    /// Receiver buffer (read), transmitter holding (write), divisor low byte (DLAB).
    pub const DATA: u16 = 0;
    /// Interrupt enable, divisor high byte (DLAB).
    pub const IER: u16 = 1;
    /// Interrupt identification (read).
    pub const IIR: u16 = 2;
    /// FIFO control (write).
    pub const FCR: u16 = 2;
    /// Line control.
    pub const LCR: u16 = 3;
    /// Modem control.
    pub const MCR: u16 = 4;
    /// Line status.
    pub const LSR: u16 = 5;
    /// Modem status.
    pub const MSR: u16 = 6;
}

/// Interrupt enable register.
pub mod ier {
    /// Received data available.
    pub const ERBFI: u8 = 1 << 0;
    /// Transmitter holding register empty.
    pub const ETBEI: u8 = 1 << 1;
    /// Receiver line status.
    pub const ELSI: u8 = 1 << 2;
}

/// Interrupt identification register.
pub mod iir {
    /// Set when no interrupt is pending.
    pub const NONE: u8 = 1 << 0;
    /// Both bits are set when the FIFOs are enabled and work (16550A and later).
    pub const FIFO: u8 = 0b11 << 6;
}

/// FIFO control register.
pub mod fcr {
    /// Enables both FIFOs.
    pub const ENABLE: u8 = 1 << 0;
    /// Empties the receive FIFO.
    pub const CLEAR_RX: u8 = 1 << 1;
    /// Empties the transmit FIFO.
    pub const CLEAR_TX: u8 = 1 << 2;
    /// Interrupt when 8 bytes wait; fewer raise the time-out interrupt after four character times.
    pub const TRIGGER_8: u8 = 0b10 << 6;
}

/// Line control register.
pub mod lcr {
    /// Eight data bits, no parity, one stop bit.
    pub const EIGHT_N_ONE: u8 = 0b11;
    /// Divisor latch access: offsets 0 and 1 are the divisor.
    pub const DLAB: u8 = 1 << 7;
}

/// Modem control register.
pub mod mcr {
    /// Data terminal ready.
    pub const DTR: u8 = 1 << 0;
    /// Request to send.
    pub const RTS: u8 = 1 << 1;
    /// On a PC this output gates the interrupt line.
    pub const OUT2: u8 = 1 << 3;
}

/// Line status register; reading clears the four error bits.
pub mod lsr {
    /// Data ready.
    pub const DR: u8 = 1 << 0;
    /// Overrun: the device lost received bytes.
    pub const OE: u8 = 1 << 1;
    /// Parity error of the byte at the top.
    pub const PE: u8 = 1 << 2;
    /// Framing error of the byte at the top.
    pub const FE: u8 = 1 << 3;
    /// Break: the line was held low; the byte at the top is a 0 that nobody sent.
    pub const BI: u8 = 1 << 4;
    /// Transmitter holding register (or the whole transmit FIFO) empty.
    pub const THRE: u8 = 1 << 5;
}
