// SPDX-License-Identifier: BSD-2-Clause
//! Memory and capability slots of one test at a time, and where frames are mapped.

use core::arch::x86_64::_rdtsc;
use core::ops::Range;
use core::ptr::NonNull;

use sel4::init_thread::slot;
use sel4::{
    AbsoluteCPtr, BootInfoPtr, CPtr, Cap, CapRights, CapType, ObjectBlueprint, ObjectBlueprintX64,
    ObjectBlueprintX86, Result, VmAttributes, cap,
};

/// Base-two logarithm of the memory that a test has.
const MEMORY_BITS: usize = 24;
/// Where frames are mapped: 1 GiB in which nothing else is.
const WINDOW: usize = 0x80_0000_0000;
/// Bytes of a small frame.
pub const PAGE: usize = 0x1000;
/// Bytes of a large frame.
pub const LARGE_PAGE: usize = 0x20_0000;
/// A condition that does not come true in so many cycles does not come true. A time slice is shorter.
const PATIENCE: u64 = 200_000_000;

/// What a test makes its objects of.
pub struct World {
    memory: cap::Untyped,
    slots: Range<usize>,
    next_slot: usize,
    next_page: usize,
    cores: u64,
}

impl World {
    /// A world of free memory; None if there is none that is large enough.
    pub fn new(bootinfo: &BootInfoPtr) -> Option<Self> {
        let mut untypeds = bootinfo.untyped_list().iter();
        let index = untypeds
            .position(|untyped| !untyped.is_device() && untyped.size_bits() >= MEMORY_BITS)?;
        let slots = bootinfo.empty().range();
        Some(Self {
            memory: bootinfo.untyped().index(index).cap(),
            next_slot: slots.start,
            slots,
            next_page: 0,
            cores: bootinfo.num_nodes(),
        })
    }

    /// How many cores the kernel uses.
    pub fn cores(&self) -> u64 {
        self.cores
    }

    /// Deletes whatever was made, and begins anew with tables for frames.
    pub fn renew(&mut self) -> Result<()> {
        place(self.memory).revoke()?;
        self.next_slot = self.slots.start;
        self.next_page = 0;
        let (vspace, none) = (slot::VSPACE.cap(), VmAttributes::NONE);
        let pdpt: cap::PDPT = self.make(ObjectBlueprintX64::PDPT)?;
        pdpt.pdpt_map(vspace, WINDOW, none)?;
        let directory: cap::PageDirectory = self.make(ObjectBlueprintX86::PageDirectory)?;
        directory.page_directory_map(vspace, WINDOW, none)?;
        let table: cap::PageTable = self.make(ObjectBlueprintX86::PageTable)?;
        table.page_table_map(vspace, WINDOW, none)
    }

    /// An empty slot, for a capability of type `T`.
    pub fn slot<T: CapType>(&mut self) -> Cap<T> {
        assert!(self.slots.contains(&self.next_slot), "the CNode is full");
        self.next_slot += 1;
        Cap::from_bits(self.next_slot as u64 - 1)
    }

    /// Makes an object.
    pub fn make<T: CapType>(&mut self, blueprint: impl Into<ObjectBlueprint>) -> Result<Cap<T>> {
        self.make_of(self.memory, blueprint)
    }

    /// Makes an object of this memory.
    pub fn make_of<T: CapType>(
        &mut self,
        memory: cap::Untyped,
        blueprint: impl Into<ObjectBlueprint>,
    ) -> Result<Cap<T>> {
        let made = self.slot::<T>();
        let root = slot::CNODE.cap().absolute_cptr_for_self();
        memory.untyped_retype(&blueprint.into(), &root, made.bits() as usize, 1)?;
        Ok(made)
    }

    /// Another capability to the same object.
    pub fn copy<T: CapType>(&mut self, of: Cap<T>) -> Result<Cap<T>> {
        let copy = self.slot::<T>();
        place(copy).copy(&place(of), CapRights::all())?;
        Ok(copy)
    }

    /// Where the next small frame is mapped.
    pub fn next(&self) -> NonNull<u8> {
        address(WINDOW + self.next_page * PAGE)
    }

    /// Maps a small frame behind the one before; returns where.
    pub fn map(&mut self, frame: cap::Granule) -> Result<NonNull<u8>> {
        let at = self.next();
        self.next_page += 1;
        assert!(self.next_page * PAGE <= LARGE_PAGE, "the table is full");
        self.map_at(frame, at)?;
        Ok(at)
    }

    /// Maps a small frame at an address for which there is a table.
    pub fn map_at(&self, frame: cap::Granule, at: NonNull<u8>) -> Result<()> {
        let (at, rights) = (at.as_ptr() as usize, CapRights::read_write());
        frame.frame_map(slot::VSPACE.cap(), at, rights, VmAttributes::NONE)
    }

    /// Maps a large frame behind the small ones; returns where.
    pub fn map_large(&self, frame: cap::LargePage) -> Result<NonNull<u8>> {
        let (at, rights) = (WINDOW + LARGE_PAGE, CapRights::read_write());
        frame.frame_map(slot::VSPACE.cap(), at, rights, VmAttributes::NONE)?;
        Ok(address(at))
    }

    /// Lets others run until `condition` holds; `false` if that is too long.
    pub fn wait(&self, mut condition: impl FnMut() -> bool) -> bool {
        let start = now();
        while !condition() {
            if now().wrapping_sub(start) > PATIENCE {
                return false;
            }
            sel4::r#yield();
        }
        true
    }
}

fn address(at: usize) -> NonNull<u8> {
    NonNull::new(at as *mut u8).expect("the window is not at 0")
}

/// The slot of a capability.
pub fn place<T: CapType>(cap: Cap<T>) -> AbsoluteCPtr {
    slot::CNODE.cap().absolute_cptr(CPtr::from_bits(cap.bits()))
}

/// The time stamp counter.
pub fn now() -> u64 {
    // SAFETY: every x86-64 CPU has the instruction, and seL4 lets user level use it.
    unsafe { _rdtsc() }
}
