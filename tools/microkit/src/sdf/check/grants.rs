// SPDX-License-Identifier: BSD-2-Clause
//! Virtual functions: each has one owner, reached by a channel of its own, and shares neither address
//! nor namespace.

use std::collections::HashMap;

use super::extents::duplicates;
use crate::model::{IoAddressSpace, PdId, VirtualFunction, VirtualFunctionPolicy};
use crate::sdf::context::Context;
use crate::sdf::system::Draft;
use crate::sdf::text::{list, quote};

pub(super) fn check(context: &mut Context<'_>, draft: &Draft<'_>) {
    let spaces = || draft.io_address_spaces.iter();
    let vfs = || spaces().filter_map(|space| Some((space, space.vf.as_ref()?)));
    physical(context, draft);
    let places = vfs().map(|(_, vf)| ((vf.function, vf.vf), vf.span.clone(), vf));
    for ((span, vf), (first, _)) in duplicates(places.collect()) {
        let message = format!(
            "virtual function {} of {} has an owner already",
            vf.vf, vf.function
        );
        let help = "each virtual function has one owner and one io_address_space: remove one";
        context.conflict(span, (first, "the first"), message, help);
    }
    let macs = vfs().filter_map(|(space, vf)| match vf.policy {
        VirtualFunctionPolicy::Network(policy) => Some((policy.mac?, vf.span.clone(), space)),
        VirtualFunctionPolicy::Storage { .. } => None,
    });
    for ((span, space), (first, _)) in duplicates(macs.collect()) {
        let message = format!("io_address_space {}: the mac is taken", quote(&space.name));
        let help = "the device's switch delivers by it: give each virtual function one of its own";
        context.conflict(span, (first, "the first with this mac"), message, help);
    }
    let namespaces = vfs().filter_map(|(space, vf)| match vf.policy {
        VirtualFunctionPolicy::Storage { namespace } => {
            Some(((vf.function, namespace?), vf.span.clone(), space))
        }
        VirtualFunctionPolicy::Network(_) => None,
    });
    for ((span, space), (first, _)) in duplicates(namespaces.collect()) {
        let message = format!(
            "io_address_space {}: the namespace is taken",
            quote(&space.name)
        );
        let help =
            "two owners would write over each other's blocks: give each a namespace of its own";
        context.conflict(
            span,
            (first, "the first with this namespace"),
            message,
            help,
        );
    }
    channels(context, draft, vfs());
}

/// A physical function is nobody's virtual function.
fn physical(context: &mut Context<'_>, draft: &Draft<'_>) {
    let functions = || draft.pds.iter().flat_map(|pd| &pd.model.functions);
    for space in &draft.io_address_spaces {
        let (Some(vf), pci) = (&space.vf, space.peripheral) else {
            continue;
        };
        if let Some(function) = functions().find(|function| function.pci == pci) {
            let name = quote(&space.name);
            let message = format!("io_address_space {name}: {pci} is a physical function");
            let help = "peripheral_id is the virtual function's own address: correct it, or remove \
                        the <?postern?>";
            let place = (function.span.clone(), "declared here");
            context.conflict(vf.span.clone(), place, message, help);
        }
    }
}

/// By protection domain and the one at the other end: the ids of the channels between them at the
/// first one's ends, one bit for each.
fn ids(draft: &Draft<'_>) -> HashMap<(PdId, PdId), u64> {
    let mut ids = HashMap::new();
    for [a, b] in draft.channels.iter().map(|channel| &channel.ends) {
        for (near, far) in [(a, b), (b, a)] {
            *ids.entry((near.pd, far.pd)).or_insert(0) |= 1 << near.id;
        }
    }
    ids
}

/// The PF manager knows owners by their channels.
fn channels<'d>(
    context: &mut Context<'_>,
    draft: &'d Draft<'_>,
    vfs: impl Iterator<Item = (&'d IoAddressSpace, &'d VirtualFunction)>,
) {
    let ids = ids(draft);
    let mut used = Vec::new();
    for (space, vf) in vfs {
        if context.is_full() {
            break;
        }
        let owns = |pd: &super::super::pd::PdDraft<'_>| {
            let mut functions = pd.model.functions.iter();
            functions.any(|function| function.pci == vf.function)
        };
        let Some(manager) = draft.pds.iter().position(owns) else {
            continue;
        };
        let about = format!("io_address_space {}", quote(&space.name));
        let name = |pd: PdId| quote(&draft.pds[pd].model.name);
        let (owner, manager_name) = (name(vf.owner), name(manager));
        let mask = ids.get(&(manager, vf.owner)).copied().unwrap_or(0);
        let found: Vec<u8> = (0..64).filter(|id| mask >> id & 1 != 0).collect();
        let numbers: Vec<String> = found.iter().map(u8::to_string).collect();
        let numbers = list(&numbers.iter().map(String::as_str).collect::<Vec<_>>());
        let (message, help) = match (vf.channel, &found[..]) {
            (_, []) => (
                format!("{about}: there is no channel between {owner} and {manager_name}"),
                format!("add one: the owner asks {manager_name} for its virtual function"),
            ),
            (None, [channel]) => {
                used.push((*channel, vf.span.clone(), (*channel, about)));
                continue;
            }
            (None, _) => (
                format!("{about}: there are several channels between {owner} and {manager_name}"),
                format!("say which by its id at {manager_name}: channel=\"…\", one of {numbers}"),
            ),
            (Some(channel), found) if found.contains(&channel) => {
                used.push((channel, vf.span.clone(), (channel, about)));
                continue;
            }
            (Some(channel), _) => (
                format!("{about}: channel {channel} of {manager_name} does not lead to {owner}"),
                format!("by the ids at {manager_name} there is {numbers}"),
            ),
        };
        context.error(vf.span.clone(), message, help);
    }
    for ((span, (channel, about)), (first, _)) in duplicates(used) {
        let message = format!("{about}: channel {channel} is that of another virtual function");
        let help = "each virtual function has a channel of its own: add one, and say which is meant \
                    by channel=\"…\"";
        context.conflict(span, (first, "the first with this channel"), message, help);
    }
}
