// SPDX-License-Identifier: BSD-2-Clause
//! Interrupts belong to one protection domain each.

use super::extents::duplicates;
use crate::model::IrqSource;
use crate::sdf::context::Context;
use crate::sdf::system::Draft;
use crate::sdf::text::quote;

pub(super) fn check(context: &mut Context<'_>, draft: &Draft<'_>) {
    let irqs: Vec<_> = draft
        .pds
        .iter()
        .flat_map(|pd| {
            pd.model
                .irqs
                .iter()
                .map(|irq| (irq, pd.model.name.as_str()))
        })
        .collect();
    let vectors = irqs
        .iter()
        .map(|(irq, pd)| (irq.vector, irq.span.clone(), (irq.vector, *pd)));
    for ((span, (vector, pd)), (first, _)) in duplicates(vectors.collect()) {
        let free = (0..=107).find(|free| !irqs.iter().any(|(irq, _)| irq.vector == *free));
        let message = format!(
            "irq in protection_domain {}: vector {vector} is taken",
            quote(pd)
        );
        let help = match free {
            Some(free) => format!("each interrupt has a vector of its own: {free} is free"),
            None => "each interrupt has a vector of its own, and all are in use".into(),
        };
        context.conflict(span, (first, "the first with this vector"), message, help);
    }
    let pins = irqs.iter().filter_map(|(irq, pd)| match irq.source {
        IrqSource::Ioapic { ioapic, pin, .. } => {
            Some(((ioapic, pin), irq.span.clone(), (ioapic, pin, *pd)))
        }
        IrqSource::Msi { .. } => None,
    });
    for ((span, (ioapic, pin, pd)), (first, _)) in duplicates(pins.collect()) {
        let message = format!(
            "irq in protection_domain {}: pin {pin} of I/O APIC {ioapic} is taken",
            quote(pd)
        );
        let help =
            "a pin raises one vector: let one protection domain have it and notify the other";
        context.conflict(span, (first, "the first with this pin"), message, help);
    }
}
