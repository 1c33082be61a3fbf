// SPDX-License-Identifier: BSD-2-Clause
//! An I/O port belongs to one protection domain.

use super::extents::{Extent, overlaps};
use crate::sdf::context::Context;
use crate::sdf::system::Draft;
use crate::sdf::text::quote;

pub(super) fn check(context: &mut Context<'_>, draft: &Draft<'_>) {
    let extents = draft.pds.iter().flat_map(|pd| {
        pd.model.ioports.iter().map(|port| Extent {
            start: port.first.into(),
            end: u64::from(port.last) + 1,
            span: port.span.clone(),
            owner: pd.model.name.as_str(),
        })
    });
    for (later, earlier) in overlaps(extents.collect()) {
        let message = format!(
            "ioport in protection_domain {}: ports {:#x} to {:#x} overlap {:#x} to {:#x} of {}",
            quote(later.owner),
            later.start,
            later.end - 1,
            earlier.start,
            earlier.end - 1,
            quote(earlier.owner),
        );
        let help = "an I/O port belongs to one protection domain: make the ranges disjoint";
        context.conflict(
            later.span,
            (earlier.span, "overlaps this one"),
            message,
            help,
        );
    }
}
