// SPDX-License-Identifier: BSD-2-Clause
//! Address space identifiers.

use crate::{AbsoluteCPtr, Result, cap, invoke, sys::invocation_label as label};

impl cap::AsidControl {
    /// Makes a pool for 512 address spaces in `dst` of an untyped as
    /// [`asid_pool`](crate::ObjectBlueprint::asid_pool) describes.
    pub fn asid_control_make_pool(self, untyped: cap::Untyped, dst: &AbsoluteCPtr) -> Result<()> {
        let slot = dst.words();
        let caps = [untyped.cptr(), dst.root().cptr()];
        invoke(
            self.cptr(),
            label::X86ASIDControlMakePool,
            &caps,
            &[slot.index, slot.depth],
        )?;
        Ok(())
    }
}

impl cap::AsidPool {
    /// Gives an address space its identifier; nothing can be mapped in it before. Extended page
    /// tables need one too: pass them by `cast`.
    pub fn asid_pool_assign(self, vspace: cap::VSpace) -> Result<()> {
        invoke(self.cptr(), label::X86ASIDPoolAssign, &[vspace.cptr()], &[])?;
        Ok(())
    }
}
