// SPDX-License-Identifier: BSD-2-Clause
//! `<setvar>`, `<?postern symbol="S" value="N"?>` and the `setvar_…` attributes of other elements:
//! variables of the program image.

use super::attrs::Attrs;
use super::context::{Context, Parsed};
use super::element::Element;
use super::instruction::Instruction;
use super::names::Kind;
use super::number::Limit;
use crate::model::{SetVar, SetVarValue};

/// `<setvar symbol region_paddr>`.
pub(super) fn parse(context: &mut Context<'_>, element: Element<'_>) -> Parsed<SetVar> {
    let attrs = element.attrs(context, &["symbol", "region_paddr"]);
    element.no_children(context);
    let symbol = attrs.text(context, "symbol");
    let region = attrs.text(context, "region_paddr");
    let region =
        region.and_then(|region| context.resolve(Kind::MemoryRegion, &region, &element.describe()));
    let symbol = symbol?;
    Ok(SetVar {
        symbol: symbol.value.into(),
        value: SetVarValue::RegionPaddr(region?),
        span: symbol.span,
    })
}

/// The attributes that tell the instruction from others.
pub(super) const ATTRIBUTES: &[&str] = &["symbol", "value"];

/// `<?postern symbol value?>`.
pub(super) fn instruction(
    context: &mut Context<'_>,
    instruction: Instruction<'_>,
) -> Parsed<SetVar> {
    let attrs = instruction.attrs(context, ATTRIBUTES);
    let symbol = attrs.text(context, "symbol");
    let value = attrs.number(context, "value", Limit::ANY);
    let symbol = symbol?;
    Ok(SetVar {
        symbol: symbol.value.into(),
        value: SetVarValue::Const(value?),
        span: symbol.span,
    })
}

/// An attribute that names the variable to hold `value`.
pub(super) fn attribute(
    context: &mut Context<'_>,
    attrs: &Attrs<'_>,
    name: &'static str,
    value: SetVarValue,
) -> Parsed<Option<SetVar>> {
    let symbol = attrs.optional_text(context, name)?;
    Ok(symbol.map(|symbol| SetVar {
        symbol: symbol.value.into(),
        value,
        span: symbol.span,
    }))
}

/// [`attribute`], added to `setvars`.
pub(super) fn add(
    context: &mut Context<'_>,
    attrs: &Attrs<'_>,
    name: &'static str,
    value: SetVarValue,
    setvars: &mut Vec<SetVar>,
) {
    let setvar = attribute(context, attrs, name, value);
    setvars.extend(setvar.ok().flatten());
}
