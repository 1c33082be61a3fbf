// SPDX-License-Identifier: BSD-2-Clause
//! `<protection_domain>`.

use super::attrs::Attrs;
use super::context::{Context, Parsed};
use super::element::Element;
use super::limits::{CHILD_ID, PRIORITY, STACK_TOP};
use super::text::quote;
use super::{cspace, image, ioport, irq, map, pd_attrs, policy, setvar, vm};
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
    /// Some of its physical functions are not in the model for their errors.
    pub broken_functions: bool,
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
    let attrs = element.attrs(context, ATTRIBUTES);
    if parent.is_none() {
        no_child_attributes(context, &attrs);
    }
    let name = pd_attrs::name(context, &attrs);
    let priority = attrs
        .optional_number(context, "priority", PRIORITY)
        .map(|priority| priority.unwrap_or(0) as u8);
    let stack_size = pd_attrs::stack_size(context, &attrs);
    let (parent, parent_setvar) = match parent {
        Some(pd) => as_child(context, &attrs, pd),
        None => (None, None),
    };
    let policy = policy::parse(context, element);
    let mut model = ProtectionDomain {
        name,
        span: element.span(),
        parent,
        priority: priority.unwrap_or(0),
        cpu: pd_attrs::cpu(context, &attrs),
        fpu: pd_attrs::fpu(context, &attrs),
        passive: pd_attrs::scheduling(context, &attrs),
        stack_size: stack_size.unwrap_or(pd_attrs::STACK_SIZE_DEFAULT),
        domain: pd_attrs::domain(context, &attrs, has_domains),
        program_image: ProgramImage::default(),
        maps: Vec::new(),
        irqs: Vec::new(),
        ioports: Vec::new(),
        setvars: policy.setvars,
        cspace: Vec::new(),
        virtual_machine: None,
        restarts: policy.restarts,
        functions: policy.functions,
    };
    if attrs.flag(context, "smc", false) == Ok(true) {
        let message = format!(
            "{}: secure monitor calls exist on ARM only",
            element.describe()
        );
        context.error(attrs.span_of("smc"), message, "remove smc=\"true\"");
    }
    content(context, element, &mut model);
    PdDraft {
        element,
        model,
        priority,
        map_top: stack_size.map(|size| STACK_TOP - size),
        parent_setvar,
        has_machine: element.children_named("virtual_machine").next().is_some(),
        broken_functions: policy.broken_functions,
    }
}

fn no_child_attributes(context: &mut Context<'_>, attrs: &Attrs<'_>) {
    for name in ["id", "setvar_id"] {
        if let Some(attribute) = attrs.element.node.attribute_node(name) {
            let message = format!("{}: unknown attribute '{name}'", attrs.element.describe());
            let help = "only a child of another protection domain has an id: remove it";
            context.error(attribute.range_qname(), message, help);
        }
    }
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
