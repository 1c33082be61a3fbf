// SPDX-License-Identifier: BSD-2-Clause
//! `<ioport>`: a range of x86 I/O ports.

use super::context::{Context, Parsed};
use super::element::Element;
use super::limits::{IOPORT_ID, PORT, PORT_COUNT};
use super::setvar;
use crate::model::{IoPort, SetVar, SetVarValue};

pub(super) fn parse(
    context: &mut Context<'_>,
    element: Element<'_>,
    setvars: &mut Vec<SetVar>,
) -> Parsed<IoPort> {
    let attrs = element.attrs(context, &["id", "addr", "size", "setvar_id", "setvar_addr"]);
    element.no_children(context);
    let id = attrs.number(context, "id", IOPORT_ID);
    let addr = attrs.number(context, "addr", PORT);
    let size = attrs.number(context, "size", PORT_COUNT);
    if let Ok(id) = id {
        setvar::add(
            context,
            &attrs,
            "setvar_id",
            SetVarValue::Const(id),
            setvars,
        );
    }
    if let Ok(addr) = addr {
        setvar::add(
            context,
            &attrs,
            "setvar_addr",
            SetVarValue::Const(addr),
            setvars,
        );
    }
    let (addr, size) = (addr?, size?);
    let last = addr + size - 1;
    if !PORT.contains(last) {
        let message = format!(
            "{}: ports {addr:#x} to {last:#x} end beyond 0xffff",
            element.describe()
        );
        let help = format!("from {addr:#x} there are {} ports left", 0x1_0000 - addr);
        return Err(context.error(attrs.span_of("size"), message, help));
    }
    Ok(IoPort {
        id: id? as u8,
        first: addr as u16,
        last: last as u16,
        span: element.span(),
    })
}
