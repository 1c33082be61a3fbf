// SPDX-License-Identifier: BSD-2-Clause
//! Slots: copying, minting, moving, deleting capabilities.

use crate::{AbsoluteCPtr, CPtr, CapRights, Result, Word, invoke, sys::invocation_label as label};

impl AbsoluteCPtr {
    /// Deletes every capability derived from the one in this slot.
    pub fn revoke(self) -> Result<()> {
        self.invoke(label::CNodeRevoke, &[])
    }

    /// Empties this slot; the object goes with its last capability.
    pub fn delete(self) -> Result<()> {
        self.invoke(label::CNodeDelete, &[])
    }

    /// Aborts sends that wait on the endpoint in this slot with this capability's badge.
    pub fn cancel_badged_sends(self) -> Result<()> {
        self.invoke(label::CNodeCancelBadgedSends, &[])
    }

    /// Puts a copy of `src` with at most `rights` into this slot, which must be empty.
    pub fn copy(self, src: &AbsoluteCPtr, rights: CapRights) -> Result<()> {
        self.invoke_from(label::CNodeCopy, src, &[rights.into_inner()])
    }

    /// As [`copy`](Self::copy), with a badge (endpoint, notification), a guard (CNode) or a range
    /// (I/O ports).
    pub fn mint(self, src: &AbsoluteCPtr, rights: CapRights, badge: Word) -> Result<()> {
        self.invoke_from(label::CNodeMint, src, &[rights.into_inner(), badge])
    }

    /// Moves the capability in `src` into this slot, which must be empty.
    pub fn move_(self, src: &AbsoluteCPtr) -> Result<()> {
        self.invoke_from(label::CNodeMove, src, &[])
    }

    /// As [`move_`](Self::move_), with a new badge or guard.
    pub fn mutate(self, src: &AbsoluteCPtr, badge: Word) -> Result<()> {
        self.invoke_from(label::CNodeMutate, src, &[badge])
    }

    /// Saves the right to answer this thread's last caller in this slot, which must be empty.
    pub fn save_caller(self) -> Result<()> {
        self.invoke(label::CNodeSaveCaller, &[])
    }

    fn invoke(self, label: Word, caps: &[CPtr]) -> Result<()> {
        let slot = self.words();
        invoke(self.root().cptr(), label, caps, &[slot.index, slot.depth])?;
        Ok(())
    }

    fn invoke_from(self, label: Word, src: &AbsoluteCPtr, more: &[Word]) -> Result<()> {
        let (to, from) = (self.words(), src.words());
        let mut args = [to.index, to.depth, from.index, from.depth, 0, 0];
        args[4..4 + more.len()].copy_from_slice(more);
        let args = &args[..4 + more.len()];
        invoke(self.root().cptr(), label, &[src.root().cptr()], args)?;
        Ok(())
    }
}
