// SPDX-License-Identifier: BSD-2-Clause
//! Rules about protection domains with children and with virtual machines.

use super::extents::duplicates;
use crate::sdf::context::Context;
use crate::sdf::system::Draft;
use crate::sdf::text::quote;

pub(super) fn check(context: &mut Context<'_>, draft: &Draft<'_>) {
    children(context, draft);
    machines(context, draft);
}

/// Ids of the children are unique, also against the virtual CPU's: both name the source of a fault.
fn children(context: &mut Context<'_>, draft: &Draft<'_>) {
    let children = draft.pds.iter().filter_map(|pd| {
        let parent = pd.model.parent.as_ref()?;
        Some((
            (parent.pd, parent.child_id),
            pd.model.span.clone(),
            "a child with this id",
        ))
    });
    let vcpus = draft.pds.iter().enumerate().filter_map(|(index, pd)| {
        let machine = pd.model.virtual_machine.as_ref()?;
        let key = (index, machine.vcpu_id);
        Some((key, machine.span.clone(), "its virtual CPU has this id"))
    });
    let items = children.chain(vcpus);
    let items = items
        .map(|(key, span, what)| (key, span, (key, what)))
        .collect();
    for ((span, ((parent, id), _)), (first, (_, what))) in duplicates(items) {
        let name = quote(&draft.pds[parent].model.name);
        let message = format!("child id {id} of protection_domain {name} is used twice");
        let help = "children and virtual CPUs of a protection domain share the ids 0 to 61";
        context.conflict(span, (first, what), message, help);
    }
}

/// x86 enters a guest from the protection domain's own thread, which then hears notifications only.
fn machines(context: &mut Context<'_>, draft: &Draft<'_>) {
    let mut machines = Vec::new();
    for (index, pd) in draft.pds.iter().enumerate() {
        let Some(machine) = &pd.model.virtual_machine else {
            continue;
        };
        machines.push((
            machine.name.as_str(),
            machine.span.clone(),
            machine.name.as_str(),
        ));
        let is_child = |child: &&super::super::pd::PdDraft<'_>| {
            child
                .model
                .parent
                .as_ref()
                .is_some_and(|parent| parent.pd == index)
        };
        if let Some(child) = draft.pds.iter().find(is_child) {
            let message = format!(
                "{}: it has both a virtual machine and children",
                pd.element.describe()
            );
            let help = "while its guest runs it would not hear the faults of its children: move them \
                        to another protection domain";
            let earlier = (child.model.span.clone(), "its first child");
            context.conflict(machine.span.clone(), earlier, message, help);
        }
    }
    for ((span, name), (first, _)) in duplicates(machines) {
        let message = format!("virtual_machine {}: the name is taken", quote(name));
        let help = "give each virtual machine a name of its own";
        context.conflict(span, (first, "the first of this name"), message, help);
    }
}
