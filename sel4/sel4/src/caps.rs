// SPDX-License-Identifier: BSD-2-Clause
//! Capabilities with the type of the object that they stand for.

use core::{fmt, hash::Hash, marker::PhantomData};

use crate::{CPtr, CPtrBits};

/// Marks the type of a capability; the types are in [`cap_type`].
pub trait CapType: Copy + Clone + Eq + PartialEq + Ord + PartialOrd + Hash {
    /// The type's name, for messages.
    const NAME: &'static str;
}

/// A capability address together with the type of capability that is expected there.
///
/// Holding one proves nothing: it is a typed number. The kernel checks the capability at each use.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cap<T: CapType> {
    cptr: CPtr,
    phantom: PhantomData<T>,
}

impl<T: CapType> Cap<T> {
    /// The capability at this address.
    pub const fn from_cptr(cptr: CPtr) -> Self {
        Self {
            cptr,
            phantom: PhantomData,
        }
    }

    /// The capability at the address with these bits.
    pub const fn from_bits(bits: CPtrBits) -> Self {
        Self::from_cptr(CPtr::from_bits(bits))
    }

    /// The address.
    pub const fn cptr(&self) -> CPtr {
        self.cptr
    }

    /// The address's bits.
    pub const fn bits(&self) -> CPtrBits {
        self.cptr.bits()
    }

    /// The same address, expecting another type.
    pub const fn cast<T1: CapType>(self) -> Cap<T1> {
        Cap::from_cptr(self.cptr)
    }

    /// The same address, expecting no type in particular.
    pub const fn upcast(self) -> cap::Unspecified {
        self.cast()
    }
}

impl cap::Unspecified {
    /// The same address, expecting the type `T`.
    pub const fn downcast<T: CapType>(self) -> Cap<T> {
        self.cast()
    }
}

impl<T: CapType> fmt::Debug for Cap<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}({:#x})", T::NAME, self.bits())
    }
}

macro_rules! cap_types {
    ($($(#[$attr:meta])* $name:ident,)*) => {
        /// The types of capabilities.
        #[allow(non_camel_case_types)]
        pub mod cap_type {
            $(
                $(#[$attr])*
                #[derive(Debug, Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
                pub struct $name(());

                impl super::CapType for $name {
                    const NAME: &'static str = stringify!($name);
                }
            )*

            /// Root of an address space.
            pub type VSpace = PML4;
            /// The smallest frame.
            pub type Granule = _4k;
        }

        /// Capabilities by type.
        #[allow(non_camel_case_types, clippy::module_inception)]
        pub mod cap {
            use super::{Cap, cap_type};
            $(
                $(#[$attr])*
                pub type $name = Cap<cap_type::$name>;
            )*

            /// Root of an address space.
            pub type VSpace = PML4;
            /// The smallest frame.
            pub type Granule = _4k;
        }
    };
}

cap_types! {
    /// Memory that is not an object yet.
    Untyped,
    /// Rendezvous of messages.
    Endpoint,
    /// Word of flags that threads wait for.
    Notification,
    /// Thread.
    Tcb,
    /// Table of capabilities.
    CNode,
    /// Right to make IRQ handler capabilities.
    IrqControl,
    /// One interrupt.
    IrqHandler,
    /// Right to make ASID pools.
    AsidControl,
    /// Room for address spaces.
    AsidPool,
    /// Right to assign threads to scheduling domains.
    DomainSet,
    /// Reply to a caller, saved in a slot.
    Reply,
    /// Empty slot.
    Null,
    /// Any type.
    Unspecified,
    /// Frame of any size.
    UnspecifiedPage,
    /// Page table of any level.
    UnspecifiedIntermediateTranslationTable,
    /// Frame of 4 KiB.
    _4k,
    /// Frame of 2 MiB.
    LargePage,
    /// Page-map level 4.
    PML4,
    /// Page-directory-pointer table.
    PDPT,
    /// Page directory.
    PageDirectory,
    /// Page table.
    PageTable,
    /// A range of I/O ports. The initial capability covers all; fewer come by minting, see
    /// [`io_port_badge`](crate::io_port_badge).
    IOPort,
    /// Virtual CPU.
    VCpu,
    /// Extended page table, level 4.
    EPTPML4,
    /// Extended page table, level 3.
    EPTPDPT,
    /// Extended page table, level 2.
    EPTPageDirectory,
    /// Extended page table, level 1.
    EPTPageTable,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn casts_keep_the_address() {
        let tcb = cap::Tcb::from_bits(0x44);
        assert_eq!(tcb.upcast().downcast::<cap_type::Tcb>(), tcb);
        assert_eq!(tcb.cast::<cap_type::CNode>().bits(), 0x44);
        assert_eq!(tcb.cptr().cast::<cap_type::Tcb>(), tcb);
        assert_eq!(format!("{tcb:?}"), "Tcb(0x44)");
    }
}
