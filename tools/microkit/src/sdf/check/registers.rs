// SPDX-License-Identifier: BSD-2-Clause
//! Registers of functions that are shared out: those of a virtual function are mapped by its owner, all
//! others by the protection domain that shares them out, which may map all.

use std::collections::HashMap;

use super::functions::ranges;
use crate::model::{Bdf, PdId, Span};
use crate::sdf::context::Context;
use crate::sdf::limits::BAR_STEP;
use crate::sdf::mr::MrDraft;
use crate::sdf::system::Draft;
use crate::sdf::text::quote;

/// What a memory region reaches.
struct Reached {
    text: String,
    /// Who may have it, besides the protection domain that shares it out.
    owner: Option<PdId>,
    span: Span,
}

pub(super) fn check(context: &mut Context<'_>, draft: &Draft<'_>) {
    let mut pds = draft.pds.iter();
    let Some(manager) = pds.position(|pd| !pd.model.functions.is_empty()) else {
        return;
    };
    let spaces = draft.io_address_spaces.iter();
    let owners: HashMap<(Bdf, u8), PdId> = spaces
        .filter_map(|space| space.vf.as_ref())
        .map(|vf| ((vf.function, vf.vf), vf.owner))
        .collect();
    let regions = draft.regions.iter();
    let reached: Vec<_> = regions
        .map(|region| reached(draft, manager, region, &owners))
        .collect();
    for (index, pd) in draft.pds.iter().enumerate() {
        let guest = pd.model.virtual_machine.iter().flat_map(|vm| &vm.maps);
        for map in pd.model.maps.iter().chain(guest) {
            let Some(reached) = &reached[map.mr] else {
                continue;
            };
            if index == manager || reached.owner == Some(index) {
                continue;
            }
            let message = format!(
                "map of {} in {}: it reaches {}",
                quote(&draft.regions[map.mr].model.name),
                pd.element.describe(),
                reached.text
            );
            let whose = |pd: PdId| quote(&draft.pds[pd].model.name);
            let help = match reached.owner {
                Some(owner) => format!("only {} and {} may map it", whose(owner), whose(manager)),
                None => format!("only {} may map it", whose(manager)),
            };
            let place = (reached.span.clone(), "its address");
            context.conflict(map.span.clone(), place, message, help);
        }
    }
}

/// The first BAR that a region reaches; of virtual functions all must have the same owner.
fn reached(
    draft: &Draft<'_>,
    manager: PdId,
    region: &MrDraft,
    owners: &HashMap<(Bdf, u8), PdId>,
) -> Option<Reached> {
    let (start, size) = (region.model.phys_addr?, region.size.ok()?);
    let end = start.checked_add(size)?;
    for function in &draft.pds[manager].model.functions {
        for (name, bar, len) in ranges(function) {
            let bar_end = bar.start.saturating_add(len);
            let (from, to) = (start.max(bar.start), end.min(bar_end));
            if from >= to {
                continue;
            }
            let pci = function.pci;
            let span = bar.span.clone();
            if !name.starts_with("vf_") {
                let text = format!("'{name}' of physical function {pci}");
                return Some(Reached {
                    text,
                    owner: None,
                    span,
                });
            }
            // At most 127, by the length of the range.
            let number = |at: u64| ((at - bar.start) / BAR_STEP) as u8;
            let (first, last) = (number(from), number(to - 1));
            let owner = owners.get(&(pci, first)).copied();
            let other = |vf: u8| owners.get(&(pci, vf)).copied() != owner;
            let shared = (first..=last).find(|vf| other(*vf));
            let text = match shared {
                Some(vf) => format!("'{name}' of the virtual functions {first} and {vf} of {pci}"),
                None => format!("'{name}' of virtual function {first} of {pci}"),
            };
            let owner = owner.filter(|_| shared.is_none());
            return Some(Reached { text, owner, span });
        }
    }
    None
}
