// SPDX-License-Identifier: BSD-2-Clause
//! `<cspace>`: capabilities to other protection domains in slots of the user's choice.

use super::context::{Context, Parsed};
use super::element::Element;
use super::limits::SLOT;
use super::names::Kind;
use crate::model::{CapKind, CapMap};

const CHILDREN: &[&str] = &["cap_tcb", "cap_vspace", "cap_vcpu"];

pub(super) fn parse(context: &mut Context<'_>, element: Element<'_>) -> Vec<CapMap> {
    element.attrs(context, &[]);
    let mut caps = Vec::new();
    for child in element.children(context) {
        let known = CHILDREN.iter().find(|name| child.is(name));
        let kind = match known.copied() {
            Some("cap_tcb") => CapKind::Tcb,
            Some("cap_vspace") => CapKind::VSpace,
            Some(_) => CapKind::Vcpu,
            None if child.is("cap_sc") => {
                let message = format!("{}: there are no scheduling contexts", child.describe());
                let help = "this kernel has no MCS scheduling, so the slot would stay empty: remove \
                            the element, and use cap_tcb to set priorities";
                context.error(child.span(), message, help);
                continue;
            }
            None => {
                element.unknown_child(context, child, CHILDREN);
                continue;
            }
        };
        caps.extend(cap(context, child, kind));
    }
    caps
}

fn cap(context: &mut Context<'_>, element: Element<'_>, kind: CapKind) -> Parsed<CapMap> {
    let attrs = element.attrs(context, &["slot", "pd"]);
    element.no_children(context);
    let slot = attrs.number(context, "slot", SLOT);
    let pd = attrs
        .text(context, "pd")
        .and_then(|pd| context.resolve(Kind::ProtectionDomain, &pd, &element.describe()));
    Ok(CapMap {
        slot: slot? as u8,
        kind,
        pd: pd?,
        span: element.span(),
    })
}
