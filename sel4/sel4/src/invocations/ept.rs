// SPDX-License-Identifier: BSD-2-Clause
//! Extended page tables: guest-physical to physical.

use super::tables::map;
use crate::{Result, VmAttributes, cap, sys::invocation_label as label};

impl cap::EPTPDPT {
    /// Maps the table for the 512 GiB around guest-physical `vaddr`.
    pub fn eptpdpt_map(
        self,
        eptpml4: cap::EPTPML4,
        vaddr: usize,
        attr: VmAttributes,
    ) -> Result<()> {
        map(
            self.cptr(),
            label::X86EPTPDPTMap,
            eptpml4.cptr(),
            vaddr,
            attr,
        )
    }
}

impl cap::EPTPageDirectory {
    /// Maps the table for the 1 GiB around guest-physical `vaddr`.
    pub fn ept_page_directory_map(
        self,
        eptpml4: cap::EPTPML4,
        vaddr: usize,
        attr: VmAttributes,
    ) -> Result<()> {
        map(self.cptr(), label::X86EPTPDMap, eptpml4.cptr(), vaddr, attr)
    }
}

impl cap::EPTPageTable {
    /// Maps the table for the 2 MiB around guest-physical `vaddr`.
    pub fn ept_page_table_map(
        self,
        eptpml4: cap::EPTPML4,
        vaddr: usize,
        attr: VmAttributes,
    ) -> Result<()> {
        map(self.cptr(), label::X86EPTPTMap, eptpml4.cptr(), vaddr, attr)
    }
}
