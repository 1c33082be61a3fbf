// SPDX-License-Identifier: BSD-2-Clause
//! Variables: each set once, and to values that exist.

use super::extents::duplicates;
use crate::model::{SetVar, SetVarValue};
use crate::sdf::context::Context;
use crate::sdf::system::Draft;
use crate::sdf::text::quote;

pub(super) fn check(context: &mut Context<'_>, draft: &Draft<'_>) {
    for pd in &draft.pds {
        let about = pd.element.describe();
        let setvars = &pd.model.setvars;
        let symbols = setvars.iter().map(|setvar| {
            (
                setvar.symbol.as_str(),
                setvar.span.clone(),
                setvar.symbol.as_str(),
            )
        });
        for ((span, symbol), (first, _)) in duplicates(symbols.collect()) {
            let message = format!("{about}: variable {} is set twice", quote(symbol));
            let help = "give each value a variable of its own";
            context.conflict(span, (first, "the first time"), message, help);
        }
        for setvar in setvars {
            value(context, draft, &about, setvar);
        }
    }
}

fn value(context: &mut Context<'_>, draft: &Draft<'_>, about: &str, setvar: &SetVar) {
    let symbol = quote(&setvar.symbol);
    match setvar.value {
        SetVarValue::Const(_) | SetVarValue::RegionSize(_) => {}
        SetVarValue::PrefillSize(mr) => {
            let draft = &draft.regions[mr];
            let region = &draft.model;
            if draft.has_length == Ok(false) {
                let message = format!(
                    "{about}: variable {symbol} wants the prefill size of memory_region {}, which has none",
                    quote(&region.name)
                );
                let help = "add prefill_path or <?postern text=\"…\"?> to the region, or remove setvar_prefill_size";
                let place = (region.span.clone(), "the region");
                context.conflict(setvar.span.clone(), place, message, help);
            }
        }
        SetVarValue::RegionPaddr(mr) => {
            let draft = &draft.regions[mr];
            let region = &draft.model;
            if draft.phys_addr == Ok(None) {
                let message = format!(
                    "{about}: variable {symbol} wants the physical address of memory_region {}, which is \
                     not known",
                    quote(&region.name)
                );
                let help =
                    "on x86 memory is chosen when the system boots: add phys_addr to the region";
                let place = (region.span.clone(), "the region");
                context.conflict(setvar.span.clone(), place, message, help);
            }
        }
    }
}
