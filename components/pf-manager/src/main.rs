// SPDX-License-Identifier: BSD-2-Clause
//! The PF manager: starts the physical functions of the system description and grants their
//! virtual functions. What it decides is in the library; here are the capabilities.
//!
//! Channels: `timer_channel` and `iommu_channel` (both `pp` at this end), the console's, and one
//! for each virtual function, as the image tool's table of VF grants has them.
#![no_std]
#![no_main]

use core::ptr::NonNull;
use core::time::Duration;

use console_interface::own_stream;
use image_spec::vf_grants::Table;
use mmio::MmioRegion;
use nvme::Shared;
use pci::{Bdf, Ecam};
use pf_manager_core::{Interrupt, Manager, NetworkParts, Parts, StorageParts, Supplies};
use pf_manager_interface::{REPLY_WORDS, REQUEST_WORDS};
use sel4_microkit::{
    Channel, ChannelSet, Handler, Infallible, MessageInfo, memory_region_symbol, protection_domain,
    var, with_msg_regs, with_msg_regs_mut,
};
use timer_interface::{Error, Timer};

/// What `setvar_id` leaves where the attribute is not used.
const UNSET: usize = usize::MAX;
/// The time-out that this program uses.
const TIMEOUT: usize = 0;
/// BAR 0 and BAR 3 of an igb.
const IGB_REGISTERS: usize = 0x20000;
const IGB_MSIX: usize = 0x4000;
/// BAR 0 of an NVMe controller, as far as it is used.
const NVME_REGISTERS: usize = 0x2000;

struct Hardware;

impl Parts for Hardware {
    type Config = Ecam<MmioRegion>;
    type Iommu = Channel;
    type Registers = MmioRegion;
    type Memory = Shared<MmioRegion>;
}

struct PfManager {
    manager: Manager<'static, Hardware>,
    timer: Timer<Channel>,
    now: Duration,
    /// The interrupt of the igb, if it has one.
    irq: Option<Channel>,
}

/// The region that is mapped at the address in a variable, if it is set.
fn region(address: usize, size: usize) -> Option<MmioRegion> {
    let base = NonNull::new(address as *mut u8)?;
    // SAFETY: the image tool mapped a region of at least this size there (docs/components.md),
    // for this program alone, and each variable is used once.
    Some(unsafe { MmioRegion::new(base, size) })
}

fn config_space() -> Ecam<MmioRegion> {
    let physical = *var!(ecam_paddr: usize = 0);
    let base = memory_region_symbol!(ecam: *mut u8);
    let size = *var!(ecam_size: usize = 0);
    // SAFETY: the image tool mapped the region of that symbol, with this size, for this program
    // alone, and this is the only use of it.
    let region = unsafe { MmioRegion::new(base, size) };
    // Configuration space of bus 0 begins at a multiple of 256 MiB (PCI Firmware specification
    // 3.0, 4.1.2), and each function has a page.
    Ecam::new(region, Bdf((physical >> 12) as u16))
}

fn supplies(igb_irq: usize) -> Supplies<Hardware> {
    // An interrupt's id is also its handle, as a timer's is its vector.
    let handle = u16::try_from(igb_irq).ok().filter(|_| igb_irq != UNSET);
    let table = region(*var!(igb_msix: usize = 0), IGB_MSIX);
    let interrupt = table.zip(handle);
    let interrupt = interrupt.map(|(table, handle)| Interrupt { table, handle });
    let network =
        region(*var!(igb_registers: usize = 0), IGB_REGISTERS).map(|registers| NetworkParts {
            registers,
            interrupt,
        });
    // The controller reaches its queues at the address where this program has them.
    let admin = *var!(nvme_admin: usize = 0);
    let memory = region(admin, *var!(nvme_admin_size: usize = 0));
    let memory = memory.map(|memory| Shared::new(memory, admin as u64));
    let registers = region(*var!(nvme_registers: usize = 0), NVME_REGISTERS);
    let storage = registers.zip(memory);
    let storage = storage.map(|(registers, memory)| StorageParts { registers, memory });
    Supplies { network, storage }
}

#[protection_domain]
fn init() -> PfManager {
    own_stream!();
    let table = memory_region_symbol!(vf_grants: *mut u8);
    let size = *var!(vf_grants_size: usize = 0);
    // SAFETY: the image tool mapped the region of that symbol, with this size, read-only; nobody
    // writes it once the system runs.
    let bytes = unsafe { core::slice::from_raw_parts(table.as_ptr(), size) };
    let table = match Table::parse(bytes) {
        Ok(table) => table,
        Err(error) => panic!("system.xml: {error}"),
    };
    let iommu = Channel::new(*var!(iommu_channel: usize = UNSET));
    let timer = Timer::new(Channel::new(*var!(timer_channel: usize = UNSET)));
    let now = time(&timer, Duration::ZERO);
    let igb_irq = *var!(igb_irq: usize = UNSET);
    let manager = Manager::new(table, config_space(), iommu, supplies(igb_irq), now);
    // At a restart clients learn that they lost their functions; at the first start it is nothing.
    for grant in table.grants() {
        Channel::new(grant.channel.into()).notify();
    }
    let irq = (igb_irq != UNSET).then(|| Channel::new(igb_irq));
    let mut it = PfManager {
        manager,
        timer,
        now,
        irq,
    };
    it.go_on();
    it
}

/// The timer's clock, never before `last`.
fn time(timer: &Timer<Channel>, last: Duration) -> Duration {
    // A restart of the timer is reported once.
    let now = timer.now().or_else(|_| timer.now());
    match now {
        Ok(now) => now.max(last),
        Err(error) => panic!("timer: {error}"),
    }
}

impl PfManager {
    fn tick(&mut self) -> Duration {
        self.now = time(&self.timer, self.now);
        self.now
    }

    /// Lets the manager work, and has the timer tell when there is more to do.
    fn go_on(&mut self) {
        let now = self.tick();
        let next = self
            .manager
            .poll(now, |channel| Channel::new(channel.into()).notify());
        let Some(next) = next else {
            return;
        };
        let set = match self.timer.at(TIMEOUT, next) {
            Err(Error::Restarted) => self.timer.at(TIMEOUT, next),
            other => other,
        };
        if let Err(error) = set {
            log::error!("timer: {error}");
        }
    }
}

impl Handler for PfManager {
    type Error = Infallible;

    fn notified(&mut self, channels: ChannelSet) -> Result<(), Infallible> {
        self.go_on();
        if let Some(irq) = self.irq.filter(|irq| channels.contains(*irq))
            && let Err(error) = irq.irq_ack()
        {
            log::error!("{error}");
        }
        Ok(())
    }

    fn protected(&mut self, client: Channel, info: MessageInfo) -> Result<MessageInfo, Infallible> {
        // A copy, before any call is made here. What is too short or too long is refused.
        let mut words = [0; REQUEST_WORDS];
        with_msg_regs(|registers| {
            words
                .iter_mut()
                .zip(registers)
                .for_each(|(to, from)| *to = *from);
        });
        let words = words.get(..info.count()).unwrap_or_default();
        let now = self.tick();
        let reply = self.manager.call(client.index(), words, now);
        self.go_on();
        with_msg_regs_mut(|registers| registers[..REPLY_WORDS].copy_from_slice(&reply));
        Ok(MessageInfo::new(0, REPLY_WORDS))
    }
}
