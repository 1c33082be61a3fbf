// SPDX-License-Identifier: BSD-2-Clause
//! What `system.xml` gives this program.

use core::ptr::NonNull;

use sel4_microkit::{Channel, var};
use vmm_base::GuestRam;
use vmm_boot::Guest;
use vmm_control::Page;

/// What `system.xml` gives this program. docs/guests.md has the list of symbols.
#[derive(Debug)]
pub struct Config {
    /// The guest's memory.
    pub ram: GuestRam<'static>,
    /// The files that it is started with.
    pub kernel: &'static [u8],
    /// Empty if there is none.
    pub initramfs: &'static [u8],
    /// Empty if there is none.
    pub command_line: &'static [u8],
    /// The memory that is the guest's disk, and whether it can only be read.
    pub disk: Option<(GuestRam<'static>, bool)>,
    /// The timer's channel.
    pub timer: Channel,
    /// The page that is shared with the console, which announces commands on its stream's channel.
    pub control: Option<&'static Page>,
    /// How often a guest that failed is started again.
    pub restarts: u64,
    /// How long a guest may execute with interrupts off, in milliseconds; 0: as long as it likes.
    pub watchdog_ms: u64,
    /// How much of the local APIC the CPU may do: 0 is nothing.
    pub apicv: bool,
    /// Can PCI configuration space be reached by ports, too?
    pub pci_ports: bool,
}

impl Config {
    /// Reads the symbols. None without memory for the guest.
    pub fn take() -> Option<Self> {
        let ram = NonNull::new(*var!(guest_ram: usize = 0) as *mut u8)?;
        let size = *var!(guest_ram_size: usize = 0);
        // SAFETY: the image tool mapped a region of this size there, for good, and nothing but guest
        // and devices refers to it.
        let ram = unsafe { GuestRam::new(ram, size) };
        let disk = NonNull::new(*var!(disk: usize = 0) as *mut u8).map(|disk| {
            // SAFETY: as with the guest's memory, and it is only written if that is said to be right.
            let memory = unsafe { GuestRam::new(disk, *var!(disk_size: usize = 0)) };
            (memory, *var!(disk_writable: u64 = 0) == 0)
        });
        let control = NonNull::new(*var!(control_page: usize = 0) as *mut Page).map(|page| {
            // SAFETY: the image tool mapped a region there, for good, that the console uses as a
            // `Page`, too.
            unsafe { Page::from_ptr(page) }
        });
        Some(Self {
            ram,
            kernel: file(*var!(kernel: usize = 0), *var!(kernel_size: usize = 0)),
            initramfs: file(
                *var!(initramfs: usize = 0),
                *var!(initramfs_size: usize = 0),
            ),
            command_line: file(
                *var!(command_line: usize = 0),
                *var!(command_line_size: usize = 0),
            ),
            disk,
            timer: Channel::new(*var!(timer_channel: usize = 0)),
            control,
            restarts: *var!(guest_restarts: u64 = 0),
            watchdog_ms: *var!(guest_watchdog_ms: u64 = 60_000),
            apicv: *var!(guest_apicv: u64 = 1) != 0,
            pci_ports: *var!(guest_pci_ports: u64 = 1) != 0,
        })
    }

    /// What is loaded.
    pub const fn guest(&self) -> Guest<'static> {
        Guest {
            kernel: self.kernel,
            initramfs: self.initramfs,
            command_line: self.command_line,
            rsdp: Some(crate::machine::RSDP),
        }
    }
}

/// The file that the image tool put into a region.
fn file(at: usize, size: usize) -> &'static [u8] {
    match NonNull::new(at as *mut u8) {
        // SAFETY: the region is mapped for good, is at least that long, and nobody writes it.
        Some(at) => unsafe { core::slice::from_raw_parts(at.as_ptr(), size) },
        None => &[],
    }
}
