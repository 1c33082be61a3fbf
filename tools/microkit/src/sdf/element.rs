// SPDX-License-Identifier: BSD-2-Clause
//! An XML element with its place, and what is checked of every one: no text, no unknown children.

use roxmltree::{Node, NodeType};

use super::context::Context;
use super::text::{list, nearest, quote};
use crate::model::Span;

/// Where each element belongs, for the help on one that stands elsewhere.
const PLACES: &[(&str, &str)] = &[
    (
        "protection_domain",
        "system or in another protection_domain",
    ),
    ("memory_region", "system"),
    ("channel", "system"),
    ("io_address_space", "system"),
    ("domains", "system, before the protection domains"),
    ("program_image", "protection_domain"),
    ("map", "protection_domain or virtual_machine"),
    ("irq", "protection_domain"),
    ("ioport", "protection_domain"),
    ("setvar", "protection_domain"),
    ("virtual_machine", "protection_domain"),
    ("cspace", "protection_domain"),
    ("vcpu", "virtual_machine"),
    ("cap_tcb", "cspace"),
    ("cap_vspace", "cspace"),
    ("cap_vcpu", "cspace"),
    ("end", "channel"),
    ("iomap", "io_address_space"),
    ("domain", "domains"),
    ("domain_schedule", "domains"),
    ("schedule_entry", "domain_schedule"),
    ("schedule_end_marker", "domain_schedule"),
];

/// How far a description looks around for a name; keeps deep nesting cheap.
const AROUND_MAX: usize = 8;

/// A child that is none of those expected.
#[derive(Debug, Clone, Copy)]
pub(super) struct UnknownChild {
    /// The expected one that it most likely is a misspelling of.
    pub meant: Option<&'static str>,
}

#[derive(Clone, Copy)]
pub(super) struct Element<'a> {
    pub node: Node<'a, 'a>,
}

impl<'a> Element<'a> {
    pub fn name(self) -> &'a str {
        self.node.tag_name().name()
    }

    /// The start tag.
    pub fn span(self) -> Span {
        let start = self.node.range().start;
        let text = self.node.document().input_text();
        let last = self
            .node
            .attributes()
            .next_back()
            .map(|attribute| attribute.range().end);
        let after = last.unwrap_or(self.name_span().end);
        let end = text[after..]
            .find('>')
            .map_or(after, |close| after + close + 1);
        start..end
    }

    /// `<name`, with the prefix if there is one.
    fn name_span(self) -> Span {
        let range = self.node.range();
        let text = &self.node.document().input_text()[range.clone()];
        let len = text
            .find(|c: char| c.is_ascii_whitespace() || c == '>' || c == '/')
            .unwrap_or(text.len());
        range.start..range.start + len
    }

    /// The element in words: by its own name, or by the nearest element around it that has one.
    pub fn describe(self) -> String {
        let tag = self.name();
        if let Some(name) = self.node.attribute("name") {
            return format!("{tag} {}", quote(name));
        }
        if tag == "end" {
            return match self.node.attribute("pd") {
                Some(pd) => format!("channel end of protection_domain {}", quote(pd)),
                None => "channel end".into(),
            };
        }
        let named = self
            .node
            .ancestors()
            .skip(1)
            .take(AROUND_MAX)
            .find_map(|around| {
                let name = around.attribute("name")?;
                Some(format!("{} {}", around.tag_name().name(), quote(name)))
            });
        match named {
            Some(around) => format!("{tag} in {around}"),
            None => tag.into(),
        }
    }

    /// The child elements. Text between them is an error; comments and processing instructions are not.
    pub fn children(self, context: &mut Context<'_>) -> Vec<Element<'a>> {
        let mut children = Vec::new();
        for node in self.node.children() {
            match node.node_type() {
                NodeType::Element => children.push(Element { node }),
                NodeType::Text => self.check_text(context, node),
                NodeType::Root | NodeType::Comment | NodeType::PI => {}
            }
        }
        children
    }

    /// The child elements of one name.
    pub fn children_named(self, name: &str) -> impl DoubleEndedIterator<Item = Element<'a>> {
        let elements = self.node.children().map(|node| Element { node });
        elements.filter(move |child| child.is(name))
    }

    /// That the element has no content.
    pub fn no_children(self, context: &mut Context<'_>) {
        for child in self.children(context) {
            self.unknown_child(context, child, &[]);
        }
    }

    fn check_text(self, context: &mut Context<'_>, node: Node<'_, '_>) {
        let range = node.range();
        let text = &self.node.document().input_text()[range.clone()];
        let Some(offset) = text.find(|c: char| !c.is_ascii_whitespace()) else {
            return;
        };
        let line = text[offset..].lines().next().unwrap_or_default().trim_end();
        let start = range.start + offset;
        context.error(
            start..start + line.len(),
            format!("{}: unexpected text {}", self.describe(), quote(line)),
            "a system description has elements and attributes only; put notes in comments, <!-- … -->",
        );
    }

    /// Reports a child element that has no business here.
    pub fn unknown_child(
        self,
        context: &mut Context<'_>,
        child: Element<'_>,
        known: &[&'static str],
    ) -> UnknownChild {
        if context.is_full() {
            return UnknownChild { meant: None };
        }
        let name = child.name();
        let meant = nearest(name, known.iter().copied())
            .and_then(|near| known.iter().copied().find(|&word| word == near));
        let place = PLACES.iter().find(|(element, _)| *element == name);
        let help = if child.node.tag_name().namespace().is_some() {
            "a system description uses no XML namespaces".into()
        } else if let Some((_, place)) = place {
            format!("{name} belongs in {place}")
        } else if let Some(meant) = meant {
            format!("did you mean {meant}?")
        } else if known.is_empty() {
            format!("{} has no elements in it", self.name())
        } else {
            format!("{} may contain {}", self.name(), list(known))
        };
        let message = format!(
            "{}: element {} is not allowed here",
            self.describe(),
            quote(name)
        );
        context.error(child.name_span(), message, help);
        UnknownChild { meant }
    }

    /// Whether it is an element of this name, without a namespace.
    pub fn is(self, name: &str) -> bool {
        self.name() == name && self.node.tag_name().namespace().is_none()
    }
}
