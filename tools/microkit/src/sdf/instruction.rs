// SPDX-License-Identifier: BSD-2-Clause
//! `<?postern …?>`: what the format has no place for. A processing instruction and no element, so that
//! other tools that read the format pass it over. It has attributes as an element has, but without
//! entities.

use roxmltree::{Document, Node};

use super::attrs::{Attr, Attrs, Item};
use super::context::{Context, Parsed};
use super::element::Element;
use super::text::{nearest, quote};
use crate::model::Span;

const TARGET: &str = "postern";
/// Where one may stand.
const PLACES: &[&str] = &["protection_domain", "memory_region", "io_address_space"];
/// More attributes than any of them has.
const ITEMS_MAX: usize = 100;

/// An instruction whose attributes are written as they should be, but not yet looked at.
pub(super) struct Instruction<'a> {
    pub element: Element<'a>,
    pub span: Span,
    items: Vec<Item<'a>>,
}

/// Our instructions that stand right in an element. What is no list of attributes is reported, with
/// the `form` that is expected.
pub(super) fn all<'a>(
    context: &mut Context<'_>,
    element: Element<'a>,
    form: &str,
) -> Vec<Parsed<Instruction<'a>>> {
    let nodes = element.node.children().filter(|node| is_ours(*node));
    let nodes = nodes.take_while(|_| !context.is_full());
    nodes
        .collect::<Vec<_>>()
        .into_iter()
        .map(|node| parse(context, element, node, form))
        .collect()
}

impl<'a> Instruction<'a> {
    /// Whether it has any of these attributes.
    pub fn has_any(&self, names: &[&str]) -> bool {
        self.items.iter().any(|item| names.contains(&item.name))
    }

    /// The attributes, unknown ones having been reported.
    pub fn attrs(self, context: &mut Context<'_>, known: &[&'static str]) -> Attrs<'a> {
        Attrs::new(context, self.element, self.items, Some(self.span), known)
    }
}

fn parse<'a>(
    context: &mut Context<'_>,
    element: Element<'a>,
    node: Node<'a, 'a>,
    form: &str,
) -> Parsed<Instruction<'a>> {
    let span = node.range();
    // Between `<?postern` and `?>`.
    let start = span.start + 2 + TARGET.len();
    let text = &node.document().input_text()[start..span.end - 2];
    let about = element.describe();
    let items = match items(text, start) {
        Some(items) if !items.is_empty() => items,
        _ => {
            let message = format!("{about}: <?postern?> says {}", quote(text.trim()));
            return Err(context.error(span, message, form));
        }
    };
    for (at, item) in items.iter().enumerate() {
        if let Some(first) = items[..at].iter().find(|first| first.name == item.name) {
            let name = quote(item.name);
            let message = format!("{about}: attribute {name} stands there twice");
            let earlier = (first.place.clone(), "the first");
            return Err(context.conflict(item.place.clone(), earlier, message, "remove one"));
        }
    }
    Ok(Instruction {
        element,
        span,
        items,
    })
}

/// The attributes in a text that starts at byte `start` of the file.
fn items(text: &str, start: usize) -> Option<Vec<Item<'_>>> {
    let at = |part: &str| start + (part.as_ptr() as usize - text.as_ptr() as usize);
    let mut items = Vec::new();
    let mut rest = text;
    loop {
        let spaced = rest.trim_start();
        if spaced.is_empty() {
            return Some(items);
        }
        if spaced.len() == rest.len() || items.len() == ITEMS_MAX {
            return None;
        }
        let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let name = &spaced[..spaced.find(|c| !word(c))?];
        let after = spaced[name.len()..].trim_start().strip_prefix('=')?;
        let after = after.trim_start();
        let quote = after.chars().next().filter(|c| matches!(c, '"' | '\''))?;
        let (value, end) = after[1..].split_once(quote)?;
        if name.is_empty() {
            return None;
        }
        let place = at(name)..at(name) + name.len();
        let mut span = at(value)..at(value) + value.len();
        if value.is_empty() {
            span = place.start..at(end);
        }
        items.push(Item {
            name,
            foreign: false,
            place,
            attr: Attr { value, span },
        });
        rest = end;
    }
}

/// Reports our instructions where none may stand, and warns of those whose name is misspelt.
pub(super) fn check_places(context: &mut Context<'_>, document: &Document<'_>) {
    for node in document.descendants().filter(Node::is_pi) {
        let Some(pi) = node.pi() else { continue };
        if is_ours(node) {
            let place = node.parent_element().map(|parent| Element { node: parent });
            if !place.is_some_and(|place| PLACES.iter().any(|name| place.is(name))) {
                let message = "<?postern?> stands outside a protection_domain, a memory_region or an \
                               io_address_space";
                let help = "move it into the element that it is for";
                context.error(node.range(), message, help);
            }
        } else if nearest(pi.target, [TARGET]).is_some() {
            let message = format!("<?{}?> is ignored", quote(pi.target).trim_matches('\''));
            context.warning(node.range(), message, "did you mean <?postern …?>?");
        }
    }
}

fn is_ours(node: Node<'_, '_>) -> bool {
    node.pi().is_some_and(|pi| pi.target == TARGET)
}
