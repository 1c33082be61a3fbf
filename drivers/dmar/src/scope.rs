// SPDX-License-Identifier: BSD-2-Clause
//! Device scopes (§8.3.1): devices named by the path that leads to them.

use pci::Bdf;

use crate::Topology;
use crate::bytes::Bytes;

/// Bytes of a scope before its path.
const HEADER: usize = 6;
/// Bytes of one step of a path.
const STEP: usize = 2;

/// What a scope names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScopeKind {
    /// One device.
    Endpoint,
    /// A bridge and everything behind it.
    Bridge,
    /// An I/O APIC; the id is its APIC id.
    IoApic,
    /// A HPET that sends messages; the id is its number.
    Hpet,
    /// A device of the ACPI namespace; the id is its number in an ANDD structure.
    Namespace,
    /// None that this crate knows.
    Other(u8),
}

/// One scope.
#[derive(Clone, Copy, Debug)]
pub struct Scope<'a> {
    bytes: Bytes<'a>,
}

impl<'a> Scope<'a> {
    /// What it names.
    pub fn kind(&self) -> ScopeKind {
        match self.bytes.u8(0).unwrap_or(0) {
            1 => ScopeKind::Endpoint,
            2 => ScopeKind::Bridge,
            3 => ScopeKind::IoApic,
            4 => ScopeKind::Hpet,
            5 => ScopeKind::Namespace,
            other => ScopeKind::Other(other),
        }
    }

    /// The id of an I/O APIC, HPET or namespace device.
    pub fn id(&self) -> u8 {
        self.bytes.u8(4).unwrap_or(0)
    }

    /// The bus where the path begins.
    pub fn start_bus(&self) -> u8 {
        self.bytes.u8(5).unwrap_or(0)
    }

    /// The path, at least one step.
    pub fn path(&self) -> Path<'a> {
        Path {
            bytes: self.bytes.rest(HEADER),
        }
    }

    /// The device that the path leads to: for an I/O APIC or a HPET, the source id of its
    /// interrupts. `None` if a step is impossible or `topology` has no such bridge.
    pub fn device(&self, topology: &impl Topology) -> Option<Bdf> {
        let mut bus = self.start_bus();
        let mut reached = None;
        for (device, function) in self.path() {
            if let Some(bridge) = reached {
                bus = topology.buses_behind(bridge)?.0;
            }
            reached = Some(Bdf::new(bus, device, function)?);
        }
        reached
    }

    /// Whether `topology` leaves open what it names: the path, or what is behind the bridge.
    pub(super) fn is_vague(&self, topology: &impl Topology) -> bool {
        let behind = |named| match self.kind() {
            ScopeKind::Bridge => topology.buses_behind(named).is_some(),
            _ => true,
        };
        !self.device(topology).is_some_and(behind)
    }

    /// Whether `device` is the one named, or behind the bridge named.
    fn covers(&self, device: Bdf, topology: &impl Topology) -> bool {
        let Some(named) = self.device(topology) else {
            return false;
        };
        match self.kind() {
            ScopeKind::Endpoint => named == device,
            ScopeKind::Bridge => {
                let behind = topology.buses_behind(named);
                named == device
                    || behind.is_some_and(|(first, last)| (first..=last).contains(&device.bus()))
            }
            _ => false,
        }
    }
}

/// Pairs of device and function, from the start bus towards the device.
#[derive(Clone, Copy, Debug)]
pub struct Path<'a> {
    bytes: Bytes<'a>,
}

impl Iterator for Path<'_> {
    type Item = (u8, u8);

    fn next(&mut self) -> Option<Self::Item> {
        let step = (self.bytes.u8(0)?, self.bytes.u8(1)?);
        self.bytes = self.bytes.rest(STEP);
        Some(step)
    }
}

/// The scopes of one structure.
#[derive(Clone, Copy, Debug)]
pub struct Scopes<'a> {
    bytes: Bytes<'a>,
}

impl<'a> Scopes<'a> {
    pub(super) fn new(bytes: Bytes<'a>) -> Self {
        Self { bytes }
    }

    /// Whether all bytes belong to a sound scope.
    pub(super) fn sound(mut self) -> bool {
        self.by_ref().for_each(drop);
        self.bytes.0.is_empty()
    }

    /// Whether one of them names `device`, or a bridge that it is behind.
    pub fn cover(mut self, device: Bdf, topology: &impl Topology) -> bool {
        self.any(|scope| scope.covers(device, topology))
    }
}

impl<'a> Iterator for Scopes<'a> {
    type Item = Scope<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        let length = usize::from(self.bytes.u8(1)?);
        if length < HEADER + STEP || !(length - HEADER).is_multiple_of(STEP) {
            return None;
        }
        let bytes = self.bytes.part(0, length)?;
        self.bytes = self.bytes.rest(length);
        Some(Scope { bytes })
    }
}
