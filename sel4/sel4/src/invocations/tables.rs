// SPDX-License-Identifier: BSD-2-Clause
//! Page tables.

use crate::{CPtr, Result, VmAttributes, Word, cap, invoke, sys::invocation_label as label};

pub(super) fn map(
    table: CPtr,
    label: Word,
    root: CPtr,
    addr: usize,
    attr: VmAttributes,
) -> Result<()> {
    invoke(table, label, &[root], &[addr as Word, attr.into_inner()])?;
    Ok(())
}

impl cap::PDPT {
    /// Maps the table for the 512 GiB around `vaddr`.
    pub fn pdpt_map(self, vspace: cap::VSpace, vaddr: usize, attr: VmAttributes) -> Result<()> {
        map(self.cptr(), label::X86PDPTMap, vspace.cptr(), vaddr, attr)
    }

    /// Removes the table.
    pub fn pdpt_unmap(self) -> Result<()> {
        invoke(self.cptr(), label::X86PDPTUnmap, &[], &[]).map(drop)
    }
}

impl cap::PageDirectory {
    /// Maps the table for the 1 GiB around `vaddr`.
    pub fn page_directory_map(
        self,
        vspace: cap::VSpace,
        vaddr: usize,
        attr: VmAttributes,
    ) -> Result<()> {
        map(
            self.cptr(),
            label::X86PageDirectoryMap,
            vspace.cptr(),
            vaddr,
            attr,
        )
    }

    /// Removes the table.
    pub fn page_directory_unmap(self) -> Result<()> {
        invoke(self.cptr(), label::X86PageDirectoryUnmap, &[], &[]).map(drop)
    }
}

impl cap::PageTable {
    /// Maps the table for the 2 MiB around `vaddr`.
    pub fn page_table_map(
        self,
        vspace: cap::VSpace,
        vaddr: usize,
        attr: VmAttributes,
    ) -> Result<()> {
        map(
            self.cptr(),
            label::X86PageTableMap,
            vspace.cptr(),
            vaddr,
            attr,
        )
    }

    /// Removes the table.
    pub fn page_table_unmap(self) -> Result<()> {
        invoke(self.cptr(), label::X86PageTableUnmap, &[], &[]).map(drop)
    }
}
