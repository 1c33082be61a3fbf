// SPDX-License-Identifier: BSD-2-Clause
//! Makes objects of untyped memory, as planned.

use alloc::format;
use alloc::vec::Vec;

use object_spec::plan::{self, Request, Step, Untyped};
use object_spec::{Kind, ObjectId, PageSize, Spec, TableLevel};
use sel4::init_thread::slot;
use sel4::{
    BootInfo, FrameObjectType, ObjectBlueprint, ObjectBlueprintX64, ObjectBlueprintX86, cap_type,
};

use crate::error::{About, Error, Result};
use crate::system::{System, cap_in, place};

/// Objects that the kernel makes in one call at most (`CONFIG_RETYPE_FAN_OUT_LIMIT`).
const FAN_OUT: u32 = sel4::sys::config::RETYPE_FAN_OUT_LIMIT as u32;

/// The untyped memory of the machine.
pub fn untypeds(bootinfo: &BootInfo) -> Vec<Untyped> {
    let list = bootinfo.untyped_list().iter();
    let untyped = list.map(|untyped| Untyped {
        paddr: untyped.paddr() as u64,
        size_bits: untyped.size_bits() as u8,
        device: untyped.is_device(),
    });
    untyped.collect()
}

/// An object that is not in the spec: one that this task needs itself.
pub struct Extra {
    pub blueprint: ObjectBlueprint,
    /// Its slot.
    pub slot: usize,
    /// Its physical address, if it matters.
    pub paddr: Option<u64>,
}

/// Makes every object of the spec that takes memory, and the extra ones.
pub fn make(system: &mut System, bootinfo: &BootInfo, extra: &[Extra]) -> Result<()> {
    let untypeds = untypeds(bootinfo);
    let mut wanted: Vec<Wanted> = extra.iter().map(Wanted::extra).collect();
    for (id, object) in (0..).zip(&system.spec.objects) {
        wanted.extend(Wanted::of(
            system.spec,
            &object.kind,
            id,
            system.slot(id, 0),
        ));
    }
    let steps = steps(system, &untypeds, &wanted)?;
    carry_out(system, bootinfo, &wanted, &steps)
}

/// Makes the extra objects for as long as `f` runs. Afterwards the untyped memory is as it was before.
pub fn borrow<T>(
    system: &mut System,
    bootinfo: &BootInfo,
    extra: &[Extra],
    f: impl FnOnce() -> Result<T>,
) -> Result<T> {
    let wanted: Vec<Wanted> = extra.iter().map(Wanted::extra).collect();
    let steps = steps(system, &untypeds(bootinfo), &wanted)?;
    let result = carry_out(system, bootinfo, &wanted, &steps).and_then(|()| f());
    for (number, untyped) in bootinfo.untyped().range().enumerate() {
        let is_from = |step: &Step| match *step {
            Step::Split { from, .. } | Step::Make { from, .. } => from == number,
        };
        if steps.iter().any(is_from) {
            let revoked = place(untyped).revoke();
            revoked.map_err(|error| Error(format!("memory cannot be taken back: {error:?}")))?;
        }
    }
    result
}

/// The plan for what is wanted.
fn steps(system: &System, untypeds: &[Untyped], wanted: &[Wanted]) -> Result<Vec<Step>> {
    let requests: Vec<Request> = wanted.iter().map(|wanted| wanted.request).collect();
    plan::plan(untypeds, &requests).map_err(|error| explain(system, wanted, error, untypeds))
}

fn carry_out(
    system: &mut System,
    bootinfo: &BootInfo,
    wanted: &[Wanted],
    steps: &[Step],
) -> Result<()> {
    let mut sources: Vec<usize> = bootinfo.untyped().range().collect();
    for &step in steps {
        match step {
            Step::Split { from, size_bits } => {
                let slot = system.free_slot()?;
                let size_bits = size_bits.into();
                let made = retype(
                    sources[from],
                    ObjectBlueprint::Untyped { size_bits },
                    slot,
                    1,
                );
                made.map_err(|error| Error(format!("untyped memory cannot be split: {error:?}")))?;
                sources.push(slot);
            }
            Step::Make {
                from,
                request,
                first,
                count,
                paddr,
            } => {
                let Wanted {
                    object,
                    blueprint,
                    slot,
                    ..
                } = wanted[request];
                if let (Some(id), 0) = (object, first) {
                    system.paddr[id as usize] = paddr;
                }
                let made = retype(sources[from], blueprint, slot + first as usize, count);
                match object {
                    Some(id) => made.about(system, id, what(blueprint))?,
                    None => made.map_err(|error| {
                        Error(format!("no memory for the initial task itself: {error:?}"))
                    })?,
                }
            }
        }
    }
    Ok(())
}

/// Makes objects, as many at a time as the kernel allows.
fn retype(from: usize, blueprint: ObjectBlueprint, slot: usize, count: u32) -> sel4::Result<()> {
    let untyped = cap_in::<cap_type::Untyped>(from);
    let root = slot::CNODE.cap().absolute_cptr_for_self();
    for first in (0..count).step_by(FAN_OUT as usize) {
        let here = FAN_OUT.min(count - first) as usize;
        untyped.untyped_retype(&blueprint, &root, slot + first as usize, here)?;
    }
    Ok(())
}

/// Objects to be made.
struct Wanted {
    request: Request,
    blueprint: ObjectBlueprint,
    /// Slot of the first.
    slot: usize,
    /// The object of the spec that they are.
    object: Option<ObjectId>,
}

impl Wanted {
    fn extra(
        &Extra {
            blueprint,
            slot,
            paddr,
        }: &Extra,
    ) -> Self {
        let size_bits = blueprint.physical_size_bits() as u8;
        let request = Request {
            size_bits,
            count: 1,
            paddr,
            contiguous: false,
        };
        Self {
            request,
            blueprint,
            slot,
            object: None,
        }
    }

    /// `None` for what takes no memory.
    fn of(spec: &Spec, kind: &Kind, id: ObjectId, slot: usize) -> Option<Self> {
        let blueprint = blueprint(spec, kind)?;
        let (paddr, contiguous) = match *kind {
            Kind::Frames {
                paddr, contiguous, ..
            } => (paddr, contiguous),
            _ => (None, false),
        };
        let size_bits = blueprint.physical_size_bits() as u8;
        let request = Request {
            size_bits,
            count: kind.slots(),
            paddr,
            contiguous,
        };
        Some(Self {
            request,
            blueprint,
            slot,
            object: Some(id),
        })
    }
}

fn blueprint(spec: &Spec, kind: &Kind) -> Option<ObjectBlueprint> {
    Some(match *kind {
        Kind::Endpoint => ObjectBlueprint::Endpoint,
        Kind::Notification => ObjectBlueprint::Notification,
        Kind::CNode { size_bits } => ObjectBlueprint::CNode {
            size_bits: size_bits.into(),
        },
        Kind::Tcb => ObjectBlueprint::Tcb,
        Kind::VSpace => ObjectBlueprintX64::PML4.into(),
        Kind::EptRoot => ObjectBlueprintX64::EPTPML4.into(),
        Kind::Vcpu => ObjectBlueprintX86::VCpu.into(),
        Kind::Frames {
            size: PageSize::Small,
            ..
        } => FrameObjectType::_4k.blueprint(),
        Kind::Frames {
            size: PageSize::Large,
            ..
        } => FrameObjectType::LargePage.blueprint(),
        Kind::Tables { space, level, .. } if !is_guest(spec, space) => match level {
            TableLevel::PageDirectoryPointerTable => ObjectBlueprintX64::PDPT.into(),
            TableLevel::PageDirectory => ObjectBlueprintX86::PageDirectory.into(),
            TableLevel::PageTable => ObjectBlueprintX86::PageTable.into(),
        },
        Kind::Tables { level, .. } => match level {
            TableLevel::PageDirectoryPointerTable => ObjectBlueprintX64::EPTPDPT.into(),
            TableLevel::PageDirectory => ObjectBlueprintX86::EPTPageDirectory.into(),
            TableLevel::PageTable => ObjectBlueprintX86::EPTPageTable.into(),
        },
        Kind::IrqHandler { .. } | Kind::IoPorts { .. } => return None,
    })
}

/// Whether an address space is a guest's.
pub fn is_guest(spec: &Spec, space: ObjectId) -> bool {
    matches!(spec.objects[space as usize].kind, Kind::EptRoot)
}

fn explain(system: &System, wanted: &[Wanted], error: plan::Error, untypeds: &[Untyped]) -> Error {
    let (plan::Error::NoSuchMemory { request, .. }
    | plan::Error::Taken { request, .. }
    | plan::Error::OutOfMemory { request, .. }
    | plan::Error::NotContiguous { request, .. }) = error;
    match wanted[request].object {
        Some(id) => Error(system.spec.explain(id, error, untypeds)),
        None => Error(format!("no memory for the initial task itself: {error:?}")),
    }
}

fn what(blueprint: ObjectBlueprint) -> &'static str {
    match blueprint {
        ObjectBlueprint::Arch(
            ObjectBlueprintX86::VCpu
            | ObjectBlueprintX86::EPTPageDirectory
            | ObjectBlueprintX86::EPTPageTable
            | ObjectBlueprintX86::SeL4Arch(ObjectBlueprintX64::EPTPDPT | ObjectBlueprintX64::EPTPML4),
        ) => "cannot be made (has this CPU VT-x, and is it enabled?)",
        _ => "cannot be made",
    }
}
