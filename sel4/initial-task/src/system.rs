// SPDX-License-Identifier: BSD-2-Clause
//! The system while it is built: which slot of this task's CNode holds what.

use alloc::format;
use alloc::vec::Vec;

use object_spec::{ObjectId, Spec};
use sel4::init_thread::slot;
use sel4::{AbsoluteCPtr, BootInfo, CPtr, CPtrBits, Cap, CapType};

use crate::error::{Error, Result};

/// The objects of a spec, made or to be made.
pub struct System<'a> {
    pub spec: &'a Spec,
    /// Slot of each object's first capability.
    first: Vec<usize>,
    /// Physical address of each object's first piece; 0 where it has none.
    pub paddr: Vec<u64>,
    free: core::ops::Range<usize>,
}

impl<'a> System<'a> {
    /// Gives every object its slots.
    pub fn new(spec: &'a Spec, bootinfo: &BootInfo) -> Result<Self> {
        let mut free = bootinfo.empty().range();
        if spec.slots() > free.len() as u64 {
            return Err(Error(format!(
                "the system needs {} capability slots, the kernel gives {}",
                spec.slots(),
                free.len()
            )));
        }
        let mut first = Vec::with_capacity(spec.objects.len());
        for object in &spec.objects {
            first.push(free.start);
            free.start += object.kind.slots() as usize;
        }
        let paddr = alloc::vec![0; spec.objects.len()];
        Ok(Self {
            spec,
            first,
            paddr,
            free,
        })
    }

    /// A slot that nothing uses.
    pub fn free_slot(&mut self) -> Result<usize> {
        self.free
            .next()
            .ok_or_else(|| Error("out of capability slots".into()))
    }

    /// Runs `f`, after which the slots that it took are free again. They must be empty then.
    pub fn with_free_slots_back<T>(&mut self, f: impl FnOnce(&mut Self) -> T) -> T {
        let free = self.free.clone();
        let result = f(self);
        self.free = free;
        result
    }

    /// Index of the slot of an object's `index`-th capability.
    pub fn slot(&self, id: ObjectId, index: u32) -> usize {
        self.first[id as usize] + index as usize
    }

    /// An object's first capability.
    pub fn cap<T: CapType>(&self, id: ObjectId) -> Cap<T> {
        cap_in(self.slot(id, 0))
    }
}

/// The capability in a slot of this task's CNode.
pub fn cap_in<T: CapType>(slot: usize) -> Cap<T> {
    CPtr::from_bits(slot as CPtrBits).cast()
}

/// A slot of this task's CNode.
pub fn place(slot: usize) -> AbsoluteCPtr {
    slot::CNODE
        .cap()
        .absolute_cptr(CPtr::from_bits(slot as CPtrBits))
}
