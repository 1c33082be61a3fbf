// SPDX-License-Identifier: BSD-2-Clause
//! What the data sheet says, in its order.

use super::super::registers::offset::*;
use super::{Uart, listening, output, read, write};

/// Table I: the state after reset.
#[test]
fn reset() {
    let mut uart = Uart::default();
    for (register, value) in [
        (INTERRUPT_ENABLE, 0),
        (IDENTIFICATION, 0x01),
        (LINE_CONTROL, 0),
        (MODEM_CONTROL, 0),
        (LINE_STATUS, 0x60),
        (MODEM_STATUS, 0xb0),
    ] {
        assert_eq!(read(&mut uart, register), value, "{register}");
    }
    assert!(!uart.interrupt());
}

/// 8.1, 8.3: the divisor is behind a bit of the line control register.
#[test]
fn divisor() {
    let mut uart = Uart::default();
    write(&mut uart, INTERRUPT_ENABLE, 0x05);
    write(&mut uart, LINE_CONTROL, 0x83);
    write(&mut uart, DATA, 0x34);
    write(&mut uart, INTERRUPT_ENABLE, 0x12);
    assert_eq!(
        (read(&mut uart, DATA), read(&mut uart, INTERRUPT_ENABLE)),
        (0x34, 0x12)
    );
    write(&mut uart, LINE_CONTROL, 0x03);
    assert_eq!(
        (read(&mut uart, DATA), read(&mut uart, INTERRUPT_ENABLE)),
        (0, 0x05)
    );
    assert_eq!(output(&mut uart), []);
}

/// 8.4: the line status register.
#[test]
fn line_status() {
    let mut uart = Uart::default();
    assert!(uart.offer_input(b'a'));
    assert!(!uart.offer_input(b'b'));
    assert_eq!(read(&mut uart, LINE_STATUS), 0x61);
    assert_eq!(read(&mut uart, DATA), b'a');
    assert_eq!(read(&mut uart, LINE_STATUS), 0x60);
    write(&mut uart, DATA, b'x');
    assert_eq!(read(&mut uart, LINE_STATUS), 0);
    // It is intended for read operations only.
    write(&mut uart, LINE_STATUS, 0xff);
    assert_eq!(read(&mut uart, LINE_STATUS), 0);
    assert_eq!(output(&mut uart), b"x");
    assert_eq!(read(&mut uart, LINE_STATUS), 0x60);
}

/// 8.5: the FIFO control register.
#[test]
fn fifo_control() {
    let mut uart = Uart::default();
    // Without bit 0 the others are not programmed.
    write(&mut uart, IDENTIFICATION, 0xc6);
    assert_eq!(read(&mut uart, IDENTIFICATION), 0x01);
    write(&mut uart, IDENTIFICATION, 0x01);
    assert_eq!(read(&mut uart, IDENTIFICATION), 0xc1);
    for byte in 0..16 {
        assert!(uart.offer_input(byte));
        write(&mut uart, DATA, byte);
    }
    assert!(!uart.can_receive() && !uart.offer_input(16));
    write(&mut uart, DATA, 16);
    // Bits 1 and 2 clear one of the queues each.
    write(&mut uart, IDENTIFICATION, 0x03);
    assert_eq!(read(&mut uart, LINE_STATUS), 0);
    assert!(uart.offer_input(1));
    assert_eq!(output(&mut uart), (0..16).collect::<std::vec::Vec<_>>());
    write(&mut uart, DATA, 1);
    write(&mut uart, IDENTIFICATION, 0x05);
    assert_eq!(read(&mut uart, LINE_STATUS), 0x61);
    assert_eq!(output(&mut uart), []);
    // A change of bit 0 clears both.
    write(&mut uart, DATA, 1);
    write(&mut uart, IDENTIFICATION, 0);
    assert_eq!(read(&mut uart, LINE_STATUS), 0x60);
    assert_eq!(read(&mut uart, IDENTIFICATION), 0x01);
}

/// Table III: of several causes the highest is shown, and each has its own way to go.
#[test]
fn priorities() {
    let mut uart = listening();
    write(&mut uart, IDENTIFICATION, 0x41);
    // Modem status, by the end of a loop back; overrun, data and transmitter in it.
    write(&mut uart, MODEM_CONTROL, 0x18);
    for byte in 0..17 {
        write(&mut uart, DATA, byte);
    }
    write(&mut uart, MODEM_CONTROL, 0x0b);
    assert!(uart.interrupt());
    assert_eq!(read(&mut uart, IDENTIFICATION), 0xc6);
    assert_eq!(read(&mut uart, LINE_STATUS), 0x63);
    for left in (4..=16).rev() {
        assert_eq!(read(&mut uart, IDENTIFICATION), 0xc4, "{left}");
        assert_eq!(read(&mut uart, DATA), 16 - left);
    }
    for _ in 0..3 {
        assert_eq!(read(&mut uart, IDENTIFICATION), 0xcc);
        read(&mut uart, DATA);
    }
    // Reading of it is enough for the transmitter's.
    assert_eq!(read(&mut uart, IDENTIFICATION), 0xc2);
    assert_eq!(read(&mut uart, IDENTIFICATION), 0xc0);
    assert!(uart.interrupt());
    read(&mut uart, MODEM_STATUS);
    assert_eq!(read(&mut uart, IDENTIFICATION), 0xc1);
    assert!(!uart.interrupt());
}

/// 8.6: a cause of higher priority does not take the transmitter's interrupt away.
#[test]
fn identification_clears_only_what_it_shows() {
    let mut uart = listening();
    uart.offer_input(b'a');
    assert_eq!(read(&mut uart, IDENTIFICATION), 0x04);
    assert_eq!(read(&mut uart, IDENTIFICATION), 0x04);
    read(&mut uart, DATA);
    assert_eq!(read(&mut uart, IDENTIFICATION), 0x02);
    assert_eq!(read(&mut uart, IDENTIFICATION), 0x01);
}

/// 8.7: the interrupt enable register.
#[test]
fn enables() {
    let mut uart = Uart::default();
    write(&mut uart, MODEM_CONTROL, 0x08);
    write(&mut uart, INTERRUPT_ENABLE, 0xff);
    assert_eq!(read(&mut uart, INTERRUPT_ENABLE), 0x0f);
    for (enable, cause) in [
        (0x01, 0x04),
        (0x02, 0x02),
        (0x0e, 0x02),
        (0x0f, 0x04),
        (0x0c, 0x01),
    ] {
        let mut uart = Uart::default();
        write(&mut uart, MODEM_CONTROL, 0x08);
        write(&mut uart, INTERRUPT_ENABLE, enable);
        uart.offer_input(b'a');
        assert_eq!(uart.interrupt(), cause != 0x01, "{enable:#x}");
        assert_eq!(read(&mut uart, IDENTIFICATION), cause, "{enable:#x}");
    }
}

/// The transmitter interrupts when it gets empty, and when that is enabled while it is.
#[test]
fn transmitter_interrupt() {
    let mut uart = listening();
    assert_eq!(read(&mut uart, IDENTIFICATION), 0x02);
    assert!(!uart.interrupt());
    write(&mut uart, DATA, b'x');
    assert!(!uart.interrupt());
    assert_eq!(output(&mut uart), b"x");
    assert!(uart.interrupt());
    // Writing is the other way for it to go.
    write(&mut uart, DATA, b'y');
    assert!(!uart.interrupt());
    write(&mut uart, INTERRUPT_ENABLE, 0);
    write(&mut uart, INTERRUPT_ENABLE, 2);
    assert!(!uart.interrupt());
    assert_eq!(output(&mut uart), b"y");
    assert_eq!(read(&mut uart, IDENTIFICATION), 0x02);
    write(&mut uart, INTERRUPT_ENABLE, 2);
    assert!(!uart.interrupt());
    write(&mut uart, INTERRUPT_ENABLE, 0);
    write(&mut uart, INTERRUPT_ENABLE, 2);
    assert!(uart.interrupt());
}

/// 8.8: loop back.
#[test]
fn loopback() {
    let mut uart = Uart::default();
    for (control, status) in [
        (0x10, 0x00),
        (0x11, 0x20),
        (0x12, 0x10),
        (0x14, 0x40),
        (0x18, 0x80),
        (0xff, 0xf0),
    ] {
        write(&mut uart, MODEM_CONTROL, control);
        assert_eq!(read(&mut uart, MODEM_CONTROL), control & 0x1f);
        assert_eq!(read(&mut uart, MODEM_STATUS) & 0xf0, status, "{control:#x}");
    }
    // What is sent is received, and nothing of it gets out; the line does not get in.
    write(&mut uart, DATA, b'x');
    assert!(!uart.offer_input(b'y'));
    assert_eq!(output(&mut uart), []);
    assert_eq!(read(&mut uart, LINE_STATUS), 0x61);
    // The second overwrites the first, without queues; with them, the queue stays as it was.
    write(&mut uart, DATA, b'z');
    assert_eq!(
        (read(&mut uart, LINE_STATUS), read(&mut uart, DATA)),
        (0x63, b'z')
    );
    write(&mut uart, IDENTIFICATION, 1);
    for byte in 0..18 {
        write(&mut uart, DATA, byte);
    }
    assert_eq!(read(&mut uart, LINE_STATUS), 0x63);
    let received: std::vec::Vec<_> = (0..16).map(|_| read(&mut uart, DATA)).collect();
    assert_eq!(received, (0..16).collect::<std::vec::Vec<_>>());
    assert_eq!(read(&mut uart, LINE_STATUS), 0x60);
}

/// 8.8 on a PC: OUT2 lets interrupts through.
#[test]
fn the_line_needs_out2() {
    let mut uart = Uart::default();
    write(&mut uart, INTERRUPT_ENABLE, 2);
    for (control, expected) in [(0, false), (0x07, false), (0x08, true), (0x18, false)] {
        write(&mut uart, MODEM_CONTROL, control);
        assert_eq!(uart.interrupt(), expected, "{control:#x}");
    }
}

/// 8.9: the modem status register says what changed since it was read.
#[test]
fn modem_status() {
    let mut uart = Uart::default();
    assert_eq!(read(&mut uart, MODEM_STATUS), 0xb0);
    write(&mut uart, MODEM_CONTROL, 0x10);
    assert_eq!(read(&mut uart, MODEM_STATUS), 0x0b);
    assert_eq!(read(&mut uart, MODEM_STATUS), 0x00);
    // The ring indicator is told of when it goes off, not when it comes on.
    write(&mut uart, MODEM_CONTROL, 0x14);
    assert_eq!(read(&mut uart, MODEM_STATUS), 0x40);
    write(&mut uart, MODEM_CONTROL, 0x10);
    assert_eq!(read(&mut uart, MODEM_STATUS), 0x04);
    write(&mut uart, MODEM_STATUS, 0xff);
    write(&mut uart, MODEM_CONTROL, 0);
    assert_eq!(read(&mut uart, MODEM_STATUS), 0xbb);
}

/// 8.10, and what is behind.
#[test]
fn scratch() {
    let mut uart = Uart::default();
    for value in [0x5a, 0xa5] {
        write(&mut uart, SCRATCH, value);
        assert_eq!(read(&mut uart, SCRATCH), value);
    }
    assert_eq!(read(&mut uart, 8), 0xff);
}
