// SPDX-License-Identifier: BSD-2-Clause
//! Making objects.

use crate::{
    AbsoluteCPtr, ObjectBlueprint, Result, Word, cap, invoke, sys::invocation_label as label,
};

impl cap::Untyped {
    /// Makes `num_objects` objects in the slots from `dst_offset` of the CNode `dst`.
    ///
    /// # Errors
    ///
    /// `NotEnoughMemory`, `RangeError` (too many at once: see the kernel's fan-out limit),
    /// `DeleteFirst` (a slot is in use), `InvalidArgument` (not makeable of device memory).
    pub fn untyped_retype(
        self,
        blueprint: &ObjectBlueprint,
        dst: &AbsoluteCPtr,
        dst_offset: usize,
        num_objects: usize,
    ) -> Result<()> {
        let slot = dst.words();
        let args = [
            blueprint.object_type(),
            blueprint.api_size_bits().unwrap_or(0) as Word,
            slot.index,
            slot.depth,
            dst_offset as Word,
            num_objects as Word,
        ];
        invoke(
            self.cptr(),
            label::UntypedRetype,
            &[dst.root().cptr()],
            &args,
        )?;
        Ok(())
    }
}
