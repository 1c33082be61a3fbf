// SPDX-License-Identifier: BSD-2-Clause
//! Frames.

use crate::{
    Cap, CapRights, CapTypeForFrameObject, Result, VmAttributes, Word, cap, invoke,
    sys::invocation_label as label,
};

impl<T: CapTypeForFrameObject> Cap<T> {
    /// Maps the frame. One capability maps once: copy it for a second mapping.
    ///
    /// # Errors
    ///
    /// `FailedLookup` (a level of page table is missing), `DeleteFirst` (the address is mapped),
    /// `AlignmentError`, `InvalidCapability` (already mapped elsewhere).
    pub fn frame_map(
        self,
        vspace: cap::VSpace,
        vaddr: usize,
        rights: CapRights,
        attrs: VmAttributes,
    ) -> Result<()> {
        let args = [vaddr as Word, rights.into_inner(), attrs.into_inner()];
        invoke(self.cptr(), label::X86PageMap, &[vspace.cptr()], &args)?;
        Ok(())
    }

    /// Maps the frame at a guest-physical address.
    pub fn ept_frame_map(
        self,
        eptpml4: cap::EPTPML4,
        vaddr: usize,
        rights: CapRights,
        attrs: VmAttributes,
    ) -> Result<()> {
        let args = [vaddr as Word, rights.into_inner(), attrs.into_inner()];
        invoke(self.cptr(), label::X86PageMapEPT, &[eptpml4.cptr()], &args)?;
        Ok(())
    }

    /// Removes this capability's mapping.
    pub fn frame_unmap(self) -> Result<()> {
        invoke(self.cptr(), label::X86PageUnmap, &[], &[])?;
        Ok(())
    }

    /// Physical address of the frame.
    pub fn frame_get_address(self) -> Result<usize> {
        let [paddr, ..] = invoke(self.cptr(), label::X86PageGetAddress, &[], &[])?;
        Ok(paddr as usize)
    }
}
