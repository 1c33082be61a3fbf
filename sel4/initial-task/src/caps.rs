// SPDX-License-Identifier: BSD-2-Clause
//! Interrupts, I/O ports, and the capabilities that protection domains get.

use object_spec::{CapData, IrqSource, Kind};
use sel4::init_thread::slot;
use sel4::{AbsoluteCPtr, CNodeCapData, CapRights, cap, cap_type, io_port_badge};

use crate::error::{About, Result};
use crate::spaces::rights;
use crate::system::{System, cap_in, place};

/// Makes the handlers of all interrupts and the capabilities to I/O ports. `remapped` tells whether the
/// entries of IOAPICs name those of the interrupt-remapping table.
pub fn devices(system: &System, remapped: bool) -> Result<()> {
    for (id, object) in (0..).zip(&system.spec.objects) {
        let dst = place(system.slot(id, 0));
        match object.kind {
            Kind::IrqHandler { vector, source } => irq_handler(vector, source, remapped, &dst)
                .about(
                    system,
                    id,
                    format_args!("no handler for {source} with vector {vector}"),
                )?,
            Kind::IoPorts { first, last } => {
                let all = place(slot::IO_PORT.index());
                let minted = dst.mint(&all, CapRights::all(), io_port_badge(first, last));
                minted.about(system, id, format_args!("no ports {first:#x} to {last:#x}"))?;
            }
            _ => {}
        }
    }
    Ok(())
}

fn irq_handler(
    vector: u8,
    source: IrqSource,
    remapped: bool,
    dst: &AbsoluteCPtr,
) -> sel4::Result<()> {
    let control = slot::IRQ_CONTROL.cap();
    let vector = vector.into();
    match source {
        IrqSource::Ioapic {
            ioapic,
            pin,
            level,
            active_low,
            irte,
        } => {
            let (ioapic, pin) = (ioapic.into(), pin.into());
            let (level, polarity) = (level.into(), active_low.into());
            match irte.filter(|_| remapped) {
                Some(irte) => control.irq_control_get_ioapic_remapped(
                    ioapic, pin, level, polarity, vector, irte, dst,
                ),
                None => control.irq_control_get_ioapic(ioapic, pin, level, polarity, vector, dst),
            }
        }
        IrqSource::Msi {
            bus,
            device,
            function,
            handle,
        } => control.irq_control_get_msi(
            bus.into(),
            device.into(),
            function.into(),
            handle.into(),
            vector,
            dst,
        ),
    }
}

/// Lets every interrupt signal its notification.
pub fn interrupts(system: &mut System) -> Result<()> {
    if system.spec.interrupts.is_empty() {
        return Ok(());
    }
    let slot = system.free_slot()?;
    for interrupt in &system.spec.interrupts {
        let handler: cap::IrqHandler = system.cap(interrupt.handler);
        let plain = place(system.slot(interrupt.notification, 0));
        // The kernel keeps a capability of its own.
        let badged = cap_in::<cap_type::Notification>(slot);
        place(slot)
            .mint(&plain, CapRights::write_only(), interrupt.badge)
            .and_then(|()| handler.irq_handler_set_notification(badged))
            .and_then(|()| place(slot).delete())
            .about(system, interrupt.handler, "cannot be bound")?;
    }
    Ok(())
}

/// Fills the CNodes of all protection domains.
pub fn cspaces(system: &System) -> Result<()> {
    for capability in &system.spec.capabilities {
        let Kind::CNode { size_bits } = system.spec.objects[capability.cnode as usize].kind else {
            continue;
        };
        let cnode: cap::CNode = system.cap(capability.cnode);
        let slot = capability.slot.into();
        let dst = cnode.absolute_cptr_from_bits_with_depth(slot, size_bits.into());
        let src = place(system.slot(capability.object, 0));
        let rights = rights(capability.rights.0);
        let done = match capability.data {
            CapData::None => dst.copy(&src, rights),
            CapData::Badge(badge) => dst.mint(&src, rights, badge),
            CapData::Guard(bits) => {
                dst.mint(&src, rights, CNodeCapData::skip(bits.into()).into_word())
            }
        };
        done.about(
            system,
            capability.object,
            format_args!("no capability in slot {slot}"),
        )?;
    }
    Ok(())
}
