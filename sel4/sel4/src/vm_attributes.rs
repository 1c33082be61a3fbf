// SPDX-License-Identifier: BSD-2-Clause
//! Memory types of mappings.

use crate::Word;

/// How the CPU caches a mapping (`seL4_X86_VMAttributes`, `seL4_X86_EPT_VMAttributes`).
#[derive(Debug, Copy, Clone, PartialEq, Eq)]
pub struct VmAttributes(Word);

impl VmAttributes {
    /// No bit set: write-back.
    pub const NONE: Self = Self(0);
    /// Write-back.
    pub const DEFAULT: Self = Self(0);
    /// Write-through.
    pub const WRITE_THROUGH: Self = Self(1);
    /// Not cached, unless the machine's MTRRs say write-combining.
    pub const CACHE_DISABLED: Self = Self(2);
    /// Not cached, whatever the MTRRs say.
    pub const UNCACHEABLE: Self = Self(3);
    /// Writes are combined.
    pub const WRITE_COMBINING: Self = Self(4);
    /// Extended page tables: write-back.
    pub const EPT_DEFAULT: Self = Self(6);
    /// Extended page tables: not cached.
    pub const EPT_CACHE_DISABLED: Self = Self(0);

    /// The attributes with the kernel's word.
    pub const fn from_inner(word: Word) -> Self {
        Self(word)
    }

    /// The kernel's word.
    pub const fn into_inner(self) -> Word {
        self.0
    }
}

impl Default for VmAttributes {
    fn default() -> Self {
        Self::DEFAULT
    }
}
