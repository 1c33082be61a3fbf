// SPDX-License-Identifier: BSD-2-Clause
//! `<io_address_space>` with its `<iomap>`s: what a PCI device may reach by DMA.

use super::context::{Context, Parsed};
use super::element::Element;
use super::grant;
use super::limits::{DOMAIN_ID, IOVA_TOP};
use super::map::{letters, region};
use super::number::Limit;
use super::pci;
use super::pd::PdDraft;
use crate::model::{IoAddressSpace, Map, Perms};

const IOVA: Limit = Limit::new(0, IOVA_TOP - 1, "I/O virtual addresses have 39 bits");

pub(super) fn parse(
    context: &mut Context<'_>,
    element: Element<'_>,
    pds: &[PdDraft<'_>],
) -> Parsed<IoAddressSpace> {
    if !context.config.io_address_spaces {
        let message = format!("{}: nothing would enforce it", element.describe());
        let help = "choose a board with an IOMMU, owned by the kernel or by a protection domain";
        context.error(element.span(), message, help);
    }
    let attrs = element.attrs(context, &["name", "peripheral_id", "domain_id"]);
    let name = attrs.text(context, "name");
    let peripheral = pci::attribute(context, &attrs, "peripheral_id");
    let domain_id = attrs.number(context, "domain_id", DOMAIN_ID);
    let vf = grant::parse(context, element, pds);
    let mut iomaps = Vec::new();
    for child in element.children(context) {
        if child.is("iomap") {
            iomaps.extend(iomap(context, child));
        } else {
            element.unknown_child(context, child, &["iomap"]);
        }
    }
    Ok(IoAddressSpace {
        name: name?.value.into(),
        peripheral: peripheral?,
        domain_id: domain_id? as u16,
        iomaps,
        vf: vf?,
        span: element.span(),
    })
}

/// Unlike the CPU's tables, those of the IOMMU can allow writing alone.
fn iomap(context: &mut Context<'_>, element: Element<'_>) -> Parsed<Map> {
    let attrs = element.attrs(context, &["mr", "iovaddr", "perms"]);
    element.no_children(context);
    let mr = region(context, &attrs);
    let iovaddr = attrs.number(context, "iovaddr", IOVA);
    let perms = letters(context, &attrs, "rw");
    Ok(Map {
        mr: mr?,
        vaddr: iovaddr?,
        perms: perms?.unwrap_or(Perms {
            read: true,
            write: true,
            execute: false,
        }),
        cached: true,
        span: element.span(),
    })
}
