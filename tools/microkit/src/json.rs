// SPDX-License-Identifier: BSD-2-Clause
//! The kernel objects of an image as JSON, for other programs to look at.

use std::io::{self, Write};

use object_spec::{
    CapData, Capability, Fill, FillSource, IrqSource, Kind, Mapping, Object, PageSize, Spec, Thread,
};
use serde_json::{Value, json};

/// Writes a spec.
///
/// # Errors
/// `out` cannot be written.
pub fn write(spec: &Spec, out: &mut impl Write) -> io::Result<()> {
    let list = |values: Vec<Value>| Value::Array(values);
    let json = json!({
        "objects": list(spec.objects.iter().map(object).collect()),
        "mappings": list(spec.mappings.iter().map(mapping).collect()),
        "fills": list(spec.fills.iter().map(fill).collect()),
        "capabilities": list(spec.capabilities.iter().map(capability).collect()),
        "interrupts": list(spec.interrupts.iter().map(|interrupt| json!({
            "handler": interrupt.handler,
            "notification": interrupt.notification,
            "badge": interrupt.badge,
        })).collect()),
        "threads": list(spec.threads.iter().map(thread).collect()),
        "schedule": spec.schedule.as_ref().map(|schedule| json!({
            "shift": schedule.shift,
            "start": schedule.start,
            "entries": list(schedule.entries.iter().map(|entry| json!({
                "domain": entry.domain,
                "ticks": entry.ticks,
            })).collect()),
        })),
    });
    serde_json::to_writer_pretty(&mut *out, &json)?;
    writeln!(out)
}

fn object(object: &Object) -> Value {
    let (kind, details) = match &object.kind {
        Kind::Endpoint => ("endpoint", json!({})),
        Kind::Notification => ("notification", json!({})),
        Kind::CNode { size_bits } => ("cnode", json!({ "size_bits": size_bits })),
        Kind::Tcb => ("tcb", json!({})),
        Kind::VSpace => ("vspace", json!({})),
        Kind::EptRoot => ("ept_root", json!({})),
        Kind::Vcpu => ("vcpu", json!({})),
        Kind::Tables {
            space,
            level,
            vaddr,
            count,
        } => (
            "tables",
            json!({ "space": space, "level": format!("{level:?}"), "vaddr": vaddr, "count": count }),
        ),
        Kind::Frames {
            count,
            size,
            paddr,
            contiguous,
        } => (
            "frames",
            json!({
                "count": count,
                "bytes": PageSize::bytes(*size),
                "paddr": paddr,
                "contiguous": contiguous,
            }),
        ),
        Kind::IrqHandler { vector, source } => (
            "irq_handler",
            json!({ "vector": vector, "source": irq_source(*source) }),
        ),
        Kind::IoPorts { first, last } => ("io_ports", json!({ "first": first, "last": last })),
    };
    json!({ "name": object.name, "kind": kind, "details": details })
}

fn irq_source(source: IrqSource) -> Value {
    match source {
        IrqSource::Ioapic {
            ioapic,
            pin,
            level,
            active_low,
            irte,
        } => {
            json!({ "ioapic": ioapic, "pin": pin, "level": level, "active_low": active_low, "irte": irte })
        }
        IrqSource::Msi {
            bus,
            device,
            function,
            handle,
        } => {
            json!({ "bus": bus, "device": device, "function": function, "handle": handle })
        }
    }
}

fn mapping(mapping: &Mapping) -> Value {
    json!({
        "space": mapping.space,
        "vaddr": mapping.vaddr,
        "frames": mapping.frames,
        "first": mapping.first,
        "count": mapping.count,
        "rights": mapping.rights.0,
        "cached": mapping.cached,
    })
}

fn fill(fill: &Fill) -> Value {
    let source = match &fill.source {
        FillSource::Data { offset, len } => json!({ "data": offset, "len": len }),
        FillSource::Bootinfo(kind) => json!({ "bootinfo": kind.name() }),
        FillSource::PhysicalAddress(frames) => json!({ "physical_address_of": frames }),
        FillSource::AcpiDmar => json!({ "acpi": "DMAR" }),
        FillSource::IoapicRemapped(table) => json!({ "ioapic_remapped_by": table }),
    };
    json!({ "frames": fill.frames, "offset": fill.offset, "source": source })
}

fn capability(capability: &Capability) -> Value {
    let (badge, guard) = match capability.data {
        CapData::None => (None, None),
        CapData::Badge(badge) => (Some(badge), None),
        CapData::Guard(bits) => (None, Some(bits)),
    };
    json!({
        "cnode": capability.cnode,
        "slot": capability.slot,
        "object": capability.object,
        "rights": capability.rights.0,
        "badge": badge,
        "guard_bits": guard,
    })
}

fn thread(thread: &Thread) -> Value {
    json!({
        "name": thread.name,
        "tcb": thread.tcb,
        "cspace": thread.cspace,
        "vspace": thread.vspace,
        "ipc_buffer": thread.ipc_buffer,
        "ipc_buffer_vaddr": thread.ipc_buffer_vaddr,
        "fault_endpoint": thread.fault_endpoint,
        "priority": thread.priority,
        "core": thread.core,
        "domain": thread.domain,
        "notification": thread.notification,
        "vcpu": thread.vcpu.map(|(vcpu, _)| vcpu),
        "ept_root": thread.vcpu.map(|(_, root)| root),
        "entry": thread.entry,
        "stack_pointer": thread.stack_pointer,
    })
}
