// SPDX-License-Identifier: BSD-2-Clause
//! Capability addresses.

use crate::{Cap, CapType, WORD_SIZE, Word, caps::cap::CNode};

/// The bits of a capability address.
pub type CPtrBits = u64;

/// A capability address, resolved in the CSpace of the thread that uses it.
#[derive(Debug, Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CPtr {
    bits: CPtrBits,
}

impl CPtr {
    /// The address with these bits.
    pub const fn from_bits(bits: CPtrBits) -> Self {
        Self { bits }
    }

    /// The address's bits.
    pub const fn bits(self) -> CPtrBits {
        self.bits
    }

    /// Takes the address for one of a capability of type `T`. Nothing is checked: the kernel does
    /// that when the capability is used.
    pub const fn cast<T: CapType>(self) -> Cap<T> {
        Cap::from_cptr(self)
    }
}

/// A capability address of which only the lowest `depth` bits are resolved.
#[derive(Debug, Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CPtrWithDepth {
    bits: CPtrBits,
    depth: usize,
}

impl CPtrWithDepth {
    /// The lowest `depth` bits (0 to 64) of `bits`.
    pub const fn from_bits_with_depth(bits: CPtrBits, depth: usize) -> Self {
        Self { bits, depth }
    }

    /// The address's bits.
    pub const fn bits(&self) -> CPtrBits {
        self.bits
    }

    /// How many bits are resolved.
    pub const fn depth(&self) -> usize {
        self.depth
    }

    /// The address of no bits: the CNode itself, where a destination window is asked for.
    pub const fn empty() -> Self {
        Self::from_bits_with_depth(0, 0)
    }
}

impl From<CPtr> for CPtrWithDepth {
    fn from(cptr: CPtr) -> Self {
        Self::from_bits_with_depth(cptr.bits(), WORD_SIZE)
    }
}

/// Things that name a slot below a CNode.
pub trait HasCPtrWithDepth {
    /// The slot's address below the CNode.
    fn cptr_with_depth(self) -> CPtrWithDepth;
}

impl HasCPtrWithDepth for CPtr {
    fn cptr_with_depth(self) -> CPtrWithDepth {
        self.into()
    }
}

impl<T: CapType> HasCPtrWithDepth for Cap<T> {
    fn cptr_with_depth(self) -> CPtrWithDepth {
        self.cptr().into()
    }
}

impl HasCPtrWithDepth for CPtrWithDepth {
    fn cptr_with_depth(self) -> CPtrWithDepth {
        self
    }
}

/// A slot: an address below a given CNode.
#[derive(Debug, Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AbsoluteCPtr {
    root: CNode,
    path: CPtrWithDepth,
}

impl AbsoluteCPtr {
    /// The slot at `path` below `root`.
    pub const fn new(root: CNode, path: CPtrWithDepth) -> Self {
        Self { root, path }
    }

    /// The CNode where the resolution starts.
    pub const fn root(&self) -> &CNode {
        &self.root
    }

    /// The address below it.
    pub const fn path(&self) -> &CPtrWithDepth {
        &self.path
    }

    pub(crate) const fn words(&self) -> CNodeSlot {
        CNodeSlot {
            root: self.root.bits(),
            index: self.path.bits,
            depth: self.path.depth as Word,
        }
    }
}

/// A slot as the kernel takes it.
pub(crate) struct CNodeSlot {
    pub(crate) root: Word,
    pub(crate) index: Word,
    pub(crate) depth: Word,
}

impl CNode {
    /// The slot at `path` below this CNode.
    pub fn absolute_cptr<T: HasCPtrWithDepth>(self, path: T) -> AbsoluteCPtr {
        AbsoluteCPtr::new(self, path.cptr_with_depth())
    }

    /// The slot at the lowest `depth` bits of `bits` below this CNode.
    pub const fn absolute_cptr_from_bits_with_depth(
        self,
        bits: CPtrBits,
        depth: usize,
    ) -> AbsoluteCPtr {
        AbsoluteCPtr::new(self, CPtrWithDepth::from_bits_with_depth(bits, depth))
    }

    /// This CNode itself as a destination: the slots of a retype then are those of this CNode.
    pub const fn absolute_cptr_for_self(self) -> AbsoluteCPtr {
        AbsoluteCPtr::new(self, CPtrWithDepth::empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cap;

    #[test]
    fn a_cptr_resolves_the_whole_word() {
        let root = cap::CNode::from_bits(2);
        let slot = root.absolute_cptr(CPtr::from_bits(0x123));
        assert_eq!(slot.root().bits(), 2);
        assert_eq!((slot.path().bits(), slot.path().depth()), (0x123, 64));
        let same = root.absolute_cptr(cap::Tcb::from_bits(0x123));
        assert_eq!(slot, same);
    }

    #[test]
    fn depth_is_kept() {
        let root = cap::CNode::from_bits(2);
        let slot = root.absolute_cptr_from_bits_with_depth(5, 19);
        assert_eq!((slot.path().bits(), slot.path().depth()), (5, 19));
        assert_eq!(root.absolute_cptr_for_self().path().depth(), 0);
    }
}
