// SPDX-License-Identifier: BSD-2-Clause
//! Every index and every value of a spec is in range.

use alloc::format;
use alloc::string::String;

use crate::{
    CapData, Capability, Fill, FillSource, Interrupt, IrqSource, Kind, MAX_IRQ, Mapping, Object,
    ObjectId, PageSize, Rights, Schedule, Spec, Thread, USER_TOP,
};

impl Spec {
    /// Finds what is out of range, for an image with `data_len` bytes of data.
    pub(crate) fn check(&self, data_len: u64) -> Result<(), String> {
        for object in &self.objects {
            let ok = self.kind_ok(&object.kind).then_some(());
            ok.ok_or_else(|| object.name.clone())?;
        }
        for (at, mapping) in self.mappings.iter().enumerate() {
            self.mapping_ok(mapping)
                .ok_or_else(|| format!("mapping {at}"))?;
        }
        for (at, fill) in self.fills.iter().enumerate() {
            self.fill_ok(fill, data_len)
                .ok_or_else(|| format!("fill {at}"))?;
        }
        for (at, capability) in self.capabilities.iter().enumerate() {
            self.capability_ok(capability)
                .ok_or_else(|| format!("capability {at}"))?;
        }
        for (at, interrupt) in self.interrupts.iter().enumerate() {
            self.interrupt_ok(interrupt)
                .ok_or_else(|| format!("interrupt {at}"))?;
        }
        for thread in &self.threads {
            self.thread_ok(thread)
                .ok_or_else(|| format!("thread {}", thread.name))?;
        }
        match &self.schedule {
            Some(schedule) if !schedule_ok(schedule) => Err("domain schedule".into()),
            _ => Ok(()),
        }
    }

    fn object(&self, id: ObjectId) -> Option<&Object> {
        self.objects.get(usize::try_from(id).ok()?)
    }

    /// `Some` if object `id` exists and is as wanted.
    fn is(&self, id: ObjectId, wanted: impl Fn(&Kind) -> bool) -> Option<()> {
        wanted(&self.object(id)?.kind).then_some(())
    }

    fn kind_ok(&self, kind: &Kind) -> bool {
        match *kind {
            Kind::CNode { size_bits } => (1..=18).contains(&size_bits),
            Kind::Tables {
                space,
                level,
                vaddr,
                count,
            } => self.is(space, is_space).is_some() && run_ok(vaddr, count, level.span(), USER_TOP),
            Kind::Frames {
                count, size, paddr, ..
            } => run_ok(paddr.unwrap_or(0), count, size.bytes(), 1 << 52),
            Kind::IrqHandler { vector, source } => {
                let source_ok = match source {
                    IrqSource::Ioapic { .. } => true,
                    IrqSource::Msi {
                        device, function, ..
                    } => device < 32 && function < 8,
                };
                vector <= MAX_IRQ && source_ok
            }
            Kind::IoPorts { first, last } => first <= last,
            _ => true,
        }
    }

    fn mapping_ok(&self, mapping: &Mapping) -> Option<()> {
        self.is(mapping.space, is_space)?;
        let Kind::Frames { count, size, .. } = self.object(mapping.frames)?.kind else {
            return None;
        };
        let end = mapping.first.checked_add(mapping.count)?;
        let rights = matches!(mapping.rights, Rights::READ | Rights::READ_WRITE);
        let range = run_ok(mapping.vaddr, mapping.count, size.bytes(), USER_TOP);
        (end <= count && rights && range).then_some(())
    }

    fn fill_ok(&self, fill: &Fill, data_len: u64) -> Option<()> {
        let Kind::Frames { count, size, .. } = self.object(fill.frames)?.kind else {
            return None;
        };
        let room = u64::from(count)
            .checked_mul(size.bytes())?
            .checked_sub(fill.offset)?;
        let len = match fill.source {
            FillSource::Data { offset, len } => {
                (len != 0 && offset.checked_add(len)? <= data_len).then_some(len)?
            }
            FillSource::Bootinfo(_) | FillSource::AcpiDmar => 1,
            FillSource::IoapicRemapped(table) => {
                self.is(table, |kind| matches!(kind, Kind::Frames { .. }))?;
                4
            }
            FillSource::PhysicalAddress(of) => {
                self.is(of, has_one_address)?;
                8
            }
        };
        (len <= room).then_some(())
    }

    fn capability_ok(&self, capability: &Capability) -> Option<()> {
        let Kind::CNode { size_bits } = self.object(capability.cnode)?.kind else {
            return None;
        };
        self.is(capability.object, |kind| {
            let data_ok = match capability.data {
                CapData::None => true,
                CapData::Badge(_) => matches!(kind, Kind::Endpoint | Kind::Notification),
                CapData::Guard(bits) => {
                    (1..=58).contains(&bits) && matches!(kind, Kind::CNode { .. })
                }
            };
            data_ok && !matches!(kind, Kind::Frames { .. } | Kind::Tables { .. })
        })?;
        let slot_ok = capability.slot.checked_shr(size_bits.into()) == Some(0);
        (slot_ok && capability.rights.0 <= Rights::ALL.0).then_some(())
    }

    fn interrupt_ok(&self, interrupt: &Interrupt) -> Option<()> {
        self.is(interrupt.handler, |kind| {
            matches!(kind, Kind::IrqHandler { .. })
        })?;
        self.is(interrupt.notification, |kind| {
            matches!(kind, Kind::Notification)
        })
    }

    fn thread_ok(&self, thread: &Thread) -> Option<()> {
        self.is(thread.tcb, |kind| matches!(kind, Kind::Tcb))?;
        self.is(thread.cspace, |kind| matches!(kind, Kind::CNode { .. }))?;
        self.is(thread.vspace, |kind| matches!(kind, Kind::VSpace))?;
        let frame = |kind: &Kind| {
            matches!(
                kind,
                Kind::Frames {
                    size: PageSize::Small,
                    ..
                }
            )
        };
        self.is(thread.ipc_buffer, frame)?;
        if let Some(notification) = thread.notification {
            self.is(notification, |kind| matches!(kind, Kind::Notification))?;
        }
        if let Some((vcpu, root)) = thread.vcpu {
            self.is(vcpu, |kind| matches!(kind, Kind::Vcpu))?;
            self.is(root, |kind| matches!(kind, Kind::EptRoot))?;
        }
        let addresses = [thread.entry, thread.stack_pointer, thread.ipc_buffer_vaddr];
        addresses
            .iter()
            .all(|&address| address < USER_TOP)
            .then_some(())
    }
}

fn is_space(kind: &Kind) -> bool {
    matches!(kind, Kind::VSpace | Kind::EptRoot)
}

/// It starts with an entry that has time, and all of it has an index.
fn schedule_ok(schedule: &Schedule) -> bool {
    let start = usize::try_from(schedule.start)
        .ok()
        .and_then(|at| schedule.entries.get(at));
    let end = usize::try_from(schedule.shift)
        .ok()
        .and_then(|at| at.checked_add(schedule.entries.len()));
    start.is_some_and(|entry| entry.ticks != 0) && end.is_some_and(|end| end <= MAX_SCHEDULE)
}

/// Frames whose first one's physical address says where all of them are.
fn has_one_address(kind: &Kind) -> bool {
    match kind {
        Kind::Frames {
            count,
            paddr,
            contiguous,
            ..
        } => *count == 1 || paddr.is_some() || *contiguous,
        _ => false,
    }
}

/// Entries of the largest domain schedule that a kernel is built with.
const MAX_SCHEDULE: usize = 1 << 16;

/// `count` pieces of `size` bytes, the first at `start`, are aligned and end at `end` or before.
fn run_ok(start: u64, count: u32, size: u64, end: u64) -> bool {
    let len = u64::from(count).checked_mul(size);
    let stop = len.and_then(|len| start.checked_add(len));
    // A table at the end of the address space may reach past the last usable page.
    count != 0
        && start.is_multiple_of(size)
        && stop.is_some_and(|stop| stop <= end.next_multiple_of(size))
}
