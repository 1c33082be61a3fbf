// SPDX-License-Identifier: BSD-2-Clause
//! Slots of the CSpace, and what is to be put there.

use super::extents::duplicates;
use crate::model::CapKind;
use crate::sdf::context::Context;
use crate::sdf::system::Draft;
use crate::sdf::text::quote;

pub(super) fn check(context: &mut Context<'_>, draft: &Draft<'_>) {
    for pd in &draft.pds {
        let about = format!("cspace in {}", pd.element.describe());
        let caps = &pd.model.cspace;
        let slots = caps
            .iter()
            .map(|cap| (cap.slot, cap.span.clone(), cap.slot));
        for ((span, slot), (first, _)) in duplicates(slots.collect()) {
            let free = (1..=63).find(|free| !caps.iter().any(|cap| cap.slot == *free));
            let help = match free {
                Some(free) => format!("a slot holds one capability: {free} is free"),
                None => "a slot holds one capability, and all are in use".into(),
            };
            let message = format!("{about}: slot {slot} is taken");
            context.conflict(span, (first, "by this one"), message, help);
        }
        for cap in caps.iter().filter(|cap| cap.kind == CapKind::Vcpu) {
            let Some(target) = draft.pds.get(cap.pd) else {
                continue;
            };
            if !target.has_machine {
                let name = quote(&target.model.name);
                let message = format!("{about}: protection_domain {name} has no virtual CPU");
                let help = "cap_vcpu names a protection domain with a virtual_machine";
                let place = (target.model.span.clone(), "the protection domain");
                context.conflict(cap.span.clone(), place, message, help);
            }
        }
    }
}
