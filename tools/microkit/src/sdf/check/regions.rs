// SPDX-License-Identifier: BSD-2-Clause
//! Memory regions among each other, and whether anybody uses them.

use super::extents::{Extent, overlaps};
use crate::sdf::context::Context;
use crate::sdf::system::Draft;
use crate::sdf::text::quote;

pub(super) fn check(context: &mut Context<'_>, draft: &Draft<'_>) {
    let extents = draft.regions.iter().filter_map(|region| {
        let (start, size) = (region.model.phys_addr?, region.size.ok()?);
        Some(Extent {
            start,
            end: start.checked_add(size)?,
            span: region.model.span.clone(),
            owner: region.model.name.as_str(),
        })
    });
    for (later, earlier) in overlaps(extents.collect()) {
        let message = format!(
            "memory_region {}: {:#x}..{:#x} overlaps memory_region {} at {:#x}..{:#x}",
            quote(later.owner),
            later.start,
            later.end,
            quote(earlier.owner),
            earlier.start,
            earlier.end,
        );
        let help = "physical memory belongs to one region; map that one twice to share it";
        context.conflict(
            later.span,
            (earlier.span, "overlaps this one"),
            message,
            help,
        );
    }
    unused(context, draft);
}

/// Warns of regions in no address space of a protection domain or a guest. A device's does not count:
/// nobody could say what the device reads or see what it writes.
fn unused(context: &mut Context<'_>, draft: &Draft<'_>) {
    let mut used = vec![false; draft.regions.len()];
    for pd in &draft.pds {
        let guest = pd
            .model
            .virtual_machine
            .iter()
            .flat_map(|machine| &machine.maps);
        for map in pd.model.maps.iter().chain(guest) {
            used[map.mr] = true;
        }
    }
    for (region, used) in draft.regions.iter().zip(used) {
        if !used {
            let message = format!(
                "memory_region {}: nobody maps it",
                quote(&region.model.name)
            );
            let help = "map it, or remove it";
            context.warning(region.model.span.clone(), message, help);
        }
    }
}
