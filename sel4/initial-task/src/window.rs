// SPDX-License-Identifier: BSD-2-Clause
//! A place in this task's address space where one frame at a time is mapped to be read or written.

use alloc::format;

use sel4::init_thread::slot;
use sel4::{CapRights, ObjectBlueprintX86, VmAttributes, cap, cap_type};

use crate::error::{Error, Result};
use crate::memory::Extra;
use crate::system::{System, cap_in};

/// Where small frames are mapped: far behind this program, in the 512 GiB whose table it has.
const SMALL: usize = 0x10_0000_0000;
/// Where large frames are mapped, in the same GiB.
const LARGE: usize = SMALL + 0x20_0000;

/// The window; its tables must have been made and mapped.
pub struct Window(());

/// Page directory and page table of the window, to be made.
pub fn tables(system: &mut System) -> Result<[Extra; 2]> {
    let mut table = |blueprint: ObjectBlueprintX86| -> Result<Extra> {
        Ok(Extra {
            blueprint: blueprint.into(),
            slot: system.free_slot()?,
            paddr: None,
        })
    };
    Ok([
        table(ObjectBlueprintX86::PageDirectory)?,
        table(ObjectBlueprintX86::PageTable)?,
    ])
}

/// The error where memory cannot be seen.
pub fn failed(error: sel4::Error) -> Error {
    Error(format!("no window to memory: {error:?}"))
}

impl Window {
    /// Maps the tables that were made in these slots.
    pub fn new(directory: usize, table: usize) -> Result<Self> {
        let vspace = slot::VSPACE.cap();
        let attributes = VmAttributes::DEFAULT;
        cap_in::<cap_type::PageDirectory>(directory)
            .page_directory_map(vspace, SMALL, attributes)
            .and_then(|()| {
                cap_in::<cap_type::PageTable>(table).page_table_map(vspace, SMALL, attributes)
            })
            .map_err(failed)?;
        Ok(Self(()))
    }

    /// Lends the bytes of the frame in a slot, which must not be mapped.
    pub fn with<T>(
        &mut self,
        frame: usize,
        large: bool,
        f: impl FnOnce(&mut [u8]) -> T,
    ) -> sel4::Result<T> {
        let frame: cap::UnspecifiedPage = cap_in(frame);
        let (at, len) = if large {
            (LARGE, 1 << 21)
        } else {
            (SMALL, 1 << 12)
        };
        let rights = CapRights::read_write();
        frame.frame_map(slot::VSPACE.cap(), at, rights, VmAttributes::DEFAULT)?;
        // SAFETY: the frame was just mapped there with these rights, nothing else lies there, and the
        // only other reference, from an earlier call, has ended: `self` is borrowed until this one
        // ends.
        let result = f(unsafe { core::slice::from_raw_parts_mut(at as *mut u8, len) });
        frame.frame_unmap()?;
        Ok(result)
    }
}
