// SPDX-License-Identifier: BSD-2-Clause
//! Attributes: which ones an element has, and their values.

use super::context::{Context, Parsed, Reported};
use super::element::Element;
use super::number::{self, Limit, NumberError};
use super::text::{list, nearest, quote};
use crate::model::Span;

/// One attribute and where its value stands.
#[derive(Debug, Clone)]
pub(super) struct Attr<'a> {
    pub value: &'a str,
    pub span: Span,
}

/// An attribute as it is found: of an element, or of a processing instruction.
pub(super) struct Item<'a> {
    pub name: &'a str,
    /// In an XML namespace, so that it is none of those that anything here knows.
    pub foreign: bool,
    /// Where the name stands.
    pub place: Span,
    pub attr: Attr<'a>,
}

/// The attributes of an element or of an instruction in it, unknown ones having been reported.
pub(super) struct Attrs<'a> {
    pub element: Element<'a>,
    items: Vec<Item<'a>>,
    /// What has the attributes: the element, if it is not an instruction in it.
    instruction: Option<Span>,
    /// Absent attributes for which a misspelt one stands: not reported a second time as missing.
    misspelt: Vec<&'static str>,
}

impl<'a> Element<'a> {
    /// Checks that all attributes are among `known`.
    pub fn attrs(self, context: &mut Context<'_>, known: &[&'static str]) -> Attrs<'a> {
        let items = self.node.attributes().map(|attribute| {
            let mut span = attribute.range_value();
            if span.is_empty() {
                span = attribute.range();
            }
            let value = attribute.value();
            Item {
                name: attribute.name(),
                foreign: attribute.namespace().is_some(),
                place: attribute.range_qname(),
                attr: Attr { value, span },
            }
        });
        Attrs::new(context, self, items.collect(), None, known)
    }
}

impl<'a> Attrs<'a> {
    /// Checks that all of `items` are among `known`. They are those of `element` or of the
    /// instruction at a place in it.
    pub fn new(
        context: &mut Context<'_>,
        element: Element<'a>,
        items: Vec<Item<'a>>,
        instruction: Option<Span>,
        known: &[&'static str],
    ) -> Self {
        let mut misspelt = Vec::new();
        let whose = match instruction {
            Some(_) => "<?postern?>",
            None => element.name(),
        };
        for item in &items {
            let is_known = !item.foreign && known.contains(&item.name);
            if is_known || context.is_full() {
                continue;
            }
            let absent = known
                .iter()
                .copied()
                .filter(|word| !items.iter().any(|item| !item.foreign && item.name == *word));
            let near = nearest(item.name, absent.clone());
            let help = match near {
                Some(near) => format!("did you mean {near}?"),
                None if known.is_empty() => format!("{whose} has no attributes"),
                None => format!("{whose} may have {}", list(known)),
            };
            let name = quote(item.name);
            let message = format!("{}: unknown attribute {name}", element.describe());
            context.error(item.place.clone(), message, help);
            misspelt.extend(absent.filter(|word| Some(*word) == near));
        }
        Attrs {
            element,
            items,
            instruction,
            misspelt,
        }
    }

    /// The attribute if it is there.
    pub fn get(&self, name: &str) -> Option<Attr<'a>> {
        let named = |item: &&Item<'_>| !item.foreign && item.name == name;
        let found = self.items.iter().find(named)?;
        Some(found.attr.clone())
    }

    /// Where all of it stands.
    fn span(&self) -> Span {
        let element = || self.element.span();
        self.instruction.clone().unwrap_or_else(element)
    }

    /// Where the value stands, or else the start tag.
    pub fn span_of(&self, name: &str) -> Span {
        self.get(name).map_or_else(|| self.span(), |attr| attr.span)
    }

    /// Whether `name` stands there under a misspelt name, which has been reported.
    pub fn is_misspelt(&self, name: &str) -> bool {
        self.misspelt.contains(&name)
    }

    /// A text that must be there and not be empty.
    pub fn text(&self, context: &mut Context<'_>, name: &'static str) -> Parsed<Attr<'a>> {
        match self.get(name) {
            Some(attr) => self.not_empty(context, name, attr),
            None => Err(self.missing(context, name)),
        }
    }

    /// A text that may be absent, but not empty.
    pub fn optional_text(
        &self,
        context: &mut Context<'_>,
        name: &'static str,
    ) -> Parsed<Option<Attr<'a>>> {
        let attr = self.get(name);
        attr.map(|attr| self.not_empty(context, name, attr))
            .transpose()
    }

    fn not_empty(&self, context: &mut Context<'_>, name: &str, attr: Attr<'a>) -> Parsed<Attr<'a>> {
        if attr.value.is_empty() {
            let message = format!("{}: attribute '{name}' is empty", self.element.describe());
            return Err(context.error(attr.span, message, "give it a value"));
        }
        Ok(attr)
    }

    fn missing(&self, context: &mut Context<'_>, name: &str) -> Reported {
        if self.is_misspelt(name) {
            return Reported;
        }
        context.error(
            self.span(),
            format!("{}: missing attribute '{name}'", self.element.describe()),
            format!("add {name}=\"…\""),
        )
    }

    /// A number that must be there.
    pub fn number(
        &self,
        context: &mut Context<'_>,
        name: &'static str,
        limit: Limit,
    ) -> Parsed<u64> {
        match self.get(name) {
            Some(attr) => self.to_number(context, name, &attr, limit),
            None => Err(self.missing(context, name)),
        }
    }

    /// A number that may be absent.
    pub fn optional_number(
        &self,
        context: &mut Context<'_>,
        name: &'static str,
        limit: Limit,
    ) -> Parsed<Option<u64>> {
        let attr = self.get(name);
        attr.map(|attr| self.to_number(context, name, &attr, limit))
            .transpose()
    }

    fn to_number(
        &self,
        context: &mut Context<'_>,
        name: &str,
        attr: &Attr<'a>,
        limit: Limit,
    ) -> Parsed<u64> {
        let number = number::parse(attr.value);
        if let Ok(number) = number
            && limit.contains(number)
        {
            return Ok(number);
        }
        let about = format!("{}: attribute '{name}'", self.element.describe());
        let value = quote(attr.value);
        let span = attr.span.clone();
        Err(match number {
            Err(NumberError::Malformed) => {
                let as_hex = format!("0x{}", attr.value);
                let help = if number::parse(&as_hex).is_ok() {
                    format!("did you mean {as_hex}?")
                } else {
                    "write a decimal number, or a hexadecimal one after 0x; underscores may group \
                     digits"
                        .into()
                };
                context.error(
                    span,
                    format!("{about} is {value}, which is no number"),
                    help,
                )
            }
            _ => {
                let message = format!("{about} is {value}, but must be {limit}");
                context.error(span, message, limit.why)
            }
        })
    }

    /// `true` or `false`, or `default` where it is absent.
    pub fn flag(
        &self,
        context: &mut Context<'_>,
        name: &'static str,
        default: bool,
    ) -> Parsed<bool> {
        self.choice(context, name, &[("true", true), ("false", false)], default)
    }

    /// One of several words, or `default` where it is absent.
    pub fn choice<T: Copy>(
        &self,
        context: &mut Context<'_>,
        name: &'static str,
        words: &[(&'static str, T)],
        default: T,
    ) -> Parsed<T> {
        let Some(attr) = self.get(name) else {
            return Ok(default);
        };
        if let Some((_, value)) = words.iter().find(|(word, _)| *word == attr.value) {
            return Ok(*value);
        }
        let known: Vec<_> = words.iter().map(|(word, _)| *word).collect();
        let message = format!(
            "{}: attribute '{name}' is {}, but must be {}",
            self.element.describe(),
            quote(attr.value),
            known.join(" or "),
        );
        let help = match nearest(attr.value, known.iter().copied()) {
            Some(near) => format!("did you mean {near}?"),
            None => format!("write {name}=\"{}\"", known[0]),
        };
        Err(context.error(attr.span, message, help))
    }
}
