// SPDX-License-Identifier: BSD-2-Clause
//! The CSpace that the kernel gives to the initial thread.

use core::{marker::PhantomData, ops::Range};

use crate::{CPtr, CPtrBits, Cap, CapType, cap_type};

/// A slot of the initial thread's CNode that holds a capability of type `T`.
#[derive(Debug, Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Slot<T: CapType = cap_type::Unspecified> {
    index: usize,
    phantom: PhantomData<T>,
}

impl<T: CapType> Slot<T> {
    /// The slot with this index.
    pub const fn from_index(index: usize) -> Self {
        Self {
            index,
            phantom: PhantomData,
        }
    }

    /// The slot's index in the CNode.
    pub const fn index(&self) -> usize {
        self.index
    }

    /// The bits of the slot's capability address.
    pub const fn cptr_bits(&self) -> CPtrBits {
        self.index as CPtrBits
    }

    /// The slot's capability address.
    pub const fn cptr(&self) -> CPtr {
        CPtr::from_bits(self.cptr_bits())
    }

    /// The capability in the slot.
    pub const fn cap(&self) -> Cap<T> {
        self.cptr().cast()
    }

    /// The slot, expecting another type.
    pub const fn cast<T1: CapType>(&self) -> Slot<T1> {
        Slot::from_index(self.index)
    }

    /// The slot, expecting no type in particular.
    pub const fn upcast(&self) -> Slot {
        self.cast()
    }
}

impl Slot {
    /// The slot, expecting type `T`.
    pub const fn downcast<T: CapType>(&self) -> Slot<T> {
        self.cast()
    }
}

/// Consecutive slots with capabilities of one type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SlotRegion<T: CapType> {
    range: Range<usize>,
    phantom: PhantomData<T>,
}

#[allow(clippy::len_without_is_empty)]
impl<T: CapType> SlotRegion<T> {
    pub(crate) const fn from_range(range: Range<usize>) -> Self {
        Self {
            range,
            phantom: PhantomData,
        }
    }

    /// Index of the first slot.
    pub const fn start(&self) -> usize {
        self.range.start
    }

    /// Index after the last slot.
    pub const fn end(&self) -> usize {
        self.range.end
    }

    /// Indices of the slots.
    pub const fn range(&self) -> Range<usize> {
        self.start()..self.end()
    }

    /// Number of slots.
    pub fn len(&self) -> usize {
        self.range.len()
    }

    /// The `i`-th slot.
    ///
    /// # Panics
    ///
    /// When there are not that many.
    pub fn index(&self, i: usize) -> Slot<T> {
        assert!(i < self.len(), "slot {i} of a region of {}", self.len());
        Slot::from_index(self.range.start + i)
    }
}

/// Slots that the kernel fills.
pub mod slot {
    use super::Slot;
    use crate::cap_type;

    /// Never filled.
    pub const NULL: Slot<cap_type::Null> = Slot::from_index(0);
    /// The initial thread.
    pub const TCB: Slot<cap_type::Tcb> = Slot::from_index(1);
    /// Its CNode.
    pub const CNODE: Slot<cap_type::CNode> = Slot::from_index(2);
    /// Its address space.
    pub const VSPACE: Slot<cap_type::VSpace> = Slot::from_index(3);
    /// Right to make IRQ handlers.
    pub const IRQ_CONTROL: Slot<cap_type::IrqControl> = Slot::from_index(4);
    /// Right to make ASID pools.
    pub const ASID_CONTROL: Slot<cap_type::AsidControl> = Slot::from_index(5);
    /// The ASID pool of the initial thread's address space.
    pub const ASID_POOL: Slot<cap_type::AsidPool> = Slot::from_index(6);
    /// All I/O ports.
    pub const IO_PORT: Slot<cap_type::IOPort> = Slot::from_index(7);
    /// Frame of the boot information.
    pub const BOOT_INFO_FRAME: Slot<cap_type::Granule> = Slot::from_index(9);
    /// Frame of the IPC buffer.
    pub const IPC_BUFFER: Slot<cap_type::Granule> = Slot::from_index(10);
    /// Right to assign domains.
    pub const DOMAIN_SET: Slot<cap_type::DomainSet> = Slot::from_index(11);
}

/// Suspends the initial thread, for ever if nobody else has a capability to it.
pub fn suspend_self() -> ! {
    // An error leaves the thread running, where there is nothing left to do.
    let _ = slot::TCB.cap().tcb_suspend();
    loop {
        crate::r#yield();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regions_count_from_their_start() {
        let region = SlotRegion::<cap_type::Untyped>::from_range(20..23);
        assert_eq!((region.start(), region.end(), region.len()), (20, 23, 3));
        assert_eq!(region.index(2).cptr_bits(), 22);
        assert_eq!(region.range(), 20..23);
        assert_eq!(slot::DOMAIN_SET.cap().bits(), 11);
        assert_eq!(slot::TCB.upcast().downcast::<cap_type::Tcb>(), slot::TCB);
    }

    #[test]
    #[should_panic(expected = "slot 3 of a region of 3")]
    fn region_end() {
        SlotRegion::<cap_type::Untyped>::from_range(20..23).index(3);
    }
}
