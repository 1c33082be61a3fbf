// SPDX-License-Identifier: BSD-2-Clause
//! Messages of devices where interrupts are remapped: each has an entry of its own, and those of
//! functions that are shared out go to the functions' owners.

use std::collections::{HashMap, HashSet};

use image_spec::dma_grants::REGION;

use super::extents::duplicates;
use crate::model::{Bdf, Irq, IrqSource, PdId};
use crate::sdf::context::Context;
use crate::sdf::limits::VF_IRQS;
use crate::sdf::pd::PdDraft;
use crate::sdf::system::Draft;
use crate::sdf::text::quote;

/// A message and the protection domain that gets it.
struct Message<'d> {
    irq: &'d Irq,
    pd: PdId,
    pci: Bdf,
    handle: u32,
}

pub(super) fn check(context: &mut Context<'_>, draft: &Draft<'_>) {
    let irqs = draft.pds.iter().enumerate();
    let irqs = irqs.flat_map(|(pd, draft)| draft.model.irqs.iter().map(move |irq| (pd, irq)));
    let messages: Vec<_> = irqs
        .filter_map(|(pd, irq)| match irq.source {
            IrqSource::Msi { pci, handle } => Some(Message {
                irq,
                pd,
                pci,
                handle,
            }),
            IrqSource::Ioapic { .. } => None,
        })
        .collect();
    handles(context, draft, &messages);
    owners(context, draft, &messages);
}

fn handles(context: &mut Context<'_>, draft: &Draft<'_>, messages: &[Message<'_>]) {
    let mut regions = draft.regions.iter();
    let table = regions.position(|region| region.model.name == REGION);
    let owns_iommu = |pd: &PdDraft<'_>| table.is_some_and(|table| pd.model.maps_region(table));
    let remapped = draft.pds.iter().any(owns_iommu);
    let items = messages.iter().filter_map(|message| {
        // The IOMMU's own events are not remapped. Without remapping a handle says nothing to anybody,
        // so that only a device's own are compared.
        let own = owns_iommu(&draft.pds[message.pd]);
        let device = (!remapped).then_some(message.pci);
        let item = ((device, message.handle), message.irq.span.clone(), message);
        (!own).then_some(item)
    });
    let used: HashSet<u32> = messages.iter().map(|message| message.handle).collect();
    let free = (0..=u32::from(u16::MAX)).find(|handle| !used.contains(handle));
    for ((span, message), (first, _)) in duplicates(items.collect()) {
        let name = quote(&draft.pds[message.pd].model.name);
        let handle = message.handle;
        if !remapped {
            let message =
                format!("irq in protection_domain {name}: the device has handle {handle} already");
            let help =
                "with interrupt remapping each message of a device needs a handle of its own";
            context.warning(span, message, help);
            continue;
        }
        let text = format!("irq in protection_domain {name}: handle {handle} is taken");
        let help = match free {
            Some(free) => format!("each message has a remapping entry of its own: {free} is free"),
            None => "each message has a remapping entry of its own, and all are in use".into(),
        };
        context.conflict(span, (first, "the first with this handle"), text, help);
    }
}

fn owners(context: &mut Context<'_>, draft: &Draft<'_>, messages: &[Message<'_>]) {
    let mut owners = HashMap::new();
    for (index, pd) in draft.pds.iter().enumerate() {
        let functions = pd.model.functions.iter();
        owners.extend(functions.map(|function| (function.pci, (index, &function.span, false))));
    }
    for space in &draft.io_address_spaces {
        if let Some(vf) = &space.vf {
            owners.insert(space.peripheral, (vf.owner, &vf.span, true));
        }
    }
    let mut counts = HashMap::new();
    for message in messages {
        let Some(&(owner, span, is_virtual)) = owners.get(&message.pci) else {
            continue;
        };
        let pci = message.pci;
        let name = |pd: PdId| quote(&draft.pds[pd].model.name);
        let about = format!("irq in protection_domain {}", name(message.pd));
        let place = (span.clone(), "its owner");
        if message.pd != owner {
            let text = format!("{about}: device {pci} belongs to {}", name(owner));
            let help = format!("move the irq to {}, or correct one of the two", name(owner));
            context.conflict(message.irq.span.clone(), place, text, help);
            continue;
        }
        let count = counts.entry(pci).or_insert(0);
        *count += 1;
        if is_virtual && *count == VF_IRQS + 1 {
            let text =
                format!("{about}: virtual function {pci} has more than {VF_IRQS} interrupts");
            let help =
                "the table of VF grants has room for no more: remove this one and those after it";
            context.conflict(message.irq.span.clone(), place, text, help);
        }
    }
}
