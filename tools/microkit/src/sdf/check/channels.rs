// SPDX-License-Identifier: BSD-2-Clause
//! Who may call whom.

use crate::sdf::context::Context;
use crate::sdf::system::Draft;
use crate::sdf::text::quote;

pub(super) fn check(context: &mut Context<'_>, draft: &Draft<'_>) {
    for channel in &draft.channels {
        let [a, b] = &channel.ends;
        let (caller, callee) = match (a.pp, b.pp) {
            (true, false) => (a, b),
            (false, true) => (b, a),
            _ => continue,
        };
        let (Some(from), Some(to)) = (draft.pds.get(caller.pd), draft.pds.get(callee.pd)) else {
            continue;
        };
        let names = (quote(&from.model.name), quote(&to.model.name));
        if let (Ok(low), Ok(high)) = (from.priority, to.priority)
            && low >= high
        {
            let message = format!(
                "protection_domain {} (priority {low}) may not call {} (priority {high})",
                names.0, names.1
            );
            let help = "calls go to a strictly higher priority, or the callee could be kept from \
                        answering: raise the one or lower the other";
            let callee = (to.model.span.clone(), "the callee");
            context.conflict(caller.span.clone(), callee, message, help);
        }
        if let Some(machine) = &to.model.virtual_machine {
            let message = format!(
                "protection_domain {} may not call {}, which has a virtual machine",
                names.0, names.1
            );
            let help = "while its guest runs it hears notifications only: use notify, or a protection \
                        domain between the two";
            let machine = (machine.span.clone(), "the virtual machine");
            context.conflict(caller.span.clone(), machine, message, help);
        }
    }
}
