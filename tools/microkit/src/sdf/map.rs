// SPDX-License-Identifier: BSD-2-Clause
//! `<map>` of a protection domain or a guest, and the permissions of all kinds of maps.

use super::attrs::Attrs;
use super::context::{Context, Parsed};
use super::element::Element;
use super::names::Kind;
use super::number::Limit;
use super::setvar;
use super::text::quote;
use crate::model::{Map, Perms, SetVar, SetVarValue};

const ATTRIBUTES: &[&str] = &["mr", "vaddr", "perms", "cached"];
const SETVARS: &[&str] = &["setvar_vaddr", "setvar_size", "setvar_prefill_size"];

/// A guest has no program image, hence no variables to set: `setvars` is `None`.
pub(super) fn parse(
    context: &mut Context<'_>,
    element: Element<'_>,
    setvars: Option<&mut Vec<SetVar>>,
) -> Parsed<Map> {
    let mut known = ATTRIBUTES.to_vec();
    if setvars.is_some() {
        known.extend(SETVARS);
    }
    let attrs = element.attrs(context, &known);
    element.no_children(context);
    let mr = region(context, &attrs);
    let vaddr = attrs.number(context, "vaddr", Limit::ANY);
    let perms = perms(context, &attrs);
    let cached = attrs.flag(context, "cached", true);
    if let Some(setvars) = setvars {
        if let Ok(vaddr) = vaddr {
            let value = SetVarValue::Const(vaddr);
            setvar::add(context, &attrs, "setvar_vaddr", value, setvars);
        }
        if let Ok(mr) = mr {
            let size = SetVarValue::RegionSize(mr);
            setvar::add(context, &attrs, "setvar_size", size, setvars);
            let prefill = SetVarValue::PrefillSize(mr);
            setvar::add(context, &attrs, "setvar_prefill_size", prefill, setvars);
        }
    }
    Ok(Map {
        mr: mr?,
        vaddr: vaddr?,
        perms: perms?,
        cached: cached?,
        span: element.span(),
    })
}

/// The region that `mr` names.
pub(super) fn region(context: &mut Context<'_>, attrs: &Attrs<'_>) -> Parsed<usize> {
    let mr = attrs.text(context, "mr")?;
    context.resolve(Kind::MemoryRegion, &mr, &attrs.element.describe())
}

/// What the CPU's page tables can express: writing implies reading, and so does executing.
fn perms(context: &mut Context<'_>, attrs: &Attrs<'_>) -> Parsed<Perms> {
    let Some(mut perms) = letters(context, attrs, "rwx")? else {
        return Ok(Perms {
            read: true,
            write: true,
            execute: false,
        });
    };
    if perms.write && !perms.read {
        let message = format!(
            "{}: memory cannot be written without being read",
            attrs.element.describe()
        );
        let help = "page tables have no write-only pages: write perms=\"rw\"";
        return Err(context.error(attrs.span_of("perms"), message, help));
    }
    perms.read = true;
    Ok(perms)
}

/// The attribute `perms`, made of the letters in `allowed`.
pub(super) fn letters(
    context: &mut Context<'_>,
    attrs: &Attrs<'_>,
    allowed: &str,
) -> Parsed<Option<Perms>> {
    let Some(perms) = attrs.optional_text(context, "perms")? else {
        return Ok(None);
    };
    if let Some(wrong) = perms
        .value
        .chars()
        .find(|&letter| !allowed.contains(letter))
    {
        let message = format!(
            "{}: perms {} has the letter {}",
            attrs.element.describe(),
            quote(perms.value),
            quote(&wrong.to_string())
        );
        let words: Vec<_> = allowed.chars().map(|letter| letter.to_string()).collect();
        let help = format!("perms is made of the letters {}", words.join(", "));
        return Err(context.error(perms.span, message, help));
    }
    Ok(Some(Perms {
        read: perms.value.contains('r'),
        write: perms.value.contains('w'),
        execute: perms.value.contains('x'),
    }))
}
