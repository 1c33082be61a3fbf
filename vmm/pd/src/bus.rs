// SPDX-License-Identifier: BSD-2-Clause
//! Which functions are on the guest's PCI bus.

use sel4_microkit::Channel;
use switch_interface::own_link;
use vmm_base::GuestRam;
use vmm_core::pc::place;
use vmm_pci::{BuildError, Bus};
use vmm_virtio::devices::block::{Block, MemoryMedium};
use vmm_virtio::devices::console::Console;
use vmm_virtio::devices::entropy::Entropy;
use vmm_virtio::devices::net::Net;
use vmm_virtio::{Device as VirtioDevice, VirtioFunction};

use crate::backend::{Processor, Switch};
use crate::config::Config;
use crate::function::Device;
use crate::tty::Tty;

/// Device numbers.
pub const CONSOLE: u8 = 1;
const DISK: u8 = 2;
/// The network adapter's.
pub const NETWORK: u8 = 3;
const ENTROPY: u8 = 4;

/// The name of the disk.
const DISK_NAME: &str = "postern";

/// The bus, and the channel by which frames come if there is a network.
pub fn build(config: &Config) -> Result<(Bus<Device>, Option<Channel>), BuildError> {
    let mut bus = Bus::new(place::PCI_MEMORY);
    let console = virtio(Console::new(Tty), config.ram)?;
    bus.add(CONSOLE, Device::Console(console))?;
    if let Some((memory, read_only)) = config.disk {
        let medium = MemoryMedium::new(memory, read_only);
        let disk = virtio(Block::new(medium, DISK_NAME), config.ram)?;
        bus.add(DISK, Device::Disk(disk))?;
    }
    let mut frames = None;
    match own_link!() {
        Ok(Some((link, mac, channel))) => {
            let adapter = virtio(Net::new(mac.0, Switch(link)), config.ram)?;
            bus.add(NETWORK, Device::Network(adapter))?;
            frames = Some(channel);
        }
        Ok(None) => {}
        Err(error) => log::error!("the guest has no network adapter: {error}"),
    }
    if let Some(source) = Processor::find() {
        let entropy = virtio(Entropy::new(source), config.ram)?;
        bus.add(ENTROPY, Device::Entropy(entropy))?;
    }
    Ok((bus, frames))
}

fn virtio<D: VirtioDevice>(
    device: D,
    ram: GuestRam<'static>,
) -> Result<VirtioFunction<'static, D>, BuildError> {
    VirtioFunction::new(device, ram)
}
