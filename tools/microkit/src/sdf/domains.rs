// SPDX-License-Identifier: BSD-2-Clause
//! `<domains>`: the scheduling domains and their schedule.

use super::context::{Context, Parsed, Reported};
use super::element::Element;
use super::number::Limit;
use super::schedule;
use crate::model::{Domains, ScheduleEntry};

const CHILDREN: &[&str] = &["domain", "domain_schedule"];
/// Domains to count with on a kernel that has none, where that has been reported.
const DOMAINS_OTHERWISE: u8 = 16;

/// Parses `<domains>` among the children of the system, and makes the names known.
pub(super) fn parse<'a>(context: &mut Context<'a>, children: &[Element<'a>]) -> Option<Domains> {
    let mut found = children.iter().filter(|child| child.is("domains"));
    let element = *found.next()?;
    for again in found {
        let help = "put all domains and the one schedule into one element";
        let message = "domains: it stands there twice";
        context.conflict(again.span(), (element.span(), "the first"), message, help);
    }
    let pd = children.iter().find(|child| child.is("protection_domain"));
    if let Some(pd) = pd
        && pd.span().start < element.span().start
    {
        let message = "domains: it must stand before the protection domains";
        let help = "move it to the beginning of the system";
        context.conflict(element.span(), (pd.span(), "the first one"), message, help);
    }
    if context.config.cores > 1 {
        let message = "domains: a multicore kernel has no domain scheduler";
        let help = "build for a configuration with one core, or remove the domains";
        context.error(element.span(), message, help);
    }
    content(context, element).ok()
}

fn content<'a>(context: &mut Context<'a>, element: Element<'a>) -> Parsed<Domains> {
    element.attrs(context, &[]);
    let mut domains = Vec::new();
    let mut schedule = None;
    let mut misspelt = false;
    for child in element.children(context) {
        if child.is("domain") {
            domains.push(child);
        } else if !child.is("domain_schedule") {
            let unknown = element.unknown_child(context, child, CHILDREN);
            misspelt |= unknown.meant == Some("domain_schedule");
        } else if let Some(first) = schedule {
            let first: Element<'_> = first;
            let help = "put all entries into one schedule";
            let message = "domains: more than one domain_schedule";
            context.conflict(child.span(), (first.span(), "the first"), message, help);
        } else {
            schedule = Some(child);
        }
    }
    if domains.is_empty() {
        let message = "domains: there is no domain";
        context.error(element.span(), message, "add <domain name=\"…\"/>");
    }
    let names = names(context, &domains);
    let Some(schedule) = schedule else {
        if !misspelt {
            let message = "domains: there is no domain_schedule";
            let help = "add <domain_schedule> with a <schedule_entry> for each turn";
            context.error(element.span(), message, help);
        }
        return Err(Reported);
    };
    let (start_index, index_shift, schedule) = schedule::parse(context, schedule)?;
    check_turns(
        context,
        &domains,
        schedule.get(start_index as usize..).unwrap_or_default(),
    );
    Ok(Domains {
        names,
        start_index,
        index_shift,
        schedule,
    })
}

/// Gives every domain its number: its own where it has one, else the lowest that is free.
fn names<'a>(context: &mut Context<'a>, domains: &[Element<'a>]) -> Vec<String> {
    let count = match context.config.domains {
        0 | 1 => DOMAINS_OTHERWISE,
        count => count,
    };
    let limit = Limit::new(0, u64::from(count) - 1, "the kernel has no more domains");
    let mut by_number: Vec<Option<Element<'a>>> = vec![None; count.into()];
    let mut without = Vec::new();
    let mut seen: Vec<(&'a str, Element<'a>)> = Vec::new();
    for &domain in domains {
        let attrs = domain.attrs(context, &["name", "id"]);
        domain.no_children(context);
        let name = attrs.text(context, "name");
        let id = attrs.optional_number(context, "id", limit);
        let Ok(name) = name else { continue };
        if let Some((_, first)) = seen.iter().find(|(known, _)| *known == name.value) {
            let message = format!("{}: the name is taken", domain.describe());
            let earlier = (first.span(), "the first of this name");
            context.conflict(domain.span(), earlier, message, "give it another name");
            continue;
        }
        if seen.len() > usize::from(u8::MAX) {
            continue;
        }
        seen.push((name.value, domain));
        match id {
            Ok(None) => without.push((name.value, domain)),
            Ok(Some(id)) => {
                context.domains.push((name.value, id as u8));
                if let Some(first) = by_number[id as usize] {
                    let message = format!("{}: id {id} is taken", domain.describe());
                    let earlier = (first.span(), "it has the same id");
                    let help = "choose another, or leave it to the tool";
                    context.conflict(attrs.span_of("id"), earlier, message, help);
                } else {
                    by_number[id as usize] = Some(domain);
                }
            }
            Err(Reported) => context.domains.push((name.value, 0)),
        }
    }
    for (name, domain) in without {
        let free = by_number.iter().position(Option::is_none);
        context.domains.push((name, free.unwrap_or(0) as u8));
        if let Some(free) = free {
            by_number[free] = Some(domain);
        } else {
            let message = format!("{}: too many domains", domain.describe());
            context.error(domain.span(), message, format!("the kernel has {count}"));
        }
    }
    let used = by_number
        .iter()
        .rposition(Option::is_some)
        .map_or(0, |last| last + 1);
    let name = |domain: &Option<Element<'a>>| {
        let name = domain.and_then(|domain| domain.node.attribute("name"));
        name.unwrap_or_default().to_owned()
    };
    by_number[..used].iter().map(name).collect()
}

/// Warns of domains that never get a turn. `schedule` begins with the entry that runs first; the kernel
/// goes back to that one at the end marker, so nothing behind it runs.
fn check_turns(context: &mut Context<'_>, domains: &[Element<'_>], schedule: &[ScheduleEntry]) {
    for domain in domains {
        let name = domain.node.attribute("name");
        let known = context
            .domains
            .iter()
            .find(|(known, _)| Some(*known) == name);
        let Some((_, number)) = known.copied() else {
            continue;
        };
        let mut turns = schedule.iter().map_while(|entry| match entry {
            ScheduleEntry::Run { domain, .. } => Some(*domain),
            ScheduleEntry::EndMarker => None,
        });
        if !turns.any(|turn| turn == number) {
            let message = format!("{}: it never gets a turn", domain.describe());
            let help = "add a <schedule_entry> for it, or what belongs to it never runs";
            context.warning(domain.span(), message, help);
        }
    }
}
