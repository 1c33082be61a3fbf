// SPDX-License-Identifier: BSD-2-Clause
//! The attributes of `<protection_domain>` that are more than a number in a range.

use super::attrs::Attrs;
use super::context::{Context, Parsed};
use super::limits::{MONITOR, NAME_MAX, PAGE_SMALL, STACK_SIZE};
use super::number::Limit;
use super::text::quote;

/// Default of `budget`, in microseconds.
const BUDGET_DEFAULT: u64 = 1000;
/// Default of `stack_size`, in bytes.
pub(super) const STACK_SIZE_DEFAULT: u64 = 0x2000;

pub(super) fn name(context: &mut Context<'_>, attrs: &Attrs<'_>) -> String {
    let Ok(name) = attrs.text(context, "name") else {
        return String::new();
    };
    if name.value == MONITOR {
        let message = "protection_domain 'monitor': the name is reserved";
        let help = "every system has a fault handler of this name already: choose another name";
        context.error(name.span, message, help);
    } else if name.value.len() > NAME_MAX {
        let message = format!(
            "protection_domain {}: the name has {} bytes",
            quote(name.value),
            name.value.len()
        );
        context.error(
            name.span,
            message,
            format!("a name has at most {NAME_MAX} bytes"),
        );
    } else if name.value.chars().any(char::is_control) {
        let message = format!(
            "protection_domain {}: the name has control characters",
            quote(name.value)
        );
        context.error(
            name.span,
            message,
            "the name stands in every line that it logs",
        );
    }
    name.value.into()
}

pub(super) fn stack_size(context: &mut Context<'_>, attrs: &Attrs<'_>) -> Parsed<u64> {
    let Some(size) = attrs.optional_number(context, "stack_size", STACK_SIZE)? else {
        return Ok(STACK_SIZE_DEFAULT);
    };
    if size % PAGE_SMALL != 0 {
        let message = format!(
            "{}: stack_size {size:#x} is not a multiple of the page size",
            attrs.element.describe()
        );
        let help = format!(
            "a stack is made of 4 KiB pages: write {:#x}",
            size.next_multiple_of(PAGE_SMALL)
        );
        return Err(context.error(attrs.span_of("stack_size"), message, help));
    }
    Ok(size)
}

pub(super) fn cpu(context: &mut Context<'_>, attrs: &Attrs<'_>) -> u8 {
    let last = context.config.cores.saturating_sub(1);
    let limit = Limit::new(
        0,
        last.into(),
        "the kernel of this configuration has no more cores",
    );
    let cpu = attrs.optional_number(context, "cpu", limit);
    cpu.ok().flatten().unwrap_or(0) as u8
}

/// `budget`, `period` and `passive`: checked, and without effect on a kernel without MCS scheduling.
pub(super) fn scheduling(context: &mut Context<'_>, attrs: &Attrs<'_>) -> bool {
    let budget = attrs.optional_number(context, "budget", Limit::ANY);
    let period = attrs.optional_number(context, "period", Limit::ANY);
    let passive = attrs.flag(context, "passive", false);
    let about = attrs.element.describe();
    if let (Ok(budget), Ok(period)) = (budget, period) {
        let budget_value = budget.unwrap_or(BUDGET_DEFAULT);
        let period_value = period.unwrap_or(budget_value);
        if budget_value > period_value {
            let message = format!("{about}: budget {budget_value} is above period {period_value}");
            let help =
                "a budget is the part of each period, both in microseconds, and 1000 by default";
            let place = if budget.is_some() { "budget" } else { "period" };
            context.error(attrs.span_of(place), message, help);
        }
    }
    if !context.config.mcs {
        let given = [
            ("budget", budget.ok().flatten().is_some()),
            ("period", period.ok().flatten().is_some()),
            ("passive", passive == Ok(true)),
        ];
        for (name, _) in given.into_iter().filter(|(_, given)| *given) {
            let message = format!("{about}: '{name}' has no effect");
            let help = "this kernel has no MCS scheduling: protection domains of one priority share \
                        the time in slices, and every one keeps its own";
            context.warning(attrs.span_of(name), message, help);
        }
    }
    passive.unwrap_or(false)
}

/// `fpu`: without effect, since this kernel knows no threads without floating-point registers.
pub(super) fn fpu(context: &mut Context<'_>, attrs: &Attrs<'_>) -> bool {
    let fpu = attrs.flag(context, "fpu", true).unwrap_or(true);
    if !fpu {
        let message = format!("{}: 'fpu' has no effect", attrs.element.describe());
        let help = "this kernel keeps the floating-point registers of every protection domain that \
                    uses them, and costs the others nothing";
        context.warning(attrs.span_of("fpu"), message, help);
    }
    fpu
}

pub(super) fn domain(
    context: &mut Context<'_>,
    attrs: &Attrs<'_>,
    has_domains: bool,
) -> Option<u8> {
    let about = attrs.element.describe();
    if !has_domains {
        if attrs.get("domain").is_some() {
            let message = format!("{about}: the system has no domains");
            let help = "remove the attribute, or add <domains> with a <domain_schedule>";
            context.error(attrs.span_of("domain"), message, help);
        }
        return None;
    }
    let domain = attrs.text(context, "domain").ok()?;
    context.resolve_domain(&domain, &about).ok()
}
