// SPDX-License-Identifier: BSD-2-Clause
//! `<virtual_machine>` with its one `<vcpu>` and the guest's memory.

use super::context::{Context, Parsed, Reported};
use super::element::Element;
use super::limits::VCPU_ID;
use super::map;
use super::number::Limit;
use super::setvar;
use crate::model::{SetVar, SetVarValue, VirtualMachine};

const CHILDREN: &[&str] = &["vcpu", "map"];

/// `None` if the virtual machine has no name or no virtual CPU, which has been reported.
pub(super) fn parse(
    context: &mut Context<'_>,
    element: Element<'_>,
    cpu: u8,
    setvars: &mut Vec<SetVar>,
) -> Option<VirtualMachine> {
    let about = element.describe();
    if !context.config.vtx {
        let message = format!("{about}: this kernel cannot run virtual machines");
        let help = "choose a board whose kernel is built with VT-x";
        context.error(element.span(), message, help);
    }
    let attrs = element.attrs(context, &["name", "priority", "budget", "period"]);
    for name in ["priority", "budget", "period"] {
        if let Some(attribute) = element.node.attribute_node(name) {
            let message = format!("{about}: attribute '{name}' is for ARM");
            let help = "on x86 the guest runs on the time of its protection domain: set it there";
            context.error(attribute.range_qname(), message, help);
        }
    }
    let name = attrs.text(context, "name");
    let mut maps = Vec::new();
    let mut vcpu: Option<(Element<'_>, Parsed<u8>)> = None;
    let mut vcpu_misspelt = false;
    for child in element.children(context) {
        if child.is("map") {
            maps.extend(map::parse(context, child, None));
        } else if !child.is("vcpu") {
            let unknown = element.unknown_child(context, child, CHILDREN);
            vcpu_misspelt |= unknown.meant == Some("vcpu");
        } else if let Some((first, _)) = &vcpu {
            let message = format!("{about}: more than one vcpu");
            let help = "a virtual machine has one virtual CPU on x86: remove the others";
            context.conflict(child.span(), (first.span(), "the first"), message, help);
        } else {
            vcpu = Some((child, parse_vcpu(context, child, cpu, setvars)));
        }
    }
    let id = match vcpu {
        Some((_, id)) => id,
        None if vcpu_misspelt => Err(Reported),
        None => {
            let message = format!("{about}: there is no vcpu");
            Err(context.error(element.span(), message, "add <vcpu id=\"0\"/>"))
        }
    };
    Some(VirtualMachine {
        name: name.ok()?.value.into(),
        vcpu_id: id.ok()?,
        maps,
        span: element.span(),
    })
}

/// The id. A core of its own has no effect: the guest runs on that of its protection domain.
fn parse_vcpu(
    context: &mut Context<'_>,
    element: Element<'_>,
    pd_cpu: u8,
    setvars: &mut Vec<SetVar>,
) -> Parsed<u8> {
    let attrs = element.attrs(context, &["id", "cpu", "setvar_id"]);
    element.no_children(context);
    let last = context.config.cores.saturating_sub(1);
    let cores = Limit::new(
        0,
        last.into(),
        "the kernel of this configuration has no more cores",
    );
    if let Ok(Some(cpu)) = attrs.optional_number(context, "cpu", cores)
        && cpu != u64::from(pd_cpu)
    {
        let message = format!("{}: 'cpu' has no effect", element.describe());
        let help = format!(
            "on x86 the guest runs on the core of its protection domain, which is {pd_cpu}"
        );
        context.warning(attrs.span_of("cpu"), message, help);
    }
    let id = attrs.number(context, "id", VCPU_ID)?;
    setvar::add(
        context,
        &attrs,
        "setvar_id",
        SetVarValue::Const(id),
        setvars,
    );
    Ok(id as u8)
}
