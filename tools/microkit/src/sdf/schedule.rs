// SPDX-License-Identifier: BSD-2-Clause
//! `<domain_schedule>`: whose turn it is, and for how long.

use super::context::{Context, Parsed, Reported};
use super::element::Element;
use super::number::{self, Limit};
use super::text::quote;
use crate::model::{Duration, ScheduleEntry};

const CHILDREN: &[&str] = &["schedule_entry", "schedule_end_marker"];

/// The start index, the index shift and the entries.
pub(super) fn parse(
    context: &mut Context<'_>,
    element: Element<'_>,
) -> Parsed<(u64, u64, Vec<ScheduleEntry>)> {
    let attrs = element.attrs(context, &["start_index", "index_shift"]);
    let start = attrs.optional_number(context, "start_index", Limit::ANY);
    let shift = attrs.optional_number(context, "index_shift", Limit::ANY);
    let mut entries = Vec::new();
    let mut complete = true;
    for child in element.children(context) {
        if child.is("schedule_entry") {
            let entry = entry(context, child);
            complete &= entry.is_ok();
            entries.extend(entry);
        } else if child.is("schedule_end_marker") {
            child.attrs(context, &[]);
            child.no_children(context);
            entries.push(ScheduleEntry::EndMarker);
        } else {
            element.unknown_child(context, child, CHILDREN);
            complete = false;
        }
    }
    let (start, shift) = (start?.unwrap_or(0), shift?.unwrap_or(0));
    if !complete {
        return Err(Reported);
    }
    let len = entries.len() as u64;
    let room = u64::from(context.config.domain_schedules);
    if len >= room {
        let message = format!("domain_schedule: it has {len} entries");
        let help = format!("the kernel has room for {room}, the last of which marks the end");
        return Err(context.error(element.span(), message, help));
    }
    let first = entries.get(usize::try_from(start).unwrap_or(usize::MAX));
    if !matches!(first, Some(ScheduleEntry::Run { .. })) {
        let message = format!("domain_schedule: there is no schedule_entry {start} to start with");
        let help = format!("the schedule has {len} entries, counted from 0");
        return Err(context.error(attrs.span_of("start_index"), message, help));
    }
    if shift.checked_add(len).is_none_or(|end| end >= room) {
        let message = format!("domain_schedule: {len} entries from index {shift} on are too many");
        let help = format!("the kernel has room for {room}, the last of which marks the end");
        return Err(context.error(attrs.span_of("index_shift"), message, help));
    }
    Ok((start, shift, entries))
}

fn entry(context: &mut Context<'_>, element: Element<'_>) -> Parsed<ScheduleEntry> {
    let attrs = element.attrs(context, &["domain", "duration"]);
    element.no_children(context);
    let domain = attrs.text(context, "domain");
    let text = attrs.text(context, "duration");
    let domain = domain.and_then(|domain| context.resolve_domain(&domain, "schedule_entry"));
    let duration = text.and_then(|text| {
        duration(text.value).ok_or_else(|| {
            let message = format!("schedule_entry: duration {} is no time", quote(text.value));
            let help = "write a number above 0, a space, and us or ticks, e.g. \"1000 us\"";
            context.error(text.span, message, help)
        })
    });
    Ok(ScheduleEntry::Run {
        domain: domain?,
        duration: duration?,
    })
}

fn duration(text: &str) -> Option<Duration> {
    let (number, unit) = text.split_once(' ')?;
    let number = number::parse(number).ok().filter(|&number| number > 0)?;
    match unit {
        "us" => Some(Duration::Microseconds(number)),
        "ticks" => Some(Duration::Ticks(number)),
        _ => None,
    }
}
