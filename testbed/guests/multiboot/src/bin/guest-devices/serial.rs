// SPDX-License-Identifier: BSD-2-Clause
//! The serial port (PC16550D data sheet). Nothing is printed before it is as it was.

use bare::{TestResult, check, check_eq, port};

const DATA: u16 = 0x3f8;
const ENABLE: u16 = 0x3f9;
const IDENTIFICATION: u16 = 0x3fa;
const LINE_CONTROL: u16 = 0x3fb;
const MODEM_CONTROL: u16 = 0x3fc;
const LINE_STATUS: u16 = 0x3fd;
const MODEM_STATUS: u16 = 0x3fe;

const READY: u8 = 1;
const EMPTY: u8 = 0x60;
const LOOP_BACK: u8 = 0x10;

/// What the other tests, and the output, need.
fn restore() {
    port::write8(LINE_CONTROL, 3);
    port::write8(IDENTIFICATION, 7);
    port::write8(ENABLE, 0);
    port::write8(MODEM_CONTROL, 3);
}

/// All that was sent is on its way.
fn drain() {
    for _ in 0..1_000_000 {
        if port::read8(LINE_STATUS) & EMPTY == EMPTY {
            break;
        }
    }
}

/// A character that is sent in loop back, once it has come.
fn receive() -> Option<u8> {
    let came = (0..1_000_000).any(|_| port::read8(LINE_STATUS) & READY != 0);
    came.then(|| port::read8(DATA))
}

pub fn serial_exists(_: &mut ()) -> TestResult {
    drain();
    port::write8(ENABLE, 0);
    let off = port::read8(ENABLE);
    port::write8(ENABLE, 0xff);
    let on = port::read8(ENABLE);
    restore();
    check_eq!((off, on), (0, 0x0f));
    Ok(())
}

pub fn serial_is_a_16550a(_: &mut ()) -> TestResult {
    drain();
    port::write8(IDENTIFICATION, 0);
    let without = port::read8(IDENTIFICATION);
    port::write8(IDENTIFICATION, 1);
    let with = port::read8(IDENTIFICATION);
    // A 16750 would have longer queues.
    port::write8(LINE_CONTROL, 0x80);
    port::write8(IDENTIFICATION, 0x21);
    let long = port::read8(IDENTIFICATION);
    restore();
    check_eq!((without & 0xc0, with & 0xc0, long & 0xe0), (0, 0xc0, 0xc0));
    Ok(())
}

pub fn serial_loop_back(_: &mut ()) -> TestResult {
    drain();
    let mut lines = [0; 4];
    for (line, output) in lines.iter_mut().zip(0..) {
        port::write8(MODEM_CONTROL, LOOP_BACK | 1 << output);
        *line = port::read8(MODEM_STATUS) & 0xf0;
    }
    port::write8(MODEM_CONTROL, LOOP_BACK);
    port::write8(DATA, 0xa5);
    let byte = receive();
    drain();
    restore();
    check_eq!(lines, [0x20, 0x10, 0x40, 0x80]);
    check_eq!(byte, Some(0xa5));
    Ok(())
}

pub fn serial_queue_of_16(_: &mut ()) -> TestResult {
    drain();
    restore();
    port::write8(MODEM_CONTROL, LOOP_BACK);
    for byte in 0..16 {
        port::write8(DATA, byte);
    }
    let in_order = (0..16).all(|byte| receive() == Some(byte));
    let more = port::read8(LINE_STATUS) & READY != 0;
    drain();
    restore();
    check!(in_order && !more);
    Ok(())
}

/// Each time that it is enabled while the transmitter is empty, until it is read of.
pub fn serial_transmitter_interrupt(_: &mut ()) -> TestResult {
    drain();
    let mut causes = [0; 4];
    for pair in causes.chunks_exact_mut(2) {
        port::write8(ENABLE, 0);
        port::write8(ENABLE, 2);
        pair[0] = port::read8(IDENTIFICATION) & 0xf;
        pair[1] = port::read8(IDENTIFICATION) & 0xf;
    }
    restore();
    check_eq!(causes, [2, 1, 2, 1]);
    Ok(())
}

pub fn serial_divisor(_: &mut ()) -> TestResult {
    drain();
    port::write8(LINE_CONTROL, 0x83);
    let before = [port::read8(DATA), port::read8(ENABLE)];
    port::write8(DATA, 0x34);
    port::write8(ENABLE, 0x12);
    let divisor = [port::read8(DATA), port::read8(ENABLE)];
    port::write8(DATA, before[0]);
    port::write8(ENABLE, before[1]);
    port::write8(LINE_CONTROL, 3);
    let enable = port::read8(ENABLE);
    restore();
    check_eq!((divisor, enable), ([0x34, 0x12], 0));
    Ok(())
}
