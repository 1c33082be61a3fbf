// SPDX-License-Identifier: BSD-2-Clause
//! `<?postern owner="…" function="BDF" vf="N" …?>` in an io_address_space: the device is a virtual
//! function, whose it is, and what it may do.

use super::attrs::Attrs;
use super::context::{Context, Parsed, Reported};
use super::element::Element;
use super::instruction::{self, Instruction};
use super::limits::{CHANNEL_ID, FRAME, MULTICAST, NAMESPACE, RATE, VF, VLAN};
use super::mac;
use super::names::Kind;
use super::pci;
use super::pd::PdDraft;
use crate::model::{
    Bdf, FunctionDriver, NetworkPolicy, PhysicalFunction, VirtualFunction, VirtualFunctionPolicy,
};

const FORM: &str = "write <?postern owner=\"PD\" function=\"BUS:DEVICE.FUNCTION\" vf=\"N\"?>: whose \
                    virtual function the device is";
const COMMON: [&str; 4] = ["owner", "function", "vf", "channel"];
const NETWORK: [&str; 7] = [
    "mac",
    "vlan",
    "rate",
    "multicast",
    "promiscuous",
    "anti_spoof",
    "max_frame",
];
const STORAGE: [&str; 1] = ["namespace"];

/// What the instruction of an address space says, if it has one.
pub(super) fn parse<'a>(
    context: &mut Context<'_>,
    element: Element<'a>,
    pds: &[PdDraft<'_>],
) -> Parsed<Option<VirtualFunction>> {
    let mut instructions = instruction::all(context, element, FORM).into_iter();
    let Some(first) = instructions.next() else {
        return Ok(None);
    };
    let first = first?;
    for other in instructions.flatten() {
        let message = format!("{}: more than one <?postern?>", element.describe());
        let earlier = (first.span.clone(), "the first");
        context.conflict(
            other.span,
            earlier,
            message,
            "a device has one owner: remove one",
        );
    }
    one(context, first, pds).map(Some)
}

fn one(
    context: &mut Context<'_>,
    instruction: Instruction<'_>,
    pds: &[PdDraft<'_>],
) -> Parsed<VirtualFunction> {
    let span = instruction.span.clone();
    let known = [&COMMON[..], &NETWORK, &STORAGE].concat();
    let attrs = instruction.attrs(context, &known);
    let owner = attrs.text(context, "owner").and_then(|owner| {
        let about = attrs.element.describe();
        context.resolve(Kind::ProtectionDomain, &owner, &about)
    });
    let vf = attrs.number(context, "vf", VF);
    let channel = attrs.optional_number(context, "channel", CHANNEL_ID);
    let pci = pci::attribute(context, &attrs, "function");
    let function = pci.and_then(|pci| function(context, &attrs, pci, pds));
    let policy = function.and_then(|function| policy(context, &attrs, function.driver));
    let (vf, function) = (vf? as u8, function?);
    if vf >= function.vfs {
        let message = format!(
            "{}: 'vf' is {vf}, but function {} has {} only",
            attrs.element.describe(),
            function.pci,
            function.vfs
        );
        let help =
            "virtual functions are numbered from 0: correct the number, or raise 'vfs' there";
        let there = (function.span.clone(), "its 'vfs'");
        return Err(context.conflict(attrs.span_of("vf"), there, message, help));
    }
    Ok(VirtualFunction {
        owner: owner?,
        function: function.pci,
        vf,
        channel: channel?.map(|channel| channel as u8),
        policy: policy?,
        span,
    })
}

/// The physical function that is meant.
fn function<'d>(
    context: &mut Context<'_>,
    attrs: &Attrs<'_>,
    pci: Bdf,
    pds: &'d [PdDraft<'_>],
) -> Parsed<&'d PhysicalFunction> {
    let mut declared = pds.iter().flat_map(|pd| &pd.model.functions);
    if let Some(function) = declared.clone().find(|function| function.pci == pci) {
        return Ok(function);
    }
    // It may be the one that could not be parsed.
    if pds.iter().any(|pd| pd.broken_functions) {
        return Err(Reported);
    }
    let message = format!(
        "{}: no protection domain has the physical function {pci}",
        attrs.element.describe()
    );
    let help = match declared.next() {
        Some(other) => format!("did you mean {}?", other.pci),
        None => format!(
            "declare it in the protection domain that owns it: <?postern function=\"{pci}\" driver=\"…\" …?>"
        ),
    };
    Err(context.error(attrs.span_of("function"), message, help))
}

fn policy(
    context: &mut Context<'_>,
    attrs: &Attrs<'_>,
    driver: FunctionDriver,
) -> Parsed<VirtualFunctionPolicy> {
    let (foreign, theirs) = match driver {
        FunctionDriver::Igb => (&STORAGE[..], "nvme"),
        FunctionDriver::Nvme => (&NETWORK[..], "igb"),
    };
    let mut result = Ok(());
    for name in foreign {
        if let Some(attr) = attrs.get(name) {
            let about = attrs.element.describe();
            let message =
                format!("{about}: attribute '{name}' is for functions with driver=\"{theirs}\"");
            result = Err(context.error(attr.span, message, format!("remove {name}")));
        }
    }
    let policy = match driver {
        FunctionDriver::Igb => network(context, attrs).map(VirtualFunctionPolicy::Network),
        FunctionDriver::Nvme => {
            attrs
                .optional_number(context, "namespace", NAMESPACE)
                .map(|namespace| VirtualFunctionPolicy::Storage {
                    namespace: namespace.map(|namespace| namespace as u32),
                })
        }
    };
    result.and(policy)
}

fn network(context: &mut Context<'_>, attrs: &Attrs<'_>) -> Parsed<NetworkPolicy> {
    let default = NetworkPolicy::default();
    let mac = attrs.optional_text(context, "mac");
    let mac = mac.and_then(|mac| mac.map(|mac| mac::parse(context, attrs, &mac)).transpose());
    let vlan = attrs.optional_number(context, "vlan", VLAN);
    let rate = attrs.optional_number(context, "rate", RATE);
    let multicast = attrs.optional_number(context, "multicast", MULTICAST);
    let max_frame = attrs.optional_number(context, "max_frame", FRAME);
    let promiscuous = attrs.flag(context, "promiscuous", default.promiscuous);
    let anti_spoof = attrs.flag(context, "anti_spoof", default.anti_spoof);
    Ok(NetworkPolicy {
        mac: mac?,
        vlan: vlan?.map_or(default.vlan, |vlan| vlan as u16),
        rate: rate?.map_or(default.rate, |rate| rate as u16),
        multicast: multicast?.map_or(default.multicast, |most| most as u8),
        max_frame: max_frame?.map_or(default.max_frame, |most| most as u16),
        promiscuous: promiscuous?,
        anti_spoof: anti_spoof?,
    })
}
