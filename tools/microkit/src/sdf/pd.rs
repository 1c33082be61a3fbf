// SPDX-License-Identifier: BSD-2-Clause
//! `<protection_domain>`.

use super::attrs::Attrs;
use super::context::{Context, Parsed};
use super::element::Element;
use super::limits::{CHILD_ID, MONITOR, NAME_MAX, PAGE_SMALL, PRIORITY, STACK_SIZE, STACK_TOP};
use super::number::Limit;
use super::text::{nearest, quote};
use super::{cspace, image, ioport, irq, map, policy, setvar, vm};
use crate::model::{Parent, PdId, ProgramImage, ProtectionDomain, SetVar, SetVarValue};

/// The last two for children of another protection domain only.
const ATTRIBUTES: &[&str] = &[
    "name",
    "priority",
    "budget",
    "period",
    "passive",
    "stack_size",
    "cpu",
    "fpu",
    "domain",
    "smc",
    "id",
    "setvar_id",
];
const CHILDREN: &[&str] = &[
    "program_image",
    "map",
    "irq",
    "ioport",
    "setvar",
    "protection_domain",
    "virtual_machine",
    "cspace",
];

/// Default of `stack_size`, in bytes.
const STACK_SIZE_DEFAULT: u64 = 0x2000;
/// Default of `budget`, in microseconds.
const BUDGET_DEFAULT: u64 = 1000;

/// A protection domain with stand-ins for what could not be parsed. The values that checks compare
/// stand here a second time, for no conclusion must be drawn from a stand-in.
pub(super) struct PdDraft<'a> {
    pub element: Element<'a>,
    pub model: ProtectionDomain,
    pub priority: Parsed<u8>,
    /// End of the addresses that maps may use, exclusive.
    pub map_top: Parsed<u64>,
    /// The variable of the parent that is to hold this child's id.
    pub parent_setvar: Option<SetVar>,
    /// It has one, though it may not be in the model for its errors.
    pub has_machine: bool,
}

/// Makes the name known, so that elements before this one can refer to it.
pub(super) fn declare<'a>(context: &mut Context<'a>, element: Element<'a>, index: PdId) {
    let Some(name) = element
        .node
        .attribute("name")
        .filter(|name| !name.is_empty())
    else {
        return;
    };
    if let Err(first) = context.pds.define(name, index, element.span()) {
        let message = format!("protection_domain {}: the name is taken", quote(name));
        let help = "give each protection domain a name of its own";
        context.conflict(
            element.span(),
            (first, "the first of this name"),
            message,
            help,
        );
    }
}

/// Parses all but the children that are protection domains.
pub(super) fn parse<'a>(
    context: &mut Context<'a>,
    element: Element<'a>,
    parent: Option<PdId>,
    has_domains: bool,
) -> PdDraft<'a> {
    let known = if parent.is_some() {
        ATTRIBUTES
    } else {
        &ATTRIBUTES[..ATTRIBUTES.len() - 2]
    };
    let attrs = element.attrs(context, known);
    let name = name(context, &attrs);
    let priority = attrs
        .optional_number(context, "priority", PRIORITY)
        .map(|priority| priority.unwrap_or(0) as u8);
    let stack_size = stack_size(context, &attrs);
    let (parent, parent_setvar) = match parent {
        Some(pd) => as_child(context, &attrs, pd),
        None => (None, None),
    };
    let mut model = ProtectionDomain {
        name,
        span: element.span(),
        parent,
        priority: priority.unwrap_or(0),
        cpu: cpu(context, &attrs),
        fpu: attrs.flag(context, "fpu", true).unwrap_or(true),
        passive: scheduling(context, &attrs),
        stack_size: stack_size.unwrap_or(STACK_SIZE_DEFAULT),
        domain: domain(context, &attrs, has_domains),
        program_image: ProgramImage::default(),
        maps: Vec::new(),
        irqs: Vec::new(),
        ioports: Vec::new(),
        setvars: Vec::new(),
        cspace: Vec::new(),
        virtual_machine: None,
        restarts: policy::restarts(context, element),
    };
    if attrs.flag(context, "smc", false) == Ok(true) {
        let message = format!(
            "{}: secure monitor calls exist on ARM only",
            element.describe()
        );
        context.error(element.span(), message, "remove smc=\"true\"");
    }
    content(context, element, &mut model);
    PdDraft {
        element,
        model,
        priority,
        map_top: stack_size.map(|size| STACK_TOP - size),
        parent_setvar,
        has_machine: element.children_named("virtual_machine").next().is_some(),
    }
}

fn name(context: &mut Context<'_>, attrs: &Attrs<'_>) -> String {
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

fn stack_size(context: &mut Context<'_>, attrs: &Attrs<'_>) -> Parsed<u64> {
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

fn cpu(context: &mut Context<'_>, attrs: &Attrs<'_>) -> u8 {
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
fn scheduling(context: &mut Context<'_>, attrs: &Attrs<'_>) -> bool {
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

fn domain(context: &mut Context<'_>, attrs: &Attrs<'_>, has_domains: bool) -> Option<u8> {
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
    let known = &context.domains;
    if let Some((_, number)) = known.iter().find(|(name, _)| *name == domain.value) {
        return Some(*number);
    }
    let help = match nearest(domain.value, known.iter().map(|(name, _)| *name)) {
        Some(near) => format!("did you mean {}?", quote(near)),
        None => "name one of the <domain> elements in <domains>".into(),
    };
    let message = format!("{about}: there is no domain {}", quote(domain.value));
    context.error(domain.span, message, help);
    None
}

fn as_child(
    context: &mut Context<'_>,
    attrs: &Attrs<'_>,
    pd: PdId,
) -> (Option<Parent>, Option<SetVar>) {
    let id = attrs.number(context, "id", CHILD_ID);
    let setvar =
        id.and_then(|id| setvar::attribute(context, attrs, "setvar_id", SetVarValue::Const(id)));
    let parent = id.ok().map(|id| Parent {
        pd,
        child_id: id as u8,
    });
    (parent, setvar.ok().flatten())
}

fn content<'a>(context: &mut Context<'a>, element: Element<'a>, model: &mut ProtectionDomain) {
    let mut image: Option<Element<'a>> = None;
    let mut image_misspelt = false;
    let mut machine: Option<Element<'a>> = None;
    let mut caps: Option<Element<'a>> = None;
    for child in element.children(context) {
        let known = CHILDREN.iter().find(|name| child.is(name));
        match known.copied() {
            Some("program_image") if once(context, element, &mut image, child) => {
                model.program_image = image::parse(context, child);
            }
            Some("virtual_machine") if once(context, element, &mut machine, child) => {
                let cpu = model.cpu;
                model.virtual_machine = vm::parse(context, child, cpu, &mut model.setvars);
            }
            Some("cspace") if once(context, element, &mut caps, child) => {
                model.cspace = cspace::parse(context, child);
            }
            Some("map") => {
                let map = map::parse(context, child, Some(&mut model.setvars));
                model.maps.extend(map);
            }
            Some("irq") => {
                let irq = irq::parse(context, child, &mut model.setvars);
                model.irqs.extend(irq);
            }
            Some("ioport") => {
                let ioport = ioport::parse(context, child, &mut model.setvars);
                model.ioports.extend(ioport);
            }
            Some("setvar") => model.setvars.extend(setvar::parse(context, child)),
            Some(_) => {}
            None => {
                let unknown = element.unknown_child(context, child, CHILDREN);
                image_misspelt |= unknown.meant == Some("program_image");
            }
        }
    }
    if image.is_none() && !image_misspelt {
        let message = format!("{}: there is no program_image", element.describe());
        let help = "add <program_image path=\"NAME\"/>: the ELF file that it runs";
        context.error(element.span(), message, help);
    }
}

/// Whether `child` is the first of its kind; if not, that is an error.
fn once<'a>(
    context: &mut Context<'_>,
    element: Element<'a>,
    first: &mut Option<Element<'a>>,
    child: Element<'a>,
) -> bool {
    let Some(first) = first else {
        *first = Some(child);
        return true;
    };
    let name = child.name();
    let message = format!("{}: more than one {name}", element.describe());
    let help = format!("a protection domain has at most one {name}: remove one");
    context.conflict(child.span(), (first.span(), "the first"), message, help);
    false
}
