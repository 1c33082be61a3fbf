// SPDX-License-Identifier: BSD-2-Clause
//! What the manager works with.

use iommu_manager_interface::{Call, Manager};
use mmio::Mmio;
use nvme::Dma;
use pci::PciConfig;

/// The kinds of things that it works with: real ones in the program, others in a test.
pub trait Parts {
    /// Configuration space of the physical and the virtual functions.
    type Config: PciConfig;
    /// The channel to the IOMMU manager.
    type Iommu: Call;
    /// Registers of a physical function.
    type Registers: Mmio;
    /// Memory for the queues of an NVMe controller.
    type Memory: Dma;
}

/// How a physical function interrupts.
#[derive(Debug)]
pub struct Interrupt<R> {
    /// The BAR with its MSI-X table.
    pub table: R,
    /// The index of the interrupt remapping entry that it may use.
    pub handle: u16,
}

/// What an igb is driven through.
#[derive(Debug)]
pub struct NetworkParts<R> {
    /// BAR 0.
    pub registers: R,
    /// Its interrupt; without, it is polled.
    pub interrupt: Option<Interrupt<R>>,
}

/// What an NVMe controller is driven through.
#[derive(Debug)]
pub struct StorageParts<R, D> {
    /// BAR 0.
    pub registers: R,
    /// Memory for the admin queue, which the controller reaches at its bus address.
    pub memory: D,
}

/// What physical functions are driven through, each for the first one of its kind.
pub struct Supplies<P: Parts> {
    /// For an igb.
    pub network: Option<NetworkParts<P::Registers>>,
    /// For an NVMe controller.
    pub storage: Option<StorageParts<P::Registers, P::Memory>>,
}

/// What all devices share.
pub(crate) struct Bus<P: Parts> {
    pub config: P::Config,
    pub iommu: Manager<P::Iommu>,
}
