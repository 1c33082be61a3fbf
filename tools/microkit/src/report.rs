// SPDX-License-Identifier: BSD-2-Clause
//! What is in an image, for people. The sections are those of the upstream tool; their content has no
//! fixed format.

mod devices;

use std::fmt::{self, Write};

use object_spec::{CapData, IrqSource, Kind, Object, ObjectId, PageSize, Spec, Thread};

use crate::model::System;

/// The report on a spec and on what it was made from.
pub fn report(spec: &Spec, system: &System) -> String {
    let mut text = String::new();
    // Writing to a string cannot fail.
    let _ = write_all(&mut text, spec, system);
    text
}

fn write_all(out: &mut String, spec: &Spec, system: &System) -> fmt::Result {
    writeln!(out, "# Initial Task (CapDL Initialiser) Details\n")?;
    writeln!(out, "\tCapability slots: {}", spec.slots())?;
    writeln!(
        out,
        "\tMemory: {} KiB in frames\n",
        frame_bytes(spec) / 1024
    )?;
    writeln!(out, "# IRQ Details\n")?;
    for object in &spec.objects {
        irq(out, object)?;
    }
    writeln!(out, "# TCB Details\n")?;
    for thread in &spec.threads {
        tcb(out, spec, thread)?;
    }
    writeln!(out, "# CNode Details\n")?;
    for (id, object) in (0..).zip(&spec.objects) {
        if let Kind::CNode { size_bits } = object.kind {
            cnode(out, spec, id, object, size_bits)?;
        }
    }
    writeln!(out, "# Architecture Specific Details\n")?;
    for object in &spec.objects {
        if let Kind::IoPorts { first, last } = object.kind {
            writeln!(out, "- {}: ports {first:#x} to {last:#x}", object.name)?;
        }
    }
    devices::write(out, system)?;
    writeln!(out, "\n# Kernel Objects Details\n")?;
    for (id, object) in spec.objects.iter().enumerate() {
        writeln!(out, "{id:5}  {:<34}  {}", kind(&object.kind), object.name)?;
    }
    Ok(())
}

fn irq(out: &mut String, object: &Object) -> fmt::Result {
    let Kind::IrqHandler { vector, source } = object.kind else {
        return Ok(());
    };
    writeln!(out, "- {}", object.name)?;
    writeln!(
        out,
        "\t* Vector: {vector} (of the CPU: {:#x})",
        u32::from(vector) + 0x30
    )?;
    match source {
        IrqSource::Ioapic {
            ioapic,
            pin,
            level,
            active_low,
            irte,
        } => {
            writeln!(out, "\t* IOAPIC: {ioapic}")?;
            writeln!(out, "\t* Pin: {pin}")?;
            writeln!(out, "\t* Trigger: {}", if level { "level" } else { "edge" })?;
            if let Some(irte) = irte {
                writeln!(out, "\t* Remapping entry: {irte}")?;
            }
            writeln!(
                out,
                "\t* Polarity: {}\n",
                if active_low { "low" } else { "high" }
            )
        }
        IrqSource::Msi {
            bus,
            device,
            function,
            handle,
        } => {
            writeln!(out, "\t* PCI Bus: {bus}")?;
            writeln!(out, "\t* PCI Device: {device}")?;
            writeln!(out, "\t* PCI Function: {function}")?;
            writeln!(out, "\t* Handle: {handle}\n")
        }
    }
}

fn tcb(out: &mut String, spec: &Spec, thread: &Thread) -> fmt::Result {
    writeln!(out, "- {}", thread.name)?;
    writeln!(out, "\t* IP: {:#x}", thread.entry)?;
    writeln!(out, "\t* SP: {:#x}", thread.stack_pointer)?;
    writeln!(out, "\t* IPC Buffer: {:#x}", thread.ipc_buffer_vaddr)?;
    writeln!(out, "\t* Priority: {}", thread.priority)?;
    writeln!(out, "\t* CPU Affinity: {}", thread.core)?;
    writeln!(out, "\t* Domain: {}", thread.domain)?;
    writeln!(out, "\t* Bound Objects:")?;
    let vcpu = thread
        .vcpu
        .into_iter()
        .flat_map(|(vcpu, root)| [vcpu, root]);
    let all = [thread.cspace, thread.vspace, thread.ipc_buffer];
    for id in all.into_iter().chain(thread.notification).chain(vcpu) {
        writeln!(out, "\t\t- {}", name(spec, id))?;
    }
    writeln!(out)
}

fn cnode(
    out: &mut String,
    spec: &Spec,
    id: ObjectId,
    object: &Object,
    size_bits: u8,
) -> fmt::Result {
    writeln!(out, "- {} (2^{size_bits} slots)", object.name)?;
    let mut caps: Vec<_> = spec
        .capabilities
        .iter()
        .filter(|cap| cap.cnode == id)
        .collect();
    caps.sort_by_key(|cap| cap.slot);
    for cap in caps {
        let right =
            |bit: u8, letter: &'static str| if cap.rights.0 & bit != 0 { letter } else { "" };
        let rights = [right(2, "R"), right(1, "W"), right(4, "G")].concat();
        write!(
            out,
            "\t* {:3}: {} ({rights}",
            cap.slot,
            name(spec, cap.object)
        )?;
        match cap.data {
            CapData::Badge(badge) => write!(out, ", badge {badge:#x}")?,
            CapData::Guard(bits) => write!(out, ", guard of {bits} bits")?,
            CapData::None => {}
        }
        writeln!(out, ")")?;
    }
    writeln!(out)
}

fn name(spec: &Spec, id: ObjectId) -> &str {
    spec.objects
        .get(id as usize)
        .map_or("?", |object| &object.name)
}

fn frame_bytes(spec: &Spec) -> u64 {
    let bytes = |object: &Object| match object.kind {
        Kind::Frames { count, size, .. } => u64::from(count) * size.bytes(),
        _ => 0,
    };
    spec.objects.iter().map(bytes).sum()
}

fn kind(kind: &Kind) -> String {
    match kind {
        Kind::Endpoint => "Endpoint".into(),
        Kind::Notification => "Notification".into(),
        Kind::CNode { size_bits } => format!("CNode 2^{size_bits}"),
        Kind::Tcb => "TCB".into(),
        Kind::VSpace => "PML4".into(),
        Kind::EptRoot => "EPT PML4".into(),
        Kind::Vcpu => "VCPU".into(),
        Kind::Tables {
            level,
            vaddr,
            count,
            ..
        } => format!("{count} {level:?} from {vaddr:#x}"),
        Kind::Frames {
            count, size, paddr, ..
        } => {
            let size = if *size == PageSize::Small {
                "4 KiB"
            } else {
                "2 MiB"
            };
            let place = paddr.map_or(String::new(), |paddr| format!(" at {paddr:#x}"));
            format!("{count} x {size}{place}")
        }
        Kind::IrqHandler { vector, .. } => format!("IRQ handler {vector}"),
        Kind::IoPorts { .. } => "I/O ports".into(),
    }
}
