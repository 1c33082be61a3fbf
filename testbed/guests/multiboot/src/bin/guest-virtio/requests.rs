// SPDX-License-Identifier: BSD-2-Clause
//! A driver that does as it should.

use bare::{TestResult, check, check_eq};

use crate::device::{DRIVER, Device, INDIRECT_DESC, VERSION_1, register};
use crate::ring::{BUFFERS, INDIRECT, NEXT, SIZE, TABLE, WRITE, address, byte};

pub fn the_device_is_found(_: &mut ()) -> TestResult {
    let device = Device::find()?;
    check_eq!(device.get16(register::QUEUES), 1);
    device.set32(register::DEVICE_FEATURE_SELECT, 1);
    check!(device.get32(register::DEVICE_FEATURE) & 1 != 0, "version 1");
    device.set16(register::QUEUE_SELECT, 0);
    check!(device.get16(register::QUEUE_SIZE) >= SIZE);
    device.set16(register::QUEUE_SELECT, 1);
    check_eq!(device.get16(register::QUEUE_SIZE), 0, "there is no other");
    Ok(())
}

pub fn a_reset_clears_it(_: &mut ()) -> TestResult {
    let device = Device::find()?;
    device.start(VERSION_1)?;
    check_eq!(device.get16(register::QUEUE_ENABLE), 1);
    device.reset()?;
    check_eq!(device.get16(register::QUEUE_ENABLE), 0);
    device.set8(register::STATUS, DRIVER);
    check_eq!(device.get8(register::STATUS), DRIVER);
    device.reset()
}

/// Virtio 1.2 §4.1.4.9.
pub fn the_window_leads_to_registers(_: &mut ()) -> TestResult {
    let device = Device::find()?;
    check!(device.window != 0, "no window");
    let (bar, offset) = device.common_place;
    device.set_config(device.window + 4, bar.into());
    device.set_config(device.window + 8, offset + register::QUEUES as u32);
    device.set_config(device.window + 12, 2);
    check_eq!(device.config(device.window + 16) & 0xffff, 1);
    Ok(())
}

/// How many bytes of the memory from here on are not 0.
fn random(place: usize, length: usize) -> usize {
    (place..place + length)
        .filter(|place| byte(*place) != 0)
        .count()
}

pub fn a_buffer_is_filled(_: &mut ()) -> TestResult {
    let device = Device::find()?;
    let mut ring = device.start(VERSION_1)?;
    ring.describe(5, address(BUFFERS), 64, WRITE, 0);
    ring.offer(5);
    device.notify();
    check_eq!(ring.take(), Some((5, 64)));
    check!(random(BUFFERS, 64) > 32, "hardly random");
    check_eq!(random(BUFFERS + 64, 64), 0, "beyond the buffer");
    Ok(())
}

pub fn several_buffers_are_filled(_: &mut ()) -> TestResult {
    let device = Device::find()?;
    let mut ring = device.start(VERSION_1)?;
    ring.describe(2, address(BUFFERS), 3, WRITE | NEXT, 7);
    ring.describe(7, address(BUFFERS + 0x100), 29, WRITE | NEXT, 0);
    ring.describe(0, address(BUFFERS + 0x200), 32, WRITE, 0);
    ring.offer(2);
    device.notify();
    check_eq!(ring.take(), Some((2, 64)));
    for (place, length) in [(0, 3), (0x100, 29), (0x200, 32)] {
        check!(random(BUFFERS + place, length) > 0, "{place:#x}");
        check_eq!(random(BUFFERS + place + length, 64), 0, "{place:#x}");
    }
    Ok(())
}

pub fn a_table_is_followed(_: &mut ()) -> TestResult {
    let device = Device::find()?;
    let mut ring = device.start(VERSION_1 | INDIRECT_DESC)?;
    ring.describe_in(TABLE, 0, address(BUFFERS), 16, WRITE | NEXT, 2);
    ring.describe_in(TABLE, 2, address(BUFFERS + 0x100), 16, WRITE, 0);
    ring.describe(1, address(TABLE), 48, INDIRECT, 0);
    ring.offer(1);
    device.notify();
    check_eq!(ring.take(), Some((1, 32)));
    check!(random(BUFFERS, 16) > 0 && random(BUFFERS + 0x100, 16) > 0);
    Ok(())
}

pub fn rings_wrap(_: &mut ()) -> TestResult {
    let device = Device::find()?;
    let mut ring = device.start(VERSION_1)?;
    for head in 0..SIZE {
        let place = BUFFERS + 16 * usize::from(head);
        ring.describe(head, address(place), 16, WRITE, 0);
    }
    for round in 0..10 * SIZE {
        let head = round * 3 % SIZE;
        ring.offer(head);
        device.notify();
        check_eq!(ring.take(), Some((head.into(), 16)), "{round}");
    }
    Ok(())
}
