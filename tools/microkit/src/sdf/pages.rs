// SPDX-License-Identifier: BSD-2-Clause
//! The page size of regions that leave it to the tool.

use super::context::Context;
use super::limits::PAGE_LARGE;
use super::system::Draft;
use crate::model::{Map, PageSize};

/// Takes 2 MiB pages wherever the size and all addresses allow: they save frames, page tables and TLB
/// entries. Regions that a device reaches keep 4 KiB pages, the only ones that an IOMMU must know.
pub(super) fn choose(context: &mut Context<'_>, draft: &mut Draft<'_>) {
    let mut large: Vec<bool> = draft
        .regions
        .iter()
        .map(|region| {
            let aligned = |address: u64| address.is_multiple_of(PAGE_LARGE);
            region.page_size == Ok(None)
                && aligned(region.model.size)
                && region.model.phys_addr.is_none_or(aligned)
        })
        .collect();
    let mut keep_small = |map: &Map| {
        if let Some(large) = large.get_mut(map.mr) {
            *large = false;
        }
    };
    for pd in &draft.pds {
        let guest = pd
            .model
            .virtual_machine
            .iter()
            .flat_map(|machine| &machine.maps);
        let maps = pd.model.maps.iter().chain(guest);
        maps.filter(|map| !map.vaddr.is_multiple_of(PAGE_LARGE))
            .for_each(&mut keep_small);
    }
    let spaces = draft.io_address_spaces.iter();
    spaces
        .flat_map(|space| &space.iomaps)
        .for_each(&mut keep_small);

    for (region, large) in draft.regions.iter_mut().zip(large) {
        if large {
            region.model.page_size = PageSize::Large;
        }
    }
    check_frames(context, draft);
}

/// Every page is a capability, and those of the initial task must have room for all of them.
fn check_frames(context: &mut Context<'_>, draft: &Draft<'_>) {
    let bits = u32::from(context.config.root_cnode_size_bits).min(63);
    let room = 1u64 << bits;
    let mut frames = 0u64;
    for region in draft.regions.iter().filter(|region| region.size.is_ok()) {
        let region = &region.model;
        frames = frames.saturating_add(region.size / region.page_size.bytes());
        if frames > room {
            let message = format!(
                "memory_region {}: too many pages, {frames:#x} with those before it",
                super::text::quote(&region.name)
            );
            let help = format!(
                "the initial task has room for {room:#x} capabilities: make the region smaller, or its \
                 size and all its addresses multiples of {PAGE_LARGE:#x}, for 2 MiB pages"
            );
            context.error(region.span.clone(), message, help);
            return;
        }
    }
}
