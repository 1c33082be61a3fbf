// SPDX-License-Identifier: BSD-2-Clause
//! Address spaces: identifiers, paging structures, frames.

use object_spec::{Kind, Mapping, ObjectId, PageSize, Spec, TableLevel};
use sel4::init_thread::slot;
use sel4::{CapRights, VmAttributes, cap, cap_type};

use crate::error::{About, Result};
use crate::memory::is_guest;
use crate::system::{System, cap_in, place};

/// Builds every address space.
pub fn build(system: &mut System) -> Result<()> {
    let spec = system.spec;
    for (id, object) in (0..).zip(&spec.objects) {
        match object.kind {
            Kind::VSpace | Kind::EptRoot => {
                let assigned = slot::ASID_POOL.cap().asid_pool_assign(system.cap(id));
                assigned.about(system, id, "no address space identifier")?;
            }
            Kind::Tables {
                space,
                level,
                vaddr,
                count,
            } => {
                for index in 0..count {
                    let at = vaddr + u64::from(index) * level.span();
                    table(system, system.slot(id, index), space, level, at as usize).about(
                        system,
                        id,
                        format_args!("cannot be mapped at {at:#x}"),
                    )?;
                }
            }
            _ => {}
        }
    }
    let mut mapped = alloc::vec![false; spec.objects.len()];
    for mapping in &spec.mappings {
        let again = core::mem::replace(&mut mapped[mapping.frames as usize], true);
        map(system, mapping, again)?;
    }
    Ok(())
}

fn table(
    system: &System,
    slot: usize,
    space: ObjectId,
    level: TableLevel,
    at: usize,
) -> sel4::Result<()> {
    let attributes = VmAttributes::DEFAULT;
    if is_guest(system.spec, space) {
        let root = system.cap(space);
        match level {
            TableLevel::PageDirectoryPointerTable => {
                cap_in::<cap_type::EPTPDPT>(slot).eptpdpt_map(root, at, attributes)
            }
            TableLevel::PageDirectory => cap_in::<cap_type::EPTPageDirectory>(slot)
                .ept_page_directory_map(root, at, attributes),
            TableLevel::PageTable => {
                cap_in::<cap_type::EPTPageTable>(slot).ept_page_table_map(root, at, attributes)
            }
        }
    } else {
        let root = system.cap(space);
        match level {
            TableLevel::PageDirectoryPointerTable => {
                cap_in::<cap_type::PDPT>(slot).pdpt_map(root, at, attributes)
            }
            TableLevel::PageDirectory => {
                cap_in::<cap_type::PageDirectory>(slot).page_directory_map(root, at, attributes)
            }
            TableLevel::PageTable => {
                cap_in::<cap_type::PageTable>(slot).page_table_map(root, at, attributes)
            }
        }
    }
}

/// Maps frames by their own capabilities, or, those that are mapped elsewhere already, by copies.
fn map(system: &mut System, mapping: &Mapping, again: bool) -> Result<()> {
    let size = frame_size(system.spec, mapping.frames);
    let guest = is_guest(system.spec, mapping.space);
    let rights = rights(mapping.rights.0);
    for index in 0..mapping.count {
        let at = mapping.vaddr + u64::from(index) * size.bytes();
        let mut slot = system.slot(mapping.frames, mapping.first + index);
        if again {
            let copy = system.free_slot()?;
            let copied = place(copy).copy(&place(slot), CapRights::all());
            copied.about(system, mapping.frames, "cannot be shared")?;
            slot = copy;
        }
        let frame: cap::UnspecifiedPage = cap_in(slot);
        let done = if guest {
            let attributes = if mapping.cached {
                VmAttributes::EPT_DEFAULT
            } else {
                VmAttributes::EPT_CACHE_DISABLED
            };
            frame.ept_frame_map(system.cap(mapping.space), at as usize, rights, attributes)
        } else {
            let attributes = if mapping.cached {
                VmAttributes::DEFAULT
            } else {
                VmAttributes::CACHE_DISABLED
            };
            frame.frame_map(system.cap(mapping.space), at as usize, rights, attributes)
        };
        done.about(
            system,
            mapping.frames,
            format_args!("cannot be mapped at {at:#x}"),
        )?;
    }
    Ok(())
}

/// The kernel's rights of a spec's.
pub fn rights(bits: u8) -> CapRights {
    CapRights::new(false, bits & 4 != 0, bits & 2 != 0, bits & 1 != 0)
}

fn frame_size(spec: &Spec, id: ObjectId) -> PageSize {
    match spec.objects[id as usize].kind {
        Kind::Frames { size, .. } => size,
        _ => PageSize::Small,
    }
}
