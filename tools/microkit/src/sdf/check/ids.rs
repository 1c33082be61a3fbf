// SPDX-License-Identifier: BSD-2-Clause
//! Ids of channels, interrupts and I/O ports within a protection domain.

use super::extents::duplicates;
use crate::model::{PdId, Span};
use crate::sdf::context::Context;
use crate::sdf::system::Draft;
use crate::sdf::text::quote;

pub(super) fn check(context: &mut Context<'_>, draft: &Draft<'_>) {
    let irqs = draft.pds.iter().enumerate().flat_map(|(index, pd)| {
        let irqs = pd.model.irqs.iter();
        irqs.map(move |irq| (index, irq.id, irq.span.clone(), "this irq has the id"))
    });
    let ends = draft.channels.iter().flat_map(|channel| {
        let ends = channel.ends.iter();
        ends.map(|end| {
            (
                end.pd,
                end.id,
                end.span.clone(),
                "this channel end has the id",
            )
        })
    });
    let share = "channels and interrupts of a protection domain share the ids 0 to 61";
    unique(context, draft, irqs.chain(ends).collect(), "id", share);

    let ports = draft.pds.iter().enumerate().flat_map(|(index, pd)| {
        let ports = pd.model.ioports.iter();
        ports.map(move |port| (index, port.id, port.span.clone(), "this ioport has the id"))
    });
    let own = "each I/O port range of a protection domain has an id of its own";
    unique(context, draft, ports.collect(), "I/O port id", own);
}

type Used = (PdId, u8, Span, &'static str);

fn unique(context: &mut Context<'_>, draft: &Draft<'_>, used: Vec<Used>, what: &str, why: &str) {
    let items = used
        .iter()
        .map(|(pd, id, span, label)| ((pd, id), span.clone(), (*pd, *id, *label)))
        .collect();
    for ((span, (pd, id, _)), (first, (_, _, label))) in duplicates(items) {
        let free = (0..=61).find(|free| !used.iter().any(|(p, i, ..)| *p == pd && i == free));
        let help = match free {
            Some(free) => format!("{why}: {free} is free"),
            None => format!("{why}: all are in use"),
        };
        let name = quote(&draft.pds[pd].model.name);
        let message = format!("{what} {id} of protection_domain {name} is used twice");
        context.conflict(span, (first, label), message, help);
    }
}
