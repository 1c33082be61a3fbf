// SPDX-License-Identifier: BSD-2-Clause
//! Physical functions: one protection domain has them all, each once, and their BARs are disjoint.

use super::extents::{Extent, duplicates, overlaps};
use crate::model::{Bar, FunctionDriver, PhysicalFunction};
use crate::sdf::context::Context;
use crate::sdf::limits::{BAR_STEP, BAR_TOP, IGB_BAR0_STEP};
use crate::sdf::system::Draft;
use crate::sdf::text::quote;

pub(super) fn check(context: &mut Context<'_>, draft: &Draft<'_>) {
    let mut owners = draft
        .pds
        .iter()
        .filter_map(|pd| Some((pd, pd.model.functions.first()?)));
    if let Some((manager, first)) = owners.next() {
        for (other, function) in owners {
            let message = format!(
                "{}: physical functions belong to {} already",
                other.element.describe(),
                quote(&manager.model.name)
            );
            let help = "one protection domain shares out all devices: move the instruction there";
            let earlier = (first.span.clone(), "the first");
            context.conflict(function.span.clone(), earlier, message, help);
        }
    }
    let functions = || draft.pds.iter().flat_map(|pd| &pd.model.functions);
    let items = functions().map(|function| (function.pci, function.span.clone(), function.pci));
    for ((span, pci), (first, _)) in duplicates(items.collect()) {
        let message = format!("physical function {pci} is declared twice");
        context.conflict(span, (first, "the first time"), message, "remove one");
    }
    bars(context, functions());
}

fn bars<'d>(context: &mut Context<'_>, functions: impl Iterator<Item = &'d PhysicalFunction>) {
    let mut extents = Vec::new();
    for function in functions {
        for (name, bar, size) in ranges(function) {
            let (start, span) = (bar.start, bar.span.clone());
            let end = start.saturating_add(size);
            if end > BAR_TOP {
                let message = format!(
                    "physical function {}: '{name}' takes {size:#x} bytes from {start:#x}, beyond {BAR_TOP:#x}",
                    function.pci
                );
                let help = format!("put it at {:#x} or below", BAR_TOP - size);
                context.error(span, message, help);
                continue;
            }
            extents.push(Extent {
                start,
                end,
                span,
                owner: (function.pci, name),
            });
        }
    }
    for (later, earlier) in overlaps(extents) {
        let ((pci, name), (other, other_name)) = (later.owner, earlier.owner);
        let message = format!(
            "physical function {pci}: '{name}' at {:#x}..{:#x} overlaps '{other_name}' of {other} at {:#x}..{:#x}",
            later.start, later.end, earlier.start, earlier.end,
        );
        let help = "an address belongs to one BAR; those of virtual functions lie one behind the other: \
                    move one of them";
        let place = (earlier.span, "overlaps this one");
        context.conflict(later.span, place, message, help);
    }
}

/// Name, start and least size of everything that a function takes. Those of all its virtual functions
/// together are one range.
pub(super) fn ranges(
    function: &PhysicalFunction,
) -> impl Iterator<Item = (&'static str, &Bar, u64)> {
    let registers = match function.driver {
        FunctionDriver::Igb => IGB_BAR0_STEP,
        FunctionDriver::Nvme => BAR_STEP,
    };
    let all = u64::from(function.vfs) * BAR_STEP;
    let (own, vfs) = (&function.bars, &function.vf_bars);
    [
        Some(("bar0", &own.registers, registers)),
        own.msix.as_ref().map(|bar| ("bar3", bar, BAR_STEP)),
        Some(("vf_bar0", &vfs.registers, all)),
        vfs.msix.as_ref().map(|bar| ("vf_bar3", bar, all)),
    ]
    .into_iter()
    .flatten()
}
