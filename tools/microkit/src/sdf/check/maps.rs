// SPDX-License-Identifier: BSD-2-Clause
//! Maps in address spaces: aligned, below the ceiling, disjoint.

use super::extents::{Extent, overlaps};
use crate::model::Map;
use crate::sdf::context::{Context, Parsed};
use crate::sdf::limits::{IOVA_TOP, USER_TOP};
use crate::sdf::system::Draft;
use crate::sdf::text::quote;

/// What one address space is called and what ends it.
struct Space {
    name: String,
    /// Exclusive.
    top: Parsed<u64>,
    why_top: &'static str,
}

pub(super) fn check(context: &mut Context<'_>, draft: &Draft<'_>) {
    for pd in &draft.pds {
        let space = Space {
            name: pd.element.describe(),
            top: pd.map_top,
            why_top: "above it lie the stack and the IPC buffer",
        };
        address_space(context, draft, &pd.model.maps, &space);
        if let Some(machine) = &pd.model.virtual_machine {
            let space = Space {
                name: format!("virtual_machine {}", quote(&machine.name)),
                top: Ok(USER_TOP),
                why_top: "guest-physical addresses end there",
            };
            address_space(context, draft, &machine.maps, &space);
        }
    }
    for io in &draft.io_address_spaces {
        let space = Space {
            name: format!("io_address_space {}", quote(&io.name)),
            top: Ok(IOVA_TOP),
            why_top: "I/O virtual addresses have 39 bits",
        };
        address_space(context, draft, &io.iomaps, &space);
    }
}

fn address_space(context: &mut Context<'_>, draft: &Draft<'_>, maps: &[Map], space: &Space) {
    let mut extents = Vec::new();
    for map in maps {
        let region = &draft.regions[map.mr];
        let about = format!("map of {} in {}", quote(&region.model.name), space.name);
        let start = map.vaddr;
        if let Ok(page) = region.alignment()
            && !start.is_multiple_of(page)
        {
            let message =
                format!("{about}: {start:#x} is not a multiple of its page size {page:#x}");
            let help = format!("the page around it starts at {:#x}", start - start % page);
            context.error(map.span.clone(), message, help);
            continue;
        }
        let (Ok(size), Ok(top)) = (region.size, space.top) else {
            continue;
        };
        let Some(end) = start.checked_add(size).filter(|end| *end <= top) else {
            let message = format!("{about}: {size:#x} bytes at {start:#x} reach beyond {top:#x}");
            let help = match top.checked_sub(size) {
                Some(last) => format!("{}: map it at {:#x} or below", space.why_top, last & !0xfff),
                None => format!("{}: the region is too large", space.why_top),
            };
            context.error(map.span.clone(), message, help);
            continue;
        };
        extents.push(Extent {
            start,
            end,
            span: map.span.clone(),
            owner: region.model.name.as_str(),
        });
    }
    for (later, earlier) in overlaps(extents) {
        let message = format!(
            "map of {} in {}: {:#x}..{:#x} overlaps {} at {:#x}..{:#x}",
            quote(later.owner),
            space.name,
            later.start,
            later.end,
            quote(earlier.owner),
            earlier.start,
            earlier.end,
        );
        let help = "an address has one meaning in an address space: move one of them";
        context.conflict(
            later.span,
            (earlier.span, "overlaps this one"),
            message,
            help,
        );
    }
}
