// SPDX-License-Identifier: BSD-2-Clause
//! The initial task: builds every object of the image's spec, starts the protection domains, and ends.
//!
//! It has all authority and uses it once. Whatever cannot be had is one line on the serial port, and
//! then nothing is started. At its end it deletes its own thread; its CNode holds a capability to
//! itself, so all it made lives on, with nobody left who could use what it was not given.
#![no_std]
#![no_main]

extern crate alloc;

mod caps;
mod error;
mod fill;
mod firmware;
mod image;
mod memory;
mod serial;
mod spaces;
mod system;
mod threads;
mod window;

use alloc::format;
use core::arch::x86_64::_rdtsc;

use sel4::BootInfoPtr;
use sel4_root_task::{Never, delete_self, root_task};

use crate::error::{Error, Result};
use crate::fill::Sources;
use crate::firmware::Firmware;
use crate::image::Image;
use crate::system::System;
use crate::window::Window;

/// The image tool keeps specs small enough for this heap.
#[root_task(heap_size = 0x40_0000)]
fn main(bootinfo: &BootInfoPtr) -> Never {
    let start = now();
    match build(bootinfo) {
        Ok(image) => end(&image, start),
        Err(Error(line)) if sel4_runtime::kernel_printing() => log::error!("{line}"),
        Err(Error(line)) => serial::error(&line),
    }
    delete_self()
}

/// Builds all and starts the threads.
fn build(bootinfo: &BootInfoPtr) -> Result<Image> {
    let image = Image::load().map_err(|error| Error(format!("{error}")))?;
    let mut system = System::new(&image.spec, bootinfo)?;
    threads::check_cores(&system, bootinfo)?;
    let firmware = Firmware::read(&mut system, bootinfo);
    let tables = window::tables(&mut system)?;
    memory::make(&mut system, bootinfo, &tables)?;
    let mut window = Window::new(tables[0].slot, tables[1].slot)?;
    let records = fill::records(&system, |kind| firmware.record(bootinfo, kind))?;
    let sources = Sources {
        image: &image,
        records: &records,
        dmar: &firmware.dmar,
    };
    fill::fill_all(&system, &sources, &mut window)?;
    caps::devices(&system, sources.remaps_ioapic(&system))?;
    caps::interrupts(&mut system)?;
    spaces::build(&mut system)?;
    caps::cspaces(&system)?;
    threads::configure(&system)?;
    if let Some(schedule) = &image.spec.schedule {
        threads::write_schedule(schedule)?;
    }
    threads::start(&system)?;
    Ok(image)
}

/// Says that all is done, and hands over to the domain schedule, if there is one.
fn end(image: &Image, start: u64) {
    let count = image.spec.threads.len();
    let cycles = now().wrapping_sub(start);
    log::info!("all protection domains started ({count} in {cycles} cycles)");
    if let Some(schedule) = &image.spec.schedule
        && let Err(Error(line)) = threads::start_schedule(schedule)
    {
        log::error!("{line}");
    }
}

/// The time stamp counter.
fn now() -> u64 {
    // SAFETY: every x86-64 CPU has the instruction, and seL4 lets user level use it.
    unsafe { _rdtsc() }
}
