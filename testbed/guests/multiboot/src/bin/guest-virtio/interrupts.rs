// SPDX-License-Identifier: BSD-2-Clause
//! When the device interrupts.

use core::sync::atomic::{AtomicU32, Ordering};

use bare::trap::on_interrupt;
use bare::{Failure, TestResult, apic, check_eq, cpu};

use crate::device::{Device, EVENT_IDX, VERSION_1};
use crate::ring::{BUFFERS, Ring, WRITE, address};

/// Interrupts of the configuration's vector and the queue's.
const CONFIG: u8 = 0x50;
const QUEUE: u8 = 0x51;

/// How many of each came.
static CAME: [AtomicU32; 2] = [const { AtomicU32::new(0) }; 2];

/// Counts interrupts from now on.
pub fn listen(device: &Device) {
    for (vector, interrupt) in [CONFIG, QUEUE].into_iter().enumerate() {
        on_interrupt(interrupt, |frame| {
            let which = usize::from(frame.vector == u64::from(QUEUE));
            CAME[which].fetch_add(1, Ordering::Relaxed);
            apic::eoi();
        });
        device.set_message(vector, interrupt, false);
    }
    // What waits from before does not count.
    came();
    CAME.iter()
        .for_each(|count| count.store(0, Ordering::Relaxed));
}

/// How many of the configuration's and the queue's came since `listen`.
pub fn came() -> (u32, u32) {
    cpu::interrupts_on();
    // Long enough for a device that works beside the CPU.
    for _ in 0..200 {
        let _ = cpu::cpuid(0, 0);
    }
    cpu::interrupts_off();
    let [config, queue] = [0, 1].map(|which: usize| CAME[which].load(Ordering::Relaxed));
    (config, queue)
}

fn start(features: u64) -> Result<(Device, Ring), Failure> {
    let device = Device::find()?;
    listen(&device);
    let mut ring = device.start(features)?;
    ring.describe(0, address(BUFFERS), 16, WRITE, 0);
    Ok((device, ring))
}

fn request(device: &Device, ring: &mut Ring) -> TestResult {
    ring.offer(0);
    device.notify();
    check_eq!(ring.take(), Some((0, 16)));
    Ok(())
}

pub fn a_vector_interrupts(_: &mut ()) -> TestResult {
    let (device, mut ring) = start(VERSION_1)?;
    for count in 1..4 {
        request(&device, &mut ring)?;
        check_eq!(came(), (0, count));
    }
    Ok(())
}

pub fn a_masked_vector_waits(_: &mut ()) -> TestResult {
    let (device, mut ring) = start(VERSION_1)?;
    device.set_message(1, QUEUE, true);
    request(&device, &mut ring)?;
    request(&device, &mut ring)?;
    check_eq!(came(), (0, 0));
    device.set_message(1, QUEUE, false);
    check_eq!(came(), (0, 1), "two became one");
    Ok(())
}

pub fn no_interrupt_that_is_not_wanted(_: &mut ()) -> TestResult {
    let (device, mut ring) = start(VERSION_1)?;
    ring.set_quiet(true);
    request(&device, &mut ring)?;
    check_eq!(came(), (0, 0));
    ring.set_quiet(false);
    request(&device, &mut ring)?;
    check_eq!(came(), (0, 1));
    Ok(())
}

/// Virtio 1.2 §2.7.7.
pub fn an_index_holds_interrupts_back(_: &mut ()) -> TestResult {
    let (device, mut ring) = start(VERSION_1 | EVENT_IDX)?;
    request(&device, &mut ring)?;
    check_eq!(came(), (0, 1), "the first one passes 0");
    ring.set_used_event(3);
    request(&device, &mut ring)?;
    request(&device, &mut ring)?;
    check_eq!(came(), (0, 1));
    request(&device, &mut ring)?;
    check_eq!(came(), (0, 2));
    request(&device, &mut ring)?;
    check_eq!(came(), (0, 2));
    Ok(())
}
