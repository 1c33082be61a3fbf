// SPDX-License-Identifier: BSD-2-Clause
//! `<channel>` with its two `<end>`s.

use super::context::{Context, Parsed};
use super::element::Element;
use super::limits::CHANNEL_ID;
use super::names::Kind;
use super::pd::PdDraft;
use super::setvar;
use crate::model::{Channel, ChannelEnd, SetVarValue};

const CHILDREN: &[&str] = &["end"];

pub(super) fn parse(
    context: &mut Context<'_>,
    element: Element<'_>,
    pds: &mut [PdDraft<'_>],
) -> Parsed<Channel> {
    element.attrs(context, &[]);
    let mut ends = Vec::new();
    let mut strangers = false;
    for child in element.children(context) {
        if child.is("end") {
            ends.push((child, end(context, child, pds)));
        } else {
            element.unknown_child(context, child, CHILDREN);
            strangers = true;
        }
    }
    let help = "a channel connects two protection domains: write one <end> for each";
    match <[_; 2]>::try_from(ends) {
        Ok([(_, a), (_, b)]) => {
            let (a, b) = (a?, b?);
            if a.pp && b.pp {
                let message = "channel: both ends may call each other";
                let help = "calls go to the higher priority only: remove pp=\"true\" from one end";
                return Err(context.conflict(b.span, (a.span, "the other end"), message, help));
            }
            Ok(Channel {
                ends: [a, b],
                span: element.span(),
            })
        }
        Err(ends) => {
            if ends.len() > 2 {
                let message = format!("channel: it has {} ends", ends.len());
                context.error(ends[2].0.span(), message, help);
            } else if !strangers {
                let message = match ends.len() {
                    0 => "channel: it has no ends",
                    _ => "channel: it has one end only",
                };
                context.error(element.span(), message, help);
            }
            Err(super::context::Reported)
        }
    }
}

fn end(
    context: &mut Context<'_>,
    element: Element<'_>,
    pds: &mut [PdDraft<'_>],
) -> Parsed<ChannelEnd> {
    let attrs = element.attrs(context, &["pd", "id", "pp", "notify", "setvar_id"]);
    element.no_children(context);
    let pd = attrs
        .text(context, "pd")
        .and_then(|pd| context.resolve(Kind::ProtectionDomain, &pd, "channel end"));
    let id = attrs.number(context, "id", CHANNEL_ID);
    let pp = attrs.flag(context, "pp", false);
    let notify = attrs.flag(context, "notify", true);
    let setvar =
        id.and_then(|id| setvar::attribute(context, &attrs, "setvar_id", SetVarValue::Const(id)));
    let pd = pd?;
    if let Some(draft) = pds.get_mut(pd) {
        draft.model.setvars.extend(setvar?);
    }
    Ok(ChannelEnd {
        pd,
        id: id? as u8,
        pp: pp?,
        notify: notify?,
        span: element.span(),
    })
}
