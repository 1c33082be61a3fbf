// SPDX-License-Identifier: BSD-2-Clause
//! A driver that breaks the rules: the device stops, and nothing else does.

use bare::{TestResult, check, check_eq, cpu, skip};

use crate::device::{Device, INDIRECT_DESC, NEEDS_RESET, VERSION_1, register};
use crate::interrupts::{came, listen};
use crate::ring::{BUFFERS, INDIRECT, NEXT, Ring, SIZE, WRITE, address};

/// An address where nothing is: above all memory and devices of 32 bits.
const NOWHERE: u64 = 1 << 40;

/// The device stops when the driver does that, and starts again after a reset.
fn stops(breaks: impl Fn(&mut Ring)) -> TestResult {
    let device = Device::find()?;
    let mut ring = device.start(VERSION_1 | INDIRECT_DESC)?;
    breaks(&mut ring);
    device.notify();
    let stopped = |_| device.get8(register::STATUS) & NEEDS_RESET != 0;
    check!((0..100_000).any(stopped), "it goes on");
    // Nothing moves any more.
    ring.describe(0, address(BUFFERS), 16, WRITE, 0);
    ring.offer(0);
    device.notify();
    check!(stopped(0));
    let mut ring = device.start(VERSION_1)?;
    ring.describe(0, address(BUFFERS), 16, WRITE, 0);
    ring.offer(0);
    device.notify();
    check_eq!(ring.take(), Some((0, 16)), "after a reset");
    Ok(())
}

pub fn a_wrong_head_stops_it(_: &mut ()) -> TestResult {
    stops(|ring| ring.offer(SIZE))
}

pub fn a_loop_stops_it(_: &mut ()) -> TestResult {
    stops(|ring| {
        ring.describe(0, address(BUFFERS), 1, WRITE | NEXT, 1);
        ring.describe(1, address(BUFFERS), 1, WRITE | NEXT, 0);
        ring.offer(0);
    })
}

pub fn a_buffer_outside_stops_it(_: &mut ()) -> TestResult {
    if cpu::is_tcg() {
        skip!("QEMU writes where nothing is");
    }
    stops(|ring| {
        ring.describe(0, NOWHERE, 16, WRITE, 0);
        ring.offer(0);
    })
}

pub fn a_table_outside_stops_it(_: &mut ()) -> TestResult {
    if cpu::is_tcg() {
        skip!("QEMU reads where nothing is");
    }
    stops(|ring| {
        ring.describe(0, NOWHERE, 32, INDIRECT, 0);
        ring.offer(0);
    })
}

pub fn a_wrong_index_stops_it(_: &mut ()) -> TestResult {
    stops(|ring| ring.set_index(SIZE + 1))
}

/// By the vector of the configuration: virtio 1.2 §2.1.2.
pub fn a_stopped_device_tells_so(_: &mut ()) -> TestResult {
    let device = Device::find()?;
    listen(&device);
    let mut ring = device.start(VERSION_1)?;
    ring.offer(SIZE);
    device.notify();
    check_eq!(came(), (1, 0));
    device.reset()
}
