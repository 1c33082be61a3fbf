// SPDX-License-Identifier: BSD-2-Clause
//! `<?postern restart="N"?>` in a protection domain: what the monitor does when it faults.
//!
//! A processing instruction and no element, so that other tools that read the format pass it over.

use roxmltree::{Document, Node};

use super::context::Context;
use super::element::Element;
use super::limits::RESTARTS;
use super::number;
use super::text::{nearest, quote};
use crate::model::Span;

const TARGET: &str = "postern";
const FORM: &str = "write <?postern restart=\"N\"?>: the monitor starts it again at most N times";

/// How often the protection domain may be restarted, 0 without an instruction.
pub(super) fn restarts(context: &mut Context<'_>, element: Element<'_>) -> u32 {
    let mut first: Option<Span> = None;
    let mut restarts = 0;
    for node in element.node.children().filter(|node| is_ours(*node)) {
        let span = node.range();
        if let Some(first) = &first {
            let message = format!("{}: more than one <?postern?>", element.describe());
            let earlier = (first.clone(), "the first");
            context.conflict(span, earlier, message, "remove one");
            continue;
        }
        let parent = element.node.parent_element();
        if let Some(parent) = parent.filter(|parent| parent.has_tag_name("protection_domain")) {
            let name = quote(parent.attribute("name").unwrap_or_default());
            let message = format!("{}: the monitor does not restart it", element.describe());
            let help = format!("its parent {name} gets its faults and decides: remove this");
            context.error(span.clone(), message, help);
        } else {
            restarts = parse(context, element, node);
        }
        first = Some(span);
    }
    restarts
}

fn parse(context: &mut Context<'_>, element: Element<'_>, node: Node<'_, '_>) -> u32 {
    let value = node.pi().and_then(|pi| pi.value).unwrap_or_default().trim();
    let about = element.describe();
    let quoted = value
        .strip_prefix("restart")
        .and_then(|rest| rest.trim_start().strip_prefix('='))
        .map(str::trim_start)
        .and_then(|rest| {
            let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\''))?;
            rest.strip_prefix(quote)?.strip_suffix(quote)
        });
    let Some(text) = quoted else {
        let message = format!("{about}: <?postern?> says {}", quote(value));
        context.error(node.range(), message, FORM);
        return 0;
    };
    match number::parse(text) {
        Ok(number) if RESTARTS.contains(number) => number as u32,
        _ => {
            let message = format!(
                "{about}: restart is {}, but must be {RESTARTS}",
                quote(text)
            );
            context.error(node.range(), message, RESTARTS.why);
            0
        }
    }
}

/// Reports our instructions outside protection domains, and warns of those whose name is misspelt.
pub(super) fn check_places(context: &mut Context<'_>, document: &Document<'_>) {
    for node in document.descendants().filter(Node::is_pi) {
        let Some(pi) = node.pi() else { continue };
        if is_ours(node) {
            let parent = node.parent_element();
            if !parent.is_some_and(|parent| parent.has_tag_name("protection_domain")) {
                let message = "<?postern?> stands outside a protection_domain";
                let help = "move it into the protection_domain that it is for";
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
