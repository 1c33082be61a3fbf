// SPDX-License-Identifier: BSD-2-Clause
//! I/O address spaces: one for each device, one domain for each, small pages.

use super::extents::duplicates;
use crate::model::PageSize;
use crate::sdf::context::Context;
use crate::sdf::system::Draft;
use crate::sdf::text::quote;

pub(super) fn check(context: &mut Context<'_>, draft: &Draft<'_>) {
    let spaces = &draft.io_address_spaces;
    let names = spaces
        .iter()
        .map(|space| (&space.name, space.span.clone(), space));
    for ((span, space), (first, _)) in duplicates(names.collect()) {
        let message = format!("io_address_space {}: the name is taken", quote(&space.name));
        let help = "give each I/O address space a name of its own";
        context.conflict(span, (first, "the first of this name"), message, help);
    }
    let devices = spaces
        .iter()
        .map(|space| (space.peripheral, space.span.clone(), space));
    for ((span, space), (first, _)) in duplicates(devices.collect()) {
        let message = format!(
            "io_address_space {}: device {} has one already",
            quote(&space.name),
            space.peripheral
        );
        let help = "a device is in one address space: put all its iomaps there";
        context.conflict(span, (first, "the first of this device"), message, help);
    }
    let domains = spaces
        .iter()
        .map(|space| (space.domain_id, space.span.clone(), space));
    for ((span, space), (first, _)) in duplicates(domains.collect()) {
        let message = format!(
            "io_address_space {}: domain_id {} is taken",
            quote(&space.name),
            space.domain_id
        );
        let help = "the IOMMU caches by domain, so that each address space needs its own";
        context.conflict(span, (first, "the first with this domain"), message, help);
    }
    for space in spaces {
        for map in &space.iomaps {
            let region = &draft.regions[map.mr];
            if region.page_size == Ok(Some(PageSize::Large)) {
                let message = format!(
                    "iomap in io_address_space {}: memory_region {} has 2 MiB pages",
                    quote(&space.name),
                    quote(&region.model.name)
                );
                let help = "devices reach 4 KiB pages only: set its page_size=\"0x1000\"";
                let region = (region.model.span.clone(), "the region");
                context.conflict(map.span.clone(), region, message, help);
            }
        }
    }
}
