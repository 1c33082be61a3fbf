// SPDX-License-Identifier: BSD-2-Clause
//! `<irq>`: by an I/O APIC pin (it has `pin`) or by message (it has `pcidev`).

use super::attrs::Attrs;
use super::context::{Context, Parsed};
use super::element::Element;
use super::limits::{CHANNEL_ID, IOAPIC, MSI_HANDLE, PIN, VECTOR};
use super::pci;
use super::setvar;
use crate::model::{Irq, IrqSource, SetVar, SetVarValue};

const IOAPIC_ATTRIBUTES: &[&str] = &[
    "id",
    "pin",
    "vector",
    "ioapic",
    "trigger",
    "polarity",
    "setvar_id",
];
const MSI_ATTRIBUTES: &[&str] = &["id", "pcidev", "handle", "vector", "setvar_id"];
/// Where nothing says which kind is meant.
const ALL_ATTRIBUTES: &[&str] = &[
    "id",
    "pin",
    "vector",
    "ioapic",
    "trigger",
    "polarity",
    "setvar_id",
    "pcidev",
    "handle",
];

const KINDS: &str = "an interrupt comes by an I/O APIC pin (pin=\"…\") or as a PCI device's message \
                     (pcidev=\"…\" handle=\"…\")";

pub(super) fn parse(
    context: &mut Context<'_>,
    element: Element<'_>,
    setvars: &mut Vec<SetVar>,
) -> Parsed<Irq> {
    element.no_children(context);
    let has = |name: &str| element.node.has_attribute(name);
    let about = element.describe();
    if let Some(attribute) = element.node.attribute_node("irq") {
        let message = format!("{about}: attribute 'irq' is for ARM and RISC-V");
        return Err(context.error(attribute.range_qname(), message, KINDS));
    }
    if has("pin") && has("pcidev") {
        let message = format!("{about}: it has both 'pin' and 'pcidev'");
        return Err(context.error(element.span(), message, KINDS));
    }
    let (attrs, source) = if has("pin") {
        let attrs = element.attrs(context, IOAPIC_ATTRIBUTES);
        let source = ioapic(context, &attrs);
        (attrs, source)
    } else if has("pcidev") {
        let attrs = element.attrs(context, MSI_ATTRIBUTES);
        let source = msi(context, &attrs);
        (attrs, source)
    } else {
        let attrs = element.attrs(context, ALL_ATTRIBUTES);
        if attrs.is_misspelt("pin") || attrs.is_misspelt("pcidev") {
            return Err(super::context::Reported);
        }
        let message = format!("{about}: it has neither 'pin' nor 'pcidev'");
        return Err(context.error(element.span(), message, KINDS));
    };
    let id = attrs.number(context, "id", CHANNEL_ID);
    let vector = attrs.number(context, "vector", VECTOR);
    if let Ok(id) = id {
        setvar::add(
            context,
            &attrs,
            "setvar_id",
            SetVarValue::Const(id),
            setvars,
        );
    }
    Ok(Irq {
        id: id? as u8,
        vector: vector? as u8,
        source: source?,
        span: element.span(),
    })
}

fn ioapic(context: &mut Context<'_>, attrs: &Attrs<'_>) -> Parsed<IrqSource> {
    let pin = attrs.number(context, "pin", PIN);
    let ioapic = attrs.optional_number(context, "ioapic", IOAPIC);
    let trigger = [("level", true), ("edge", false)];
    let level = attrs.choice(context, "trigger", &trigger, true);
    let polarity = [("high", false), ("low", true)];
    let active_low = attrs.choice(context, "polarity", &polarity, false);
    Ok(IrqSource::Ioapic {
        ioapic: ioapic?.unwrap_or(0) as u32,
        pin: pin? as u32,
        level: level?,
        active_low: active_low?,
    })
}

fn msi(context: &mut Context<'_>, attrs: &Attrs<'_>) -> Parsed<IrqSource> {
    let pci = pci::attribute(context, attrs, "pcidev");
    let handle = attrs.number(context, "handle", MSI_HANDLE);
    Ok(IrqSource::Msi {
        pci: pci?,
        handle: handle? as u32,
    })
}
