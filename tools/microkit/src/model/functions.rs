// SPDX-License-Identifier: BSD-2-Clause
//! Functions of PCI devices that are shared out (SR-IOV).

use image_spec::vf_grants;

use super::{Bdf, Channel, PdId, Span};

/// A physical function whose virtual functions are given to protection domains.
#[derive(Debug, Clone)]
pub struct PhysicalFunction {
    pub pci: Bdf,
    pub driver: FunctionDriver,
    /// How many virtual functions are enabled, at least 1.
    pub vfs: u8,
    pub bars: Bars,
    /// Those of virtual function 0. Those of the others follow, a BAR's size behind each other.
    pub vf_bars: Bars,
    pub span: Span,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FunctionDriver {
    Igb,
    Nvme,
}

/// A function's memory BARs.
#[derive(Debug, Clone)]
pub struct Bars {
    /// BAR 0.
    pub registers: Bar,
    /// BAR 3, where the MSI-X table does not lie in BAR 0.
    pub msix: Option<Bar>,
}

#[derive(Debug, Clone)]
pub struct Bar {
    /// Physical address, below 4 GiB.
    pub start: u64,
    pub span: Span,
}

/// Whose a virtual function is, and what it may do.
#[derive(Debug, Clone)]
pub struct VirtualFunction {
    pub owner: PdId,
    /// The physical function that it belongs to: one of [`ProtectionDomain::functions`].
    pub function: Bdf,
    /// Below [`PhysicalFunction::vfs`].
    pub vf: u8,
    /// The channel between the owner and the protection domain of the physical function, by the id at
    /// the latter's end, if it is written. Otherwise it is the only one between the two.
    pub channel: Option<u8>,
    pub policy: VirtualFunctionPolicy,
    pub span: Span,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VirtualFunctionPolicy {
    Network(NetworkPolicy),
    Storage {
        /// The namespace that is attached to it.
        namespace: Option<u32>,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NetworkPolicy {
    pub mac: Option<[u8; 6]>,
    /// 0 for none.
    pub vlan: u16,
    /// Mbit/s, 0 for no limit.
    pub rate: u16,
    /// Multicast addresses that it may have.
    pub multicast: u8,
    /// Bytes of the longest frame that it may receive.
    pub max_frame: u16,
    pub promiscuous: bool,
    pub anti_spoof: bool,
}

impl Default for NetworkPolicy {
    /// The strictest that still works.
    fn default() -> Self {
        Self {
            mac: None,
            vlan: 0,
            rate: 0,
            multicast: vf_grants::MULTICAST_MAX,
            max_frame: vf_grants::FRAME_MIN,
            promiscuous: false,
            anti_spoof: true,
        }
    }
}

impl VirtualFunction {
    /// The channel to the owner, by the id at the end of `manager`, which shares out the function.
    pub fn channel_at(&self, manager: PdId, channels: &[Channel]) -> Option<u8> {
        let ends = channels.iter().flat_map(|channel| {
            let [a, b] = &channel.ends;
            [(a, b), (b, a)]
        });
        let mut between = ends.filter(|(near, far)| near.pd == manager && far.pd == self.owner);
        let found = between.find(|(near, _)| self.channel.is_none_or(|id| near.id == id));
        found.map(|(near, _)| near.id)
    }
}
