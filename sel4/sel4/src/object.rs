// SPDX-License-Identifier: BSD-2-Clause
//! Kinds of kernel objects: what retype makes, and how much memory it takes.

use crate::{
    Word,
    sys::{object_size_bits as size, object_type as ty},
};

/// An object to be made by [`untyped_retype`](crate::cap::Untyped::untyped_retype).
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ObjectBlueprint {
    /// A smaller untyped of 2^`size_bits` bytes.
    Untyped {
        /// Base-two logarithm of the bytes.
        size_bits: usize,
    },
    /// An endpoint.
    Endpoint,
    /// A notification.
    Notification,
    /// A CNode of 2^`size_bits` slots.
    CNode {
        /// Base-two logarithm of the slots.
        size_bits: usize,
    },
    /// A thread.
    Tcb,
    /// An object that only this architecture has.
    Arch(ObjectBlueprintArch),
}

/// Objects of this architecture.
pub type ObjectBlueprintArch = ObjectBlueprintX86;

/// Objects of the 64-bit flavour of this architecture.
pub type ObjectBlueprintSeL4Arch = ObjectBlueprintX64;

/// Objects of x86.
#[allow(missing_docs)]
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ObjectBlueprintX86 {
    _4k,
    LargePage,
    PageTable,
    PageDirectory,
    VCpu,
    EPTPageDirectory,
    EPTPageTable,
    SeL4Arch(ObjectBlueprintSeL4Arch),
}

/// Objects of x86-64.
#[allow(missing_docs)]
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ObjectBlueprintX64 {
    PDPT,
    PML4,
    EPTPDPT,
    EPTPML4,
}

impl ObjectBlueprint {
    /// The kernel's number for the kind of object.
    pub const fn object_type(self) -> Word {
        match self {
            Self::Untyped { .. } => ty::Untyped,
            Self::Endpoint => ty::Endpoint,
            Self::Notification => ty::Notification,
            Self::CNode { .. } => ty::CapTable,
            Self::Tcb => ty::TCB,
            Self::Arch(arch) => arch.object_type(),
        }
    }

    /// The size that retype is told: only untypeds and CNodes have one.
    pub const fn api_size_bits(self) -> Option<usize> {
        match self {
            Self::Untyped { size_bits } | Self::CNode { size_bits } => Some(size_bits),
            _ => None,
        }
    }

    /// The memory that one object takes, as base-two logarithm of bytes. It is aligned to that.
    pub const fn physical_size_bits(self) -> usize {
        match self {
            Self::Untyped { size_bits } => size_bits,
            Self::Endpoint => size::Endpoint as usize,
            Self::Notification => size::Notification as usize,
            Self::CNode { size_bits } => size::Slot as usize + size_bits,
            Self::Tcb => size::TCB as usize,
            Self::Arch(arch) => arch.physical_size_bits(),
        }
    }

    /// The untyped that
    /// [`asid_control_make_pool`](crate::cap::AsidControl::asid_control_make_pool) takes.
    pub const fn asid_pool() -> Self {
        Self::Untyped {
            size_bits: size::ASIDPool as usize,
        }
    }
}

impl ObjectBlueprintX86 {
    const fn object_type(self) -> Word {
        match self {
            Self::_4k => ty::X86_4K,
            Self::LargePage => ty::X86_LargePage,
            Self::PageTable => ty::X86_PageTable,
            Self::PageDirectory => ty::X86_PageDirectory,
            Self::VCpu => ty::X86_VCPU,
            Self::EPTPageDirectory => ty::X86_EPTPD,
            Self::EPTPageTable => ty::X86_EPTPT,
            Self::SeL4Arch(ObjectBlueprintX64::PDPT) => ty::X86_PDPT,
            Self::SeL4Arch(ObjectBlueprintX64::PML4) => ty::X64_PML4,
            Self::SeL4Arch(ObjectBlueprintX64::EPTPDPT) => ty::X86_EPTPDPT,
            Self::SeL4Arch(ObjectBlueprintX64::EPTPML4) => ty::X86_EPTPML4,
        }
    }

    const fn physical_size_bits(self) -> usize {
        let bits = match self {
            Self::_4k => size::Page,
            Self::LargePage => size::LargePage,
            Self::PageTable => size::PageTable,
            Self::PageDirectory => size::PageDir,
            Self::VCpu => size::X86_VCPU,
            Self::EPTPageDirectory => size::X86_EPTPD,
            Self::EPTPageTable => size::X86_EPTPT,
            Self::SeL4Arch(ObjectBlueprintX64::PDPT) => size::PDPT,
            Self::SeL4Arch(ObjectBlueprintX64::PML4) => size::PML4,
            Self::SeL4Arch(ObjectBlueprintX64::EPTPDPT) => size::X86_EPTPDPT,
            Self::SeL4Arch(ObjectBlueprintX64::EPTPML4) => size::X86_EPTPML4,
        };
        bits as usize
    }
}

impl From<ObjectBlueprintX86> for ObjectBlueprint {
    fn from(blueprint: ObjectBlueprintX86) -> Self {
        Self::Arch(blueprint)
    }
}

impl From<ObjectBlueprintX64> for ObjectBlueprint {
    fn from(blueprint: ObjectBlueprintX64) -> Self {
        Self::Arch(ObjectBlueprintX86::SeL4Arch(blueprint))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_untypeds_and_cnodes_are_told_a_size() {
        assert_eq!(
            ObjectBlueprint::Untyped { size_bits: 20 }.api_size_bits(),
            Some(20)
        );
        assert_eq!(
            ObjectBlueprint::CNode { size_bits: 9 }.api_size_bits(),
            Some(9)
        );
        assert_eq!(ObjectBlueprint::Tcb.api_size_bits(), None);
        assert_eq!(
            ObjectBlueprint::from(ObjectBlueprintX64::PML4).api_size_bits(),
            None
        );
    }

    #[test]
    fn a_slot_takes_32_bytes() {
        assert_eq!(
            ObjectBlueprint::CNode { size_bits: 9 }.physical_size_bits(),
            14
        );
    }

    #[test]
    fn kinds_have_numbers_of_their_own() {
        let mut numbers: Vec<_> = [
            ObjectBlueprint::Untyped { size_bits: 12 },
            ObjectBlueprint::Endpoint,
            ObjectBlueprint::Notification,
            ObjectBlueprint::CNode { size_bits: 1 },
            ObjectBlueprint::Tcb,
            ObjectBlueprintX86::_4k.into(),
            ObjectBlueprintX86::LargePage.into(),
            ObjectBlueprintX86::PageTable.into(),
            ObjectBlueprintX86::PageDirectory.into(),
            ObjectBlueprintX86::VCpu.into(),
            ObjectBlueprintX86::EPTPageDirectory.into(),
            ObjectBlueprintX86::EPTPageTable.into(),
            ObjectBlueprintX64::PDPT.into(),
            ObjectBlueprintX64::PML4.into(),
            ObjectBlueprintX64::EPTPDPT.into(),
            ObjectBlueprintX64::EPTPML4.into(),
        ]
        .into_iter()
        .map(ObjectBlueprint::object_type)
        .collect();
        numbers.sort_unstable();
        assert_eq!(numbers, (0..16).collect::<Vec<_>>());
    }
}
