// SPDX-License-Identifier: BSD-2-Clause
//! `<system>`: the passes over its children.

use roxmltree::Document;

use super::channel;
use super::check;
use super::context::{Context, Parsed, Reported};
use super::domains;
use super::element::Element;
use super::instruction;
use super::iommu;
use super::limits::PDS_MAX;
use super::mr::{self, MrDraft};
use super::pages;
use super::pd::{self, PdDraft};
use super::text::quote;
use crate::model::{Channel, Domains, IoAddressSpace, PdId, System};

const CHILDREN: &[&str] = &[
    "protection_domain",
    "memory_region",
    "channel",
    "io_address_space",
    "domains",
];

/// The system as far as it could be parsed. Where an error was recorded, elements are missing from it or
/// have stand-in values, so that only the checks may look at it.
pub(super) struct Draft<'a> {
    pub pds: Vec<PdDraft<'a>>,
    pub regions: Vec<MrDraft>,
    pub channels: Vec<Channel>,
    pub io_address_spaces: Vec<IoAddressSpace>,
    pub domains: Option<Domains>,
}

/// A protection domain's element, before it is parsed.
struct PdElement<'a> {
    element: Element<'a>,
    parent: Option<PdId>,
}

/// Parses the whole tree. Without recorded errors the system is complete.
pub(super) fn parse<'a>(context: &mut Context<'a>, document: &'a Document<'a>) -> Parsed<System> {
    let root = Element {
        node: document.root_element(),
    };
    if !root.is("system") {
        let message = format!("the root element is {}, not 'system'", quote(root.name()));
        let help = "a system description starts with <system>, without a namespace";
        return Err(context.error(root.span(), message, help));
    }
    root.attrs(context, &[]);
    let children = root.children(context);
    let pds = protection_domains(context, &children);
    for (index, region) in named(&children, "memory_region").enumerate() {
        mr::declare(context, region, index);
    }
    let domains = domains::parse(context, &children);
    let has_domains = children.iter().any(|child| child.is("domains"));

    let mut draft = Draft {
        pds: Vec::new(),
        regions: Vec::new(),
        channels: Vec::new(),
        io_address_spaces: Vec::new(),
        domains,
    };
    for pd in &pds {
        let mut child = pd::parse(context, pd.element, pd.parent, has_domains);
        if let (Some(parent), Some(setvar)) = (pd.parent, child.parent_setvar.take()) {
            draft.pds[parent].model.setvars.push(setvar);
        }
        draft.pds.push(child);
    }
    for child in &children {
        match child.name() {
            _ if !CHILDREN.iter().any(|name| child.is(name)) => {
                root.unknown_child(context, *child, CHILDREN);
            }
            "memory_region" => draft.regions.push(mr::parse(context, *child)),
            "channel" => draft
                .channels
                .extend(channel::parse(context, *child, &mut draft.pds)),
            "io_address_space" => draft
                .io_address_spaces
                .extend(iommu::parse(context, *child, &draft.pds)),
            _ => {}
        }
    }
    instruction::check_places(context, document);
    if pds.is_empty() {
        context.error(
            root.span(),
            "system: there is no protection domain",
            "a system has at least one <protection_domain>",
        );
    }
    pages::choose(context, &mut draft);
    // With more protection domains than there may be, only their number is worth a word.
    if pds.len() <= PDS_MAX {
        check::all(context, &draft);
    }
    finish(context, draft)
}

fn named<'e, 'a>(
    children: &'e [Element<'a>],
    name: &str,
) -> impl Iterator<Item = Element<'a>> + 'e {
    let name = name.to_owned();
    children
        .iter()
        .copied()
        .filter(move |child| child.is(&name))
}

/// All protection domains, parents before their children, and their names. The tree is walked with a
/// stack of our own: a hostile file nests deeper than the call stack reaches.
fn protection_domains<'a>(
    context: &mut Context<'a>,
    children: &[Element<'a>],
) -> Vec<PdElement<'a>> {
    let mut pds = Vec::new();
    let mut stack: Vec<PdElement<'a>> = named(children, "protection_domain")
        .map(|element| PdElement {
            element,
            parent: None,
        })
        .collect();
    stack.reverse();
    while let Some(pd) = stack.pop() {
        let index = pds.len();
        if index == PDS_MAX {
            let message = format!("{}: too many protection domains", pd.element.describe());
            let help =
                format!("a system has at most {PDS_MAX}: remove this one and those after it");
            context.error(pd.element.span(), message, help);
        }
        pd::declare(context, pd.element, index);
        let nested = pd.element.children_named("protection_domain").rev();
        stack.extend(nested.map(|element| PdElement {
            element,
            parent: Some(index),
        }));
        pds.push(pd);
    }
    pds
}

fn finish(context: &Context<'_>, draft: Draft<'_>) -> Parsed<System> {
    if context.has_errors() {
        return Err(Reported);
    }
    Ok(System {
        pds: draft.pds.into_iter().map(|pd| pd.model).collect(),
        memory_regions: draft
            .regions
            .into_iter()
            .map(|region| region.model)
            .collect(),
        channels: draft.channels,
        io_address_spaces: draft.io_address_spaces,
        domains: draft.domains,
    })
}
