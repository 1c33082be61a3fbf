// SPDX-License-Identifier: BSD-2-Clause
//! The capabilities of each protection domain.

use object_spec::{CapData, Interrupt, IrqSource, Kind, ObjectId, Rights};

use super::builder::Builder;
use super::layout::{badge, slot};
use super::pds::Objects;
use super::remapping::{Entry, entries};
use crate::model::{self, CapKind, ChannelEnd, PdId};

impl Builder<'_> {
    /// Fills the CSpaces of all protection domains. Faults without a parent go to `monitor`.
    pub(super) fn capabilities(&mut self, all: &[Objects], monitor: ObjectId) {
        let remapped = entries(self.input.system);
        for (id, own) in all.iter().enumerate() {
            self.basics(id, own, all, monitor);
            self.irqs(id, own, &remapped);
            self.ioports(id, own);
            self.user_slots(id, own, all);
        }
        let channels = &self.input.system.channels;
        for [a, b] in channels.iter().map(|channel| &channel.ends) {
            self.channel_end(a, b, all);
            self.channel_end(b, a, all);
        }
    }

    fn basics(&mut self, id: PdId, own: &Objects, all: &[Objects], monitor: ObjectId) {
        let pd = &self.input.system.pds[id];
        let input = own.endpoint.unwrap_or(own.notification);
        self.grant(own.cnode, slot::INPUT, input, Rights::READ, CapData::None);
        let (handler, fault_badge) = match &pd.parent {
            Some(parent) => {
                let cnode = all[parent.pd].cnode;
                let child = slot::CHILD + u32::from(parent.child_id);
                self.grant(cnode, child, own.tcb, Rights::ALL, CapData::None);
                // A parent has an endpoint.
                let endpoint = all[parent.pd].endpoint.unwrap_or(monitor);
                (endpoint, badge::child_fault(parent.child_id))
            }
            None => (monitor, badge::monitored_fault(id)),
        };
        self.grant(
            own.cnode,
            slot::FAULT,
            handler,
            Rights::CALL,
            CapData::Badge(fault_badge),
        );
        self.grant(
            own.cnode,
            slot::VSPACE,
            own.vspace,
            Rights::ALL,
            CapData::None,
        );
        if let (Some(vm), Some((vcpu, _))) = (&pd.virtual_machine, own.vcpu) {
            let at = slot::VCPU + u32::from(vm.vcpu_id);
            self.grant(own.cnode, at, vcpu, Rights::ALL, CapData::None);
        }
    }

    fn irqs(&mut self, id: PdId, own: &Objects, remapped: &[Entry<'_>]) {
        let pd = &self.input.system.pds[id];
        for irq in &pd.irqs {
            let same = |entry: &&Entry<'_>| entry.pd == id && entry.irq.id == irq.id;
            let kind = Kind::IrqHandler {
                vector: irq.vector,
                source: source(
                    irq.source,
                    remapped.iter().find(same).map(|entry| entry.index),
                ),
            };
            let handler = self.object(format!("irq {} of '{}'", irq.id, pd.name), kind);
            let at = slot::IRQ + u32::from(irq.id);
            self.grant(own.cnode, at, handler, Rights::ALL, CapData::None);
            self.spec.interrupts.push(Interrupt {
                handler,
                notification: own.notification,
                badge: badge::notification(irq.id),
            });
        }
    }

    fn ioports(&mut self, id: PdId, own: &Objects) {
        let pd = &self.input.system.pds[id];
        for ports in &pd.ioports {
            let kind = Kind::IoPorts {
                first: ports.first,
                last: ports.last,
            };
            let object = self.object(format!("ioport {} of '{}'", ports.id, pd.name), kind);
            let at = slot::IO_PORT + u32::from(ports.id);
            self.grant(own.cnode, at, object, Rights::ALL, CapData::None);
        }
    }

    fn user_slots(&mut self, id: PdId, own: &Objects, all: &[Objects]) {
        for cap in &self.input.system.pds[id].cspace {
            let of = &all[cap.pd];
            let (object, rights) = match cap.kind {
                CapKind::Tcb => (Some(of.tcb), Rights::ALL),
                CapKind::VSpace => (Some(of.vspace), Rights::ALL),
                CapKind::Vcpu => (of.vcpu.map(|(vcpu, _)| vcpu), Rights::WRITE),
            };
            // The parser lets cap_vcpu name only those that have one.
            if let Some(object) = object {
                self.grant(own.root, cap.slot.into(), object, rights, CapData::None);
            }
        }
    }

    /// What one end of a channel may do at the other.
    fn channel_end(&mut self, own: &ChannelEnd, other: &ChannelEnd, all: &[Objects]) {
        let cnode = all[own.pd].cnode;
        if own.notify {
            let at = slot::NOTIFICATION + u32::from(own.id);
            let data = CapData::Badge(badge::notification(other.id));
            self.grant(cnode, at, all[other.pd].notification, Rights::WRITE, data);
        }
        if let (true, Some(endpoint)) = (own.pp, all[other.pd].endpoint) {
            let at = slot::ENDPOINT + u32::from(own.id);
            let data = CapData::Badge(badge::call(other.id));
            self.grant(cnode, at, endpoint, Rights::CALL, data);
        }
    }
}

fn source(source: model::IrqSource, irte: Option<u16>) -> IrqSource {
    match source {
        model::IrqSource::Ioapic {
            ioapic,
            pin,
            level,
            active_low,
        } => IrqSource::Ioapic {
            ioapic,
            pin,
            level,
            active_low,
            irte,
        },
        model::IrqSource::Msi { pci, handle } => IrqSource::Msi {
            bus: pci.bus,
            device: pci.device,
            function: pci.function,
            handle,
        },
    }
}
