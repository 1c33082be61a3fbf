// SPDX-License-Identifier: BSD-2-Clause
//! Linux' 8250 driver looks at it: the accesses of `autoconfig`, `autoconfig_16550a`, `size_fifo`
//! and `serial8250_do_startup` (drivers/tty/serial/8250/8250_port.c, 6.12), and what each must
//! give for the port to be taken for a plain 16550A without bugs.

use super::super::registers::offset::*;
use super::{Uart, output, read, write};

#[test]
fn it_exists() {
    let mut uart = Uart::default();
    write(&mut uart, INTERRUPT_ENABLE, 0);
    assert_eq!(read(&mut uart, INTERRUPT_ENABLE) & 0x0f, 0);
    write(&mut uart, INTERRUPT_ENABLE, 0x0f);
    assert_eq!(read(&mut uart, INTERRUPT_ENABLE) & 0x0f, 0x0f);
    write(&mut uart, INTERRUPT_ENABLE, 0);
    let control = read(&mut uart, MODEM_CONTROL);
    write(&mut uart, MODEM_CONTROL, 0x1a);
    assert_eq!(read(&mut uart, MODEM_STATUS) & 0xf0, 0x90);
    write(&mut uart, MODEM_CONTROL, control);
}

#[test]
fn it_is_a_16550a_and_nothing_more() {
    let mut uart = Uart::default();
    // Enhanced features, behind a magic line control.
    write(&mut uart, LINE_CONTROL, 0xbf);
    write(&mut uart, IDENTIFICATION, 0);
    write(&mut uart, LINE_CONTROL, 0);
    write(&mut uart, IDENTIFICATION, 1);
    assert_eq!(read(&mut uart, IDENTIFICATION) >> 6, 3);
    for magic in [0x80, 0xbf] {
        write(&mut uart, LINE_CONTROL, magic);
        assert_ne!(read(&mut uart, IDENTIFICATION), 0, "no 16650");
    }
    // National Semiconductor's super I/O: bit 4 follows the loop back bit.
    write(&mut uart, LINE_CONTROL, 0);
    let control = read(&mut uart, MODEM_CONTROL);
    write(&mut uart, LINE_CONTROL, 0xe0);
    let before = read(&mut uart, IDENTIFICATION);
    assert_eq!((before ^ control) & 0x10, 0);
    write(&mut uart, LINE_CONTROL, 0);
    write(&mut uart, MODEM_CONTROL, control ^ 0x10);
    write(&mut uart, LINE_CONTROL, 0xe0);
    assert_eq!((read(&mut uart, IDENTIFICATION) ^ control) & 0x10, 0);
    write(&mut uart, LINE_CONTROL, 0);
    write(&mut uart, MODEM_CONTROL, control);
    // The 16750's longer queues.
    write(&mut uart, IDENTIFICATION, 0x21);
    assert_eq!(read(&mut uart, IDENTIFICATION) >> 5, 6);
    write(&mut uart, IDENTIFICATION, 1);
    write(&mut uart, LINE_CONTROL, 0x80);
    write(&mut uart, IDENTIFICATION, 0x21);
    assert_eq!(read(&mut uart, IDENTIFICATION) >> 5, 6);
    write(&mut uart, LINE_CONTROL, 0);
    // The XScale's enable bit.
    write(&mut uart, INTERRUPT_ENABLE, 0x40);
    assert_eq!(read(&mut uart, INTERRUPT_ENABLE) & 0x40, 0);
}

#[test]
fn its_queue_has_16_characters() {
    let mut uart = Uart::default();
    write(&mut uart, IDENTIFICATION, 0x07);
    write(&mut uart, MODEM_CONTROL, 0x10);
    for byte in 0..=255 {
        write(&mut uart, DATA, byte);
    }
    let received = (0..256).take_while(|_| {
        let ready = read(&mut uart, LINE_STATUS) & 1 != 0;
        ready && read(&mut uart, DATA) < 16
    });
    assert_eq!(received.count(), 16);
}

#[test]
fn it_has_neither_of_the_transmitter_bugs() {
    let mut uart = Uart::default();
    write(&mut uart, IDENTIFICATION, 0x07);
    write(&mut uart, IDENTIFICATION, 0);
    for register in [LINE_STATUS, DATA, IDENTIFICATION, MODEM_STATUS] {
        assert_ne!(read(&mut uart, register), 0xff);
    }
    write(&mut uart, LINE_CONTROL, 3);
    write(&mut uart, MODEM_CONTROL, 0x08);
    // An idle transmitter interrupts each time that this is enabled.
    write(&mut uart, INTERRUPT_ENABLE, 0);
    write(&mut uart, INTERRUPT_ENABLE, 2);
    assert_eq!(read(&mut uart, IDENTIFICATION) & 1, 0);
    write(&mut uart, INTERRUPT_ENABLE, 0);
    write(&mut uart, INTERRUPT_ENABLE, 2);
    assert_eq!(read(&mut uart, IDENTIFICATION) & 1, 0);
    write(&mut uart, INTERRUPT_ENABLE, 0);

    write(&mut uart, INTERRUPT_ENABLE, 2);
    let status = read(&mut uart, LINE_STATUS);
    assert_eq!(
        (status & 0x40, read(&mut uart, IDENTIFICATION) & 1),
        (0x40, 0)
    );
}

/// `serial8250_console_write`: polls the line status before each character, and at the end.
#[test]
fn the_console_writes_without_interrupts() {
    let mut uart = Uart::default();
    let mut printed = std::vec::Vec::new();
    for byte in *b"[    0.000000] Linux" {
        while read(&mut uart, LINE_STATUS) & 0x20 == 0 {
            printed.extend(output(&mut uart));
        }
        write(&mut uart, DATA, byte);
    }
    printed.extend(output(&mut uart));
    assert_eq!(printed, b"[    0.000000] Linux");
    assert_eq!(read(&mut uart, LINE_STATUS) & 0x60, 0x60);
}

/// `serial8250_handle_irq`, as long as the line is up: both directions at once.
#[test]
fn the_tty_works_by_interrupts() {
    let mut uart = Uart::default();
    write(&mut uart, IDENTIFICATION, 0x81);
    write(&mut uart, MODEM_CONTROL, 0x0b);
    write(&mut uart, INTERRUPT_ENABLE, 0x05);
    let (mut to_guest, mut from_guest) = (
        (0..100u8).collect::<std::vec::Vec<_>>(),
        std::vec::Vec::new(),
    );
    let (mut echo, mut interrupts) = (std::collections::VecDeque::new(), 0);
    to_guest.reverse();
    loop {
        while let Some(byte) = to_guest.last() {
            if !uart.offer_input(*byte) {
                break;
            }
            to_guest.pop();
        }
        from_guest.extend(output(&mut uart));
        if !uart.interrupt() {
            break;
        }
        interrupts += 1;
        assert!(interrupts < 1000);
        if read(&mut uart, IDENTIFICATION) & 1 != 0 {
            continue;
        }
        let status = read(&mut uart, LINE_STATUS);
        if status & 1 != 0 {
            while read(&mut uart, LINE_STATUS) & 1 != 0 {
                echo.push_back(read(&mut uart, DATA));
            }
            write(&mut uart, INTERRUPT_ENABLE, 0x07);
        }
        if status & 0x20 != 0 {
            for byte in echo.drain(..echo.len().min(16)) {
                write(&mut uart, DATA, byte);
            }
            if echo.is_empty() {
                write(&mut uart, INTERRUPT_ENABLE, 0x05);
            }
        }
    }
    assert_eq!(from_guest, (0..100).collect::<std::vec::Vec<_>>());
}
